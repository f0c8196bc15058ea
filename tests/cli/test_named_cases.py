"""The awkward cases by name, each with what happens.

| case | what happens | where |
|---|---|---|
| same key in two secrets, one pinned | both get the new key; the old one stays until the pin moves | here |
| auth key under an org policy that forbids it | blocked before anything is made | `test_migrations` |
| secret with two due keys | one group, one write; one of them can be undone alone | `test_conflicts` |
| a placement in a denied source | blocked before anything is made, the place is named | `test_conflicts` |
| two hosts with different fingerprint keys | exit 4, nothing changed, no second key | `tests/crash/test_many_processes`, `tests/ledger/test_postgres` |
| env file edited by a person in between | a conflict; their bytes stay, other bytes may change | `test_conflicts` |
| own probes during the gate | they are no use: the key goes on time | here, `tests/rotation/test_quiet` |
| clock jumps | backwards nothing goes early, forwards nothing is skipped | here |
| suspend | leases by boot time | `tests/ledger/test_processes` |
| bind-mounted and hard-linked env files | refused with the reason before anything is made; can be left out | here |
| second rotation of a rotated key | works; undone newest first | `test_undo_everywhere` |
| a plan applied after the world changed | exit 7 with the difference, nothing changed | `test_saved_plans` |
| a planted copy of the value | NEW: never accepted in bulk, nothing written | here, `test_unattended` |
| a planted copy of the old value, afterwards | nothing writes there | here |
| a thief calling the old key hourly | never retired; after `retire_by` a person decides | here, `test_due_story` |
"""

import os
from datetime import timedelta

import pytest

from keyward.emulator.usage import Usage
from tests.cli.conftest import changes_in, files_of
from tests.parts.mounts import bound
from tests.parts.scene import PROJECT, Scene

NOW = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")
QUIETLY = ("--accept-targets", "--grace", "0s", "--yes")
HOUR, DAY = 3_600, 86_400


@pytest.fixture
def scene(tmp_path):
    """A world whose time passes as it is told to."""
    with Scene(tmp_path / "scene") as scene:
        scene.settings()
        yield scene


def scan(scene):
    done = scene.keyward("scan", scene.work, "--values", "all")
    assert done.status == 0, done.err


def rotate(scene, key, *options, status=0):
    done = scene.keyward("rotate", scene.key_id(key), *options, "-o", "json")
    assert done.status == status, done.err
    (one,) = done.json["rotations"]
    return one


def resume(scene, rotation):
    done = scene.keyward("resume", rotation, "-o", "json")
    (one,) = done.json["rotations"]
    return one


def nothing_happens(scene, *command, status=6):
    """Run a command that is refused, and make sure that it changed nothing anywhere."""
    before, live, seen = files_of(scene.work), scene.live(), len(scene.log())
    done = scene.keyward(*command)
    assert done.status == status, done.err
    assert (files_of(scene.work), scene.live()) == (before, live)
    assert changes_in(scene.log()[seen:]) == []
    return done.err


def test_same_key_in_two_secrets_one_pinned(scene):
    key = scene.key()
    scene.secret("free", key.key_string)
    scene.secret("pinned", key.key_string, f"{key.key_string}\n", aliases={"stable": 1})
    scan(scene)
    one = rotate(scene, key, *NOW, status=6)
    assert (one["state"], one["waiting_on"]) == ("overlap", "person")
    assert "alias stable" in one["why"]
    assert "version 1" in one["why"]
    (new,) = scene.live() - {key.key_string}
    assert scene.current("free").decode() == new
    assert scene.current("pinned").decode() == f"{new}\n"
    done = scene.keyward("resume", one["rotation"], "--waive", "gsm:acme-prod/pinned@1", "--reason", "nobody reads it")
    assert done.status == 0, done.err
    assert scene.live() == {new}
    assert scene.versions("pinned")[0][0] == "ENABLED"  # what an alias names stays readable


def test_own_probes_during_the_gate_are_no_use(scene):
    key = scene.key()
    scene.env(".env", f"A={key.key_string}\n")
    scan(scene)
    one = rotate(scene, key, *QUIETLY)
    assert (one["state"], one["waiting_on"]) == ("overlap", "use")
    for _ in range(3):
        scene.world.clock.advance(2 * DAY)
        verified = scene.keyward("verify", scene.key_id(key), "-o", "json")
        assert verified.json["verdicts"][0]["verdict"] == "works"
    scene.world.clock.advance(DAY + 3 * HOUR)
    one = resume(scene, one["rotation"])
    assert one["state"] in ("retiring", "done"), one["why"]
    assert key.key_string not in scene.live()


