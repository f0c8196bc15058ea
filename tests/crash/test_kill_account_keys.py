"""SIGKILL at the effects that are particular to service account keys: made by upload and by create, staged, disabled, deleted.

The world is small: one account with one key, in a file and in a secret. This process is the judge at every point.
"""

import json
import re

import pytest

from keyward.emulator.accountkeys.state import AccountKeys
from keyward.emulator.iam import ServiceAccounts
from tests.crash.stage import ROTATE, PutBack, finish
from tests.parts.accounts import key_ref, make_account, plant_key

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]

DEADLY = re.compile(
    r"after (?:POST [^ ]*/keys(?:\S*:(upload|disable))?$|gRPC (AddSecretVersion)|DELETE /v1)|before POST [^ ]*/keys(:upload)?$"
)
"""At the first of each of these the program is killed."""

FORBIDDEN = {"iam.disableServiceAccountKeyUpload": {"rules": [{"enforce": True}]}}
LATER = 80 * 3600


class Stage(PutBack):
    """The world before a rotation."""

    def __init__(self, folder, policies):
        self._policies = policies
        super().__init__(folder)

    def set_up(self, scene):
        account = make_account(scene.world, "robot")
        scene.world.known(account.project_id).policies |= self._policies
        key, text = plant_key(scene.world, account)
        self.others = {plant_key(scene.world, account, usable=False)[0].key_id for _ in range(8)}
        self.old, self.id, self.email = key.key_id, key_ref(key), account.email
        scene.env("robot.json", text)
        scene.secret("robot", text)

    def live(self, scene):
        keys = scene.world.state(AccountKeys).of(scene.world.state(ServiceAccounts).by_email(self.email).email)
        return [key for key in keys if key.deleted is None]

    def held(self, scene):
        texts = ((scene.work / "robot.json").read_text(), scene.current("robot").decode())
        return {json.loads(text)["private_key_id"] for text in texts}

    def judge(self, scene):
        def look(point):
            keys = self.live(scene)
            assert len(keys) <= 10, f"{len(keys)} keys at {point!r}"
            good = {key.key_id for key in keys if not key.disabled}
            assert self.held(scene) <= good, f"at {point!r} a place holds a key that is off"
            self._read_log(scene, point)

        return look

    def _read_log(self, scene, point):
        """In what the cloud was asked: no create after a create without a look at what came of it, and no key of others was touched."""
        blind = False
        for entry in scene.world.log.since():
            _, _, what = entry["rpc"].rpartition(".keys.")
            done = entry["status"] == "OK"
            if what in ("create", "upload") and done:
                assert not blind, f"at {point!r} a second create went out blindly"
                blind = True
            elif what == "list" and done:
                blind = False
            elif what in ("disable", "enable", "delete"):
                assert not any(key in entry["path"] for key in self.others), f"at {point!r} a key of others was touched"

    def finish(self, scene, zygote):
        finish(scene, zygote, self.judge(scene), LATER)

    def check_end(self, scene):
        keys = self.live(scene)
        assert len(keys) == 9, "an orphan, or a key too few"
        assert self.old not in {key.key_id for key in keys}
        (held,) = self.held(scene)
        assert held in {key.key_id for key in keys if not key.disabled}
        assert [file.name for file in scene.work.iterdir()] == ["robot.json"]
        assert "keyward-pending-" not in json.dumps(scene.world.dump()["slots"]["secretmanager"]), (
            "something stays staged"
        )


@pytest.mark.parametrize("policies", [{}, FORBIDDEN], ids=["upload", "create"])
def test_killed_at_what_is_particular_to_them(zygote, tmp_path, policies):
    stage = Stage(tmp_path, policies)
    with stage.scene() as scene:
        whole = zygote.run(["rotate", stage.id, *ROTATE], scene.environ(), judge=stage.judge(scene))
        assert whole.status == 0, whole.err
        stage.finish(scene, zygote)
        stage.check_end(scene)
    assert any("keys:upload" in point for point in whole.points) == (not policies)
    deadly = {}
    for number, point in enumerate(whole.points, 1):
        if found := DEADLY.search(point):
            deadly.setdefault(found[0], number)
    assert len(deadly) >= 4, whole.points
    for number in deadly.values():
        with stage.scene() as scene:
            run = zygote.run(["rotate", stage.id, *ROTATE], scene.environ(), kill_at=number, judge=stage.judge(scene))
            assert run.killed, run.err
            try:
                stage.finish(scene, zygote)
                stage.check_end(scene)
            except AssertionError as error:
                raise AssertionError(f"killed at {run.points[-1]}: {error}") from error
