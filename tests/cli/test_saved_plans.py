"""A plan in a file: applied as it stands, or refused with the difference. Nothing is believed that its seal does not cover."""

import json
import os
import stat
from datetime import timedelta

import pytest

from tests.cli.conftest import changes_in, files_of
from tests.cli.test_documents import check
from tests.parts.scene import GEMINI, PROJECT, Scene

ASKED = ("--accept-targets", "--grace", "0s", "--retire", "now", "--reason", "trial")


class Saved:
    """One key in an env file and a secret, and a plan for it in a file."""

    def __init__(self, scene):
        self.scene = scene
        self.key = scene.key()
        self.env = scene.env(".env", f"A={self.key.key_string}\n")
        self.secret = scene.secret("app", self.key.key_string)
        assert scene.keyward("scan", scene.work, "--values", "all").status == 0
        self.file = scene.home / "plan.json"
        self.id = scene.key_id(self.key)
        done = self.plan()
        assert done.status == 0, done.err

    def plan(self, *more):
        return self.scene.keyward("rotate", self.id, *ASKED, "--out", self.file, *more)

    def apply(self, *more, **environ):
        """Apply it; whatever comes of it, what was refused changed nothing."""
        before, live, seen = files_of(self.scene.work), self.scene.live(), len(self.scene.log())
        done = self.scene.keyward("apply", self.file, "--yes", *more, **environ)
        assert "Traceback" not in done.err
        if done.status != 0:
            assert files_of(self.scene.work) == before
            assert self.scene.live() == live
            assert changes_in(self.scene.log()[seen:]) == []
        return done


@pytest.fixture
def saved(tmp_path):
    with Scene(tmp_path / "scene", rate=1000) as scene:
        scene.settings()
        yield Saved(scene)


@pytest.fixture
def still(tmp_path):
    """The same in a world whose clock stands still but for real time."""
    with Scene(tmp_path / "scene") as scene:
        scene.settings()
        yield Saved(scene)


def test_a_saved_plan_is_private_sealed_and_without_values(still):
    document = json.loads(still.file.read_text())
    check(document)
    assert stat.S_IMODE(still.file.stat().st_mode) == 0o600
    assert document["ready"] is True
    assert document["keys"][0]["old"]["etag"]
    assert {target["before"] for target in document["keys"][0]["targets"]} > {"1"}
    assert document["policy"]["settings_hash"]
    assert still.key.key_string not in still.file.read_text()
    assert "fingerprint" not in still.file.read_text()
    assert changes_in(still.scene.log()) == []


def test_it_is_applied_when_nothing_but_ages_changed(saved):
    saved.scene.world.clock.advance(3600)
    done = saved.apply("--wait", "-o", "json")
    assert done.status == 0, done.err
    (one,) = done.json["rotations"]
    assert one["state"] == "done"
    (new,) = saved.scene.live()
    assert saved.env.read_text() == f"A={new}\n"
    again = saved.apply()
    assert again.status == 7, again.err
    assert "state: active -> deleted-restorable" in again.err


def _edited(saved):
    saved.env.write_text(f"# a note\nA={saved.key.key_string}\n")
    return "places[env:"


def _more_versions(saved):
    from keyward.emulator.secretmanager.book import Book
    from keyward.emulator.secretmanager.planting import plant_version

    world = saved.scene.world
    plant_version(world.state(Book), saved.secret, saved.key.key_string.encode(), world.clock.now())
    return "before: 1 -> 2"


def _new_place(saved):
    saved.scene.env("other/.env", f"B={saved.key.key_string}\n")
    return "other/.env#B on "


def _gone_place(saved):
    saved.env.unlink()
    return "#A on "


def _restricted(saved):
    saved.key.restrictions = {**GEMINI, "serverKeyRestrictions": {"allowedIps": ["192.0.2.1"]}}
    return "want.restrictions.client: absent -> ip"


def _denied(saved):
    saved.scene.world.known(PROJECT).denied.add("apikeys.keys.delete")
    return "readiness[apikeys.keys.delete]: yes -> no"


def _other_settings(saved):
    saved.scene.settings('[rotation]\nretire_by = "10d"\n')
    return "policy.settings_hash: "


def _other_etag(saved):
    saved.key.etag = saved.scene.world.ids.weak_etag()
    return ".old.etag: W/"


