"""A service account key in a file and in Secret Manager, replaced through the real command line and proved by real tokens."""

import json
from datetime import timedelta

import pytest

from keyward.emulator.accountkeys.state import AccountKeys
from tests.cli.conftest import changes_in, files_of, ledger_rows
from tests.parts.accounts import key_ref, keys_of, make_account, plant_key
from tests.parts.scene import PROJECT, Scene, encoded

NOW = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")
UPLOAD = {"iam.disableServiceAccountKeyUpload": {"rules": [{"enforce": True}]}}
CREATION = {"iam.managed.disableServiceAccountKeyCreation": {"rules": [{"enforce": True}]}}


class Robot:
    """An account with one key that is in use, in a file beside an env file and in a secret."""

    def __init__(self, scene, *, secret=True):
        self.scene, self.world = scene, scene.world
        self.account = make_account(scene.world, "robot")
        self.key, self.text = plant_key(scene.world, self.account)
        self.id = key_ref(self.key)
        self.pretty = json.dumps({**json.loads(self.text), "quota_project_id": "billing"}, indent=4) + "\n"
        self.file = scene.env("creds/robot.json", self.pretty)
        scene.env(".env", "# where the key is\nGOOGLE_APPLICATION_CREDENTIALS=creds/robot.json\n")
        self.secret = secret
        if secret:
            scene.secret("robot", json.dumps(json.loads(self.text)))
        done = scene.keyward("scan", scene.work, "--values", "all")
        assert done.status == 0, done.err

    def rotate(self, *more):
        return self.scene.keyward("rotate", self.id, *NOW, *more)

    @property
    def keys(self):
        return keys_of(self.world, self.account)

    @property
    def successor(self):
        (new,) = [key for key in self.keys if key.key_id != self.key.key_id]
        return new

    def texts(self):
        found = [self.file.read_text()]
        return [*found, self.scene.current("robot").decode()] if self.secret else found

    def holds(self, key):
        """Whether every place holds that key, in the layout that it had before."""
        data = json.loads(self.file.read_text())
        assert data["quota_project_id"] == "billing", "what somebody added to the file stays"
        assert self.file.read_text() == json.dumps(data, indent=4) + "\n"
        if self.secret:
            current = self.scene.current("robot").decode()
            assert current == json.dumps(json.loads(current))
        return {json.loads(text)["private_key_id"] for text in self.texts()} == {key.key_id}

    def finish(self):
        """Time goes by, and cron comes along."""
        while True:
            self.world.clock.advance(600)
            done = self.scene.keyward("resume")
            assert done.status == 0, done.out + done.err
            if "othing to resume" in done.out + done.err:
                break
        return self.scene.keyward("history", "-o", "json").json["rotations"]

    def staged(self):
        return [
            secret
            for secret in self.world.dump()["slots"]["secretmanager"]["secrets"]
            if "keyward-pending" in json.dumps(secret)
        ]


@pytest.fixture
def robot(scene):
    return Robot(scene)


def token(text):
    """A token by Google's own library, from the file as it lies there."""
    from google.auth.transport.requests import Request
    from google.oauth2 import service_account

    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    credentials = service_account.Credentials.from_service_account_info(json.loads(text), scopes=scopes)
    request = Request()
    try:
        credentials.refresh(request)
    finally:
        request.session.close()
    return credentials.token


def test_uploaded_proved_disabled_soaked_deleted(robot):
    scene = robot.scene
    for _ in range(8):
        plant_key(robot.world, robot.account, usable=False)
    most = []
    begun = robot.rotate("--wait=cut-over")
    most.append(len(robot.keys))
    assert begun.status == 0, begun.err
    (new,) = [key for key in robot.keys if key.origin == "USER_PROVIDED"]
    assert robot.holds(new)
    assert all(token(text) for text in robot.texts())
    assert robot.key.disabled, "the old key is off, and can be switched on again"
    with pytest.raises(Exception, match="Invalid JWT Signature"):
        token(robot.text)
    assert "disabled" in begun.out

    waiting = scene.keyward("resume")
    assert waiting.status == 0
    assert robot.key.deleted is None, "it is soaked for three days"
    robot.world.clock.advance(timedelta(hours=73).total_seconds())
    deleted = scene.keyward("resume")
    assert deleted.status == 0, deleted.err
    assert robot.key.deleted is not None
    assert "undo       none: the old key is deleted for good" in deleted.out
    (one,) = robot.finish()
    assert one["state"] == "done"
    assert one["confirmed"].startswith("dead")
    assert robot.holds(new)
    assert max(most) == 10
    assert sum("keys:upload" in entry["path"] for entry in scene.log()) == 1
    assert "keyward-pending" not in json.dumps([name for name in robot.staged() if name.get("versions")])
    versions = scene.versions("robot")
    assert [state for state, _ in versions] == ["DISABLED", "ENABLED"]
    _nothing_slipped_out(robot, begun, deleted)


