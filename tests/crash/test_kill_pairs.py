"""SIGKILL in the rotation of a key that is an id and a secret: at no point does a place show the one without the other.

The world is small: one account with one HMAC key, in an env file and in a JSON secret. This process is the judge at every point.
"""

import json
import re

import pytest

from keyward.emulator.faults import Fault
from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.storage.state import HmacKeys
from tests.crash.stage import ROTATE, PutBack, finish, nothing
from tests.crash.test_faults import FAULTS
from tests.parts.accounts import make_account
from tests.parts.hmac_keys import pair_ref, pairs_of, plant_pair

pytestmark = [pytest.mark.crash, pytest.mark.timeout(1500)]

DEADLY = re.compile(
    r"(?:before|after) POST [^ ]*/hmacKeys$|after (?:PUT|DELETE) [^ ]*/hmacKeys/|after gRPC AddSecretVersion"
    r"|(?:before|after) renaming the temporary file"
)
"""At the first and the last of each of these the program is killed in every run of the tests; at all points with `-m slow`."""

SHARDS = 4
LATER = 80 * 3600
ENV = re.compile(r"# keep me\nGCS_ACCESS_ID=(\w+)\nOTHER=1\nGCS_SECRET='([^'\n]+)'\n")


class Stage(PutBack):
    """The world before a rotation."""

    def set_up(self, scene):
        account = make_account(scene.world, "backup")
        key = plant_pair(scene.world, account)
        self.old, self.id, self.email = key.access_id, pair_ref(key), account.email
        scene.env(".env", f"# keep me\nGCS_ACCESS_ID={key.access_id}\nOTHER=1\nGCS_SECRET='{key.secret}'\n")
        scene.secret("storage", self.secret_of(key.access_id, key.secret))

    @staticmethod
    def secret_of(access_id, secret):
        return json.dumps({"s3": {"access_id": access_id, "secret": secret}, "retries": 3}, indent=1) + "\n"

    def live(self, scene):
        """{id: secret} of the keys that work."""
        account = scene.world.state(ServiceAccounts).by_email(self.email)
        return {key.access_id: key.secret for key in pairs_of(scene.world, account) if key.state == "ACTIVE"}

    def held(self, scene):
        """The (id, secret) that the readers of each place get now."""
        env = ENV.fullmatch((scene.work / ".env").read_text())
        assert env, "the env file is damaged"
        payload = scene.current("storage").decode()
        found = json.loads(payload)["s3"]
        assert payload == self.secret_of(**found), "the secret is damaged"
        return {env.groups(), (found["access_id"], found["secret"])}

    def judge(self, scene):
        def look(point):
            live = self.live(scene)
            for access_id, secret in self.held(scene):
                assert live.get(access_id) == secret, (
                    f"at {point!r} a place holds halves of two keys, or a key that is off"
                )

        return look

    def finish(self, scene, zygote):
        finish(scene, zygote, self.judge(scene), LATER)

    def check_end(self, scene):
        live = self.live(scene)
        assert len(live) == 1, "an orphan, or a key too few"
        assert self.old not in set(live)
        assert self.held(scene) == set(live.items())
        made = [key for key in scene.world.state(HmacKeys).of("acme-prod") if key.state != "DELETED"]
        assert len(made) == 1, "a key that is off was left"
        assert [file.name for file in scene.work.iterdir()] == [".env"]
        assert "keyward-pending-" not in json.dumps(scene.world.dump()["slots"]["secretmanager"]), (
            "something stays staged"
        )

    def killed(self, zygote, number):
        """Kill it at that point and finish; whether there was such a point."""
        with self.scene() as scene:
            judge = self.judge(scene)
            run = zygote.run(["rotate", self.id, *ROTATE], scene.environ(), kill_at=number, judge=judge)
            where = run.points[-1] if run.points else "the start"
            try:
                if run.killed and nothing(zygote.run(["resume"], scene.environ(), judge=judge)):
                    again = zygote.run(["rotate", self.id, *ROTATE], scene.environ(), judge=judge)
                    assert again.status == 0, again.err
                self.finish(scene, zygote)
                self.check_end(scene)
            except AssertionError as error:
                raise AssertionError(f"killed at {where}: {error}") from error
            return run.killed


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    return Stage(tmp_path_factory.mktemp("pairs"))


def test_killed_at_what_is_particular_to_them(zygote, stage):
    with stage.scene() as scene:
        whole = zygote.run(["rotate", stage.id, *ROTATE], scene.environ(), judge=stage.judge(scene))
        assert whole.status == 0, whole.err
        stage.finish(scene, zygote)
        stage.check_end(scene)
    first, last = {}, {}
    for number, point in enumerate(whole.points, 1):
        if found := DEADLY.search(point):
            first.setdefault(found[0], number)
            last[found[0]] = number
    assert len(first) >= 6, whole.points
    for number in sorted({*first.values(), *last.values()}):
        assert stage.killed(zygote, number)


@pytest.mark.parametrize(
    ("rpc", "fault"), [("create", "dropped after"), ("update", "dropped after"), ("delete", "unavailable")]
)
def test_a_change_goes_wrong(zygote, stage, rpc, fault):
    with stage.scene() as scene:
        scene.world.faults.add(Fault(rpc=rf"^storage.projects.hmacKeys.{rpc}$", **FAULTS[fault]))
        run = zygote.run(["rotate", stage.id, *ROTATE], scene.environ(), judge=stage.judge(scene))
        assert run.status == 0, run.out + run.err
        stage.finish(scene, zygote)
        stage.check_end(scene)


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_killed_at_any_point_it_is_finished_by_resume(zygote, stage, shard):
    number = shard + 1
    while stage.killed(zygote, number):
        number += SHARDS
    assert number > 4 * SHARDS, "no point was reached in this shard"