def test_a_thief_calling_the_old_key_hourly_keeps_it_until_a_person_decides(scene):
    key = scene.key()
    scene.env(".env", f"A={key.key_string}\n")
    scan(scene)
    one = rotate(scene, key, *QUIETLY)
    usage, number = scene.world.state(Usage), scene.world.known(PROJECT).number
    for day in range(1, 33):
        for _ in range(24):
            scene.world.clock.advance(HOUR)
            usage.record(number, key.uid, "generativelanguage.googleapis.com")
        if day in (8, 20, 32):
            one = resume(scene, one["rotation"])
            assert one["state"] == "overlap"
            assert one["waiting_on"] == ("person" if day == 32 else "use")
            assert "last used by others" in one["why"]
            assert key.key_string in scene.live()
    assert "retire now (--retire now), later, or never" in one["why"]
    one = rotate(scene, key, "--retire", "now", "--yes", "--reason", "whoever it is, it is not us")
    assert key.key_string not in scene.live()


def test_a_clock_that_jumps_neither_hurries_nor_skips_anything(scene):
    key = scene.key()
    scene.env(".env", f"A={key.key_string}\n")
    scan(scene)
    one = rotate(scene, key, *NOW[:1], "--grace", "24h", "--retire", "now", "--yes", "--reason", "trial")
    assert (one["state"], one["waiting_on"]) == ("overlap", None)
    clock = scene.world.clock
    began = clock.now()
    clock.set_now(began - timedelta(days=3))
    assert resume(scene, one["rotation"])["state"] == "overlap"
    clock.set_now(began + timedelta(hours=23))
    assert resume(scene, one["rotation"])["state"] == "overlap"
    assert key.key_string in scene.live()
    clock.set_now(began + timedelta(days=400))
    seen = len(scene.log())
    assert resume(scene, one["rotation"])["state"] in ("retiring", "done")
    assert key.key_string not in scene.live()
    asked = scene.log()[seen:]
    deleted = next(number for number, entry in enumerate(asked) if entry["method"] == "DELETE")
    # The new key is proved before the old one goes, however late it is.
    assert any("/v1beta/models" in entry["path"] for entry in asked[:deleted])


def test_a_hard_linked_env_file_is_refused_before_anything_is_made(scene):
    """Replacing one name would part it from the other."""
    key, file, free = _two_files(scene)
    os.link(file, scene.home / "another-name")
    _refused_and_left_out(scene, key, file, free, "hard links")


def test_a_bind_mounted_env_file_is_refused_before_anything_is_made(scene):
    """A file that is bound over cannot be replaced; what lies there is not the folder's, so it is not read either, and the plan counts it."""
    key, file, free = _two_files(scene)
    source = scene.home / "bound.env"
    source.write_text(file.read_text())
    source.chmod(0o600)
    with bound(source, file):
        _refused_and_left_out(scene, key, file, free, "mount point")
    fresh = scene.env("late/.env", "NOTHING=1\n")
    with bound(source, fresh):
        scan_of_it = scene.keyward("scan", scene.work, "-o", "json")
        source_of_it = next(one for one in scan_of_it.json["sources"] if one["id"].startswith("env:"))
        assert source_of_it["not_looked"] == 1, source_of_it


def _two_files(scene):
    key = scene.key()
    file = scene.env("app/.env", f"A={key.key_string}\n")
    free = scene.env("web/.env", f"A={key.key_string}\n")
    scan(scene)
    return key, file, free


def _refused_and_left_out(scene, key, file, free, why):
    text = file.read_text()
    said = nothing_happens(scene, "rotate", scene.key_id(key), *NOW)
    assert f"env:{file}#A" in said
    assert why in said
    done = scene.keyward("rotate", scene.key_id(key), *NOW, "--waive", f"env:{file}#A")
    assert done.status == 0, done.err
    assert file.read_text() == text
    assert key.key_string not in free.read_text()


def test_a_planted_copy_gets_nothing(tmp_path):
    """Whoever copies the value into a place of his own hopes that the next one is written there too."""
    with Scene(tmp_path / "scene", rate=1000) as scene:
        scene.settings()
        key = scene.key()
        file = scene.env("app/.env", f"A={key.key_string}\n")
        scan(scene)
        rotate(scene, key, *NOW, "--wait")
        (new,) = scene.live()
        (successor,) = (
            one["id"] for one in scene.keyward("list", "-o", "json").json["keys"] if one["id"] != scene.key_id(key)
        )
        old_copy = scene.env("planted/old.env", f"A={key.key_string}\n")
        rotate_dry = scene.keyward("rotate", successor, *NOW, "--dry-run")
        assert rotate_dry.status == 0, rotate_dry.err  # the value before is of no interest to anybody
        assert str(old_copy) not in rotate_dry.out
        new_copy = scene.env("planted/new.env", f"A={new}\n")
        said = nothing_happens(scene, "rotate", successor, *NOW)
        assert f"env:{new_copy}#A is NEW" in said
        done = scene.keyward("rotate", successor, *NOW, "--waive", f"env:{new_copy}#A", "--wait")
        assert done.status == 0, done.err
        (newest,) = scene.live()
        assert file.read_text() == f"A={newest}\n"
        assert new_copy.read_text() == f"A={new}\n"
        assert old_copy.read_text() == f"A={key.key_string}\n"