def _nothing_slipped_out(robot, *results):
    kept = b"".join(file.read_bytes() for file in (robot.scene.home / "state").rglob("*") if file.is_file())
    told = "".join(one.out + one.err for one in results) + robot.scene.keyward("history", "-o", "json").out
    told += json.dumps(robot.scene.log())
    for text in (robot.text, *robot.texts()):
        lines = json.loads(text)["private_key"].splitlines()[1:-1]
        for line in lines[3:6]:
            for form in encoded(line):
                assert form not in told
                assert form.encode() not in kept


def test_a_plan_says_what_would_be_done_and_does_nothing(robot):
    scene = robot.scene
    before, rows, seen = files_of(scene.work), ledger_rows(scene), len(scene.log())
    done = scene.keyward("rotate", robot.id, "--accept-targets", "--dry-run")
    assert done.status == 0, done.err
    for said in (
        "gsm:acme-prod/keyward-pending-...",
        "the private half stays here",
        "1 of 10 keys",
        "tokens that were issued with the old key work up to an hour",
        "disable the old key for 3d",
        "unused for 1d",
        "gone for good",
    ):
        assert said in done.out, said
    assert changes_in(scene.log()[seen:]) == []
    assert (files_of(scene.work), ledger_rows(scene)) == (before, rows)


def test_where_uploads_are_forbidden_google_makes_the_key(robot):
    robot.world.known(PROJECT).policies |= UPLOAD
    plan = robot.scene.keyward("rotate", robot.id, "--accept-targets", "--dry-run")
    assert "so Google makes the key and shows it once" in plan.out
    done = robot.rotate("--wait=cut-over")
    assert done.status == 0, done.err
    assert robot.successor.origin == "GOOGLE_PROVIDED"
    assert robot.holds(robot.successor)
    assert all(token(text) for text in robot.texts())
    _nothing_slipped_out(robot, done)


@pytest.mark.parametrize("full", [False, True])
def test_what_is_in_the_way_is_said_before_anything_happens(robot, full):
    scene = robot.scene
    if full:
        for _ in range(9):
            plant_key(robot.world, robot.account, usable=False)
    else:
        robot.world.known(PROJECT).policies |= {**UPLOAD, **CREATION}
    seen, before = len(scene.log()), files_of(scene.work)
    done = robot.rotate()
    assert done.status == 6
    if full:
        assert "10 of 10 keys" in done.err
        assert "Delete a key of this account that nobody uses" in done.err
    else:
        assert "iam.disableServiceAccountKeyUpload is enforced" in done.err
        assert "iam.managed.disableServiceAccountKeyCreation is enforced" in done.err
    assert changes_in(scene.log()[seen:]) == []
    assert files_of(scene.work) == before


def test_a_key_that_is_torn_into_several_values_blocks_the_plan(robot):
    """As many programs want it: id, address and private key in variables of their own."""
    data = json.loads(robot.text)
    lines = json.dumps(data["private_key"])
    text = f"KEY_ID=1\nPRIVATE_KEY_ID={data['private_key_id']}\nPRIVATE_KEY={lines}\nMAIL={data['client_email']}\n"
    file = robot.scene.env("torn.env", text)
    assert robot.scene.keyward("scan", robot.scene.work, "--values", "all").status == 0
    done = robot.rotate()
    assert done.status == 6
    assert f"env:{file}#PRIVATE_KEY_ID names this key by its id" in done.err
    assert f"--waive env:{file}#PRIVATE_KEY_ID" in done.err
    assert len(robot.keys) == 1
    assert file.read_text() == text
    assert robot.rotate("--waive", f"env:{file}#PRIVATE_KEY_ID", "--wait=cut-over").status == 0


def test_undo_while_both_keys_work(robot):
    done = robot.scene.keyward("rotate", robot.id, "--accept-targets", "--yes")
    assert done.status == 0, done.err
    assert robot.holds(robot.successor)
    _undone(robot)


def test_undo_while_the_old_key_is_off(robot):
    assert robot.rotate("--wait=cut-over").status == 0
    assert robot.key.disabled
    _undone(robot)
    assert not robot.key.disabled


def _undone(robot):
    (one,) = robot.scene.keyward("history", "-o", "json").json["rotations"]
    done = robot.scene.keyward("undo", one["id"], "--yes", "--reason", "trial")
    assert done.status == 0, done.out + done.err
    robot.world.clock.advance(600)
    done = robot.scene.keyward("resume")
    assert done.status == 0, done.out + done.err
    assert robot.keys == [robot.key]
    assert robot.holds(robot.key)
    assert robot.file.read_text() == robot.pretty
    assert all(token(text) for text in robot.texts())
    (one,) = robot.scene.keyward("history", "-o", "json").json["rotations"]
    assert one["state"] == "aborted"
    assert robot.scene.keyward("list", "-o", "ids").out.split() == [robot.id]  # the successor is in no list any more