def test_what_changed_meanwhile_is_named_and_nothing_is_done(still):
    """Each change adds its line to the difference."""
    lines = []
    for change in (
        _more_versions,
        _new_place,
        _edited,
        _restricted,
        _denied,
        _other_settings,
        _other_etag,
        _gone_place,
    ):
        lines.append(change(still))
        done = still.apply()
        assert done.status == 7, (change, done.err)
        assert lines[-1] in done.err, change
        assert "nothing was changed" in done.err
    assert all(line in done.err for line in lines if line is not lines[2])


def test_a_rotation_begun_meanwhile_is_told(still):
    done = still.scene.keyward("rotate", still.id, *ASKED, "--yes")
    assert done.status == 0, done.err
    done = still.apply()
    assert done.status == 7, done.err
    assert "under_way: absent -> there" in done.err


def test_another_caller_or_endpoint_is_told(still):
    done = still.apply(LOGNAME="somebody-else", USER="somebody-else", USERNAME="somebody-else")
    assert done.status == 7
    assert "actor: " in done.err
    done = still.apply(HTTPS_PROXY="http://127.0.0.1:9")
    assert done.status == 7
    assert "endpoints: " in done.err


def test_it_is_good_for_a_day_and_not_before_it_was_made(still):
    _backwards(still.scene, -60)
    done = still.apply()
    assert done.status == 7
    assert "is good from" in done.err
    still.scene.world.clock.advance(86_600)
    assert still.apply().status == 7
    _backwards(still.scene, -300)
    assert still.apply().status == 0


def _backwards(scene, seconds):
    scene.world.clock.set_now(scene.world.clock.now() + timedelta(seconds=seconds))


def _with(document, path, value):
    *way, last = path
    at = document
    for name in way:
        at = at[name]
    at[last] = value


TAMPERED = [
    (("policy", "retire"), "never"),
    (("asked", "waive"), ["env:/somewhere/.env#A"]),
    (("keys", 0, "targets", 0, "at"), "env:/etc/passwd"),
    (("command",), ["sh", "-c", "touch /tmp/owned"]),
    (("valid_until",), "2999-01-01T00:00:00Z"),
    (("seal",), "0" * 64),
    (("seal",), None),
    (("seal",), ["a"]),
    (("keys",), "google-api-keys:acme-prod/other"),
]


def test_a_changed_file_is_not_believed(still):
    text = still.file.read_text()
    for path, value in TAMPERED:
        document = json.loads(text)
        _with(document, path, value)
        still.file.write_text(json.dumps(document))
        done = still.apply()
        assert done.status == 7, (path, done.err)
        assert "was changed after it was written, or was made with another ledger" in done.err


def test_a_file_may_be_laid_out_anew(still):
    still.file.write_text(json.dumps(json.loads(still.file.read_text()), separators=(",", ":")))
    assert still.apply().status == 0


def test_a_plan_of_another_ledger_is_not_believed(still):
    state = still.scene.home / "state"
    state.rename(still.scene.home / "old-state")
    assert still.scene.keyward("scan", still.scene.work, "--values", "all").status == 0
    done = still.apply()
    assert done.status == 7
    assert "another ledger" in done.err


NO_PLANS = {
    "empty": b"",
    "binary": b"\x00\xff\xfe",
    "a list": b"[1, 2]",
    "a text": b'"keyward.plan/1"',
    "nothing": b"{}",
    "newer": b'{"schema": "keyward.plan/9"}',
    "deep": b"[" * 200_000,
    "huge": b'{"schema": "keyward.plan/1"' + b" " * (33 * 1024 * 1024) + b"}",
}


def test_what_is_no_plan_is_said_to_be_none(still):
    for name, content in NO_PLANS.items():
        still.file.write_bytes(content)
        done = still.apply()
        assert done.status == 2, (name, done.err)
        assert str(still.file) in done.err


def test_what_is_no_file_is_not_waited_for(still):
    still.file.unlink()
    assert still.apply().status == 2
    os.mkfifo(still.file)
    assert still.apply(timeout=20).status == 2


def test_out_overwrites_plans_and_nothing_else(still):
    still.file.chmod(0o644)
    assert still.plan().status == 0
    assert stat.S_IMODE(still.file.stat().st_mode) == 0o600
    still.file.write_text("my diary\n")
    done = still.plan()
    assert done.status == 2
    assert still.file.read_text() == "my diary\n"
    still.file.unlink()
    done = still.scene.keyward("rotate", still.id, "--out", still.file)
    assert done.status == 6  # no place is accepted, so there is nothing to save
    assert not still.file.exists()


def test_without_a_terminal_and_without_yes_it_is_not_applied(still):
    done = still.scene.keyward("apply", still.file)
    assert done.status == 2
    assert "nothing was changed" in done.err