def test_a_key_that_somebody_enabled_again_is_not_deleted(robot):
    """In the soak nothing else tells that a program went down without it."""
    assert robot.rotate("--wait=cut-over").status == 0
    robot.world.state(AccountKeys).switch(robot.key, "")
    robot.world.clock.advance(timedelta(hours=73).total_seconds())
    done = robot.scene.keyward("resume")
    assert done.status == 6
    assert "was enabled again during its soak" in done.out
    assert robot.key.deleted is None
    robot.world.state(AccountKeys).switch(robot.key, "USER_INITIATED")
    assert robot.scene.keyward("resume").status == 0
    assert robot.key.deleted is not None


def test_after_the_deletion_there_is_no_way_back_and_that_is_said(robot):
    assert robot.rotate("--wait=cut-over").status == 0
    robot.world.clock.advance(timedelta(hours=73).total_seconds())
    (one,) = robot.finish()
    seen, new = len(robot.scene.log()), robot.successor
    done = robot.scene.keyward("undo", one["id"], "--yes", "--reason", "trial")
    assert done.status == 6
    assert "deleted for good" in done.err
    assert "Its successor stays in use" in done.err
    assert changes_in(robot.scene.log()[seen:]) == []
    assert robot.holds(new)


def test_a_key_that_google_found_in_public_says_so(robot):
    robot.world.state(AccountKeys).expose(robot.key, "EXPOSED", "https://example.com/repository")
    assert robot.scene.keyward("scan", robot.scene.work).status == 0
    shown = robot.scene.keyward("show", robot.id)
    assert "blocked-by-provider: Google found it in public and disabled it" in shown.out
    done = robot.rotate("--dry-run")
    assert "Google found it in public" in done.out + done.err


@pytest.mark.parametrize("how", ["exposed", "expired"])
def test_a_key_that_google_or_time_has_ended_is_replaced_and_that_there_is_no_undo_is_said(robot, how):
    scene = robot.scene
    if how == "exposed":
        robot.world.state(AccountKeys).expose(robot.key, "EXPOSED", "https://example.com/repository")
    else:
        robot.key.valid_before = robot.world.clock.now() - timedelta(hours=1)
    plan = robot.rotate("--dry-run")
    assert plan.status == 0, plan.out + plan.err
    assert "nothing makes it work again, so there is no undo" in plan.out
    done = robot.rotate("--wait=cut-over")
    assert done.status == 0, done.err
    new = robot.successor
    assert robot.holds(new)
    assert all(token(text) for text in robot.texts())
    (one,) = scene.keyward("history", "-o", "json").json["rotations"]
    undone = scene.keyward("undo", one["id"], "--yes", "--reason", "trial")
    assert undone.status == 6
    assert ("has expired" if how == "expired" else "is off and its provider cannot restore it") in undone.err
    robot.world.clock.advance(timedelta(hours=73).total_seconds())
    (one,) = robot.finish()
    assert one["state"] == "done"
    assert robot.keys == [new]


def test_with_no_secret_in_the_cloud_the_keyring_keeps_what_is_pending(tmp_path, own_secret_service):
    with Scene(tmp_path / "scene", own_secret_service) as scene:
        scene.settings()
        robot = Robot(scene, secret=False)
        plan = scene.keyward("rotate", robot.id, "--accept-targets", "--dry-run")
        assert "keyring:keyward/keyward-pending-..." in plan.out
        assert robot.rotate("--wait=cut-over").status == 0
        assert robot.holds(robot.successor)
        assert all(token(text) for text in robot.texts())
        assert not changes_in([entry for entry in scene.log() if "ecretmanager" in str(entry)])
        robot.world.clock.advance(timedelta(hours=73).total_seconds())
        (one,) = robot.finish()
        assert one["state"] == "done"
        # Nothing pending is left in the keyring.
        listed = scene.keyward("scan", scene.work)
        assert listed.status == 0
        assert "keyward-pending" not in scene.keyward("list", "-o", "json").out


def test_a_list_that_is_behind_never_makes_a_second_key(tmp_path):
    with Scene(tmp_path / "scene", rate=60, behaviour={"account_key_list_lag_seconds": 20.0}) as scene:
        scene.settings()
        robot = Robot(scene)
        from keyward.emulator.faults import Fault

        robot.world.faults.add(Fault(rpc="keys.upload$", after=True))
        done = robot.rotate("--wait=cut-over")
        assert done.status == 0, done.err
        assert sum("keys:upload" in entry["path"] for entry in scene.log()) == 1
        assert robot.holds(robot.successor)


def test_a_key_is_found_and_recognised_in_every_way(robot):
    scene = robot.scene
    one_line = json.dumps(json.loads(robot.text), separators=(",", ":"))
    shown = scene.keyward("show", robot.id, "-o", "json").json["key"]
    assert {place["store"] for place in shown["placements"]} == {"env", "gsm"}
    assert shown["bound_identity"] == robot.account.email
    for text in (robot.text, one_line):
        found = scene.keyward("identify", stdin=text)
        assert found.status == 0, found.err
        assert robot.id in found.out
    assert scene.keyward("verify", robot.id).out.count("works")
    listed = scene.keyward("list", "kind:sa-key", "-o", "json").json["keys"]
    assert [key["id"] for key in listed] == [robot.id]
