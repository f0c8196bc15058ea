"""`keyward doctor --fix`: what is wrong around rotations is found, told, and mended once agreed; nothing else is touched."""

import json
import shutil
import sqlite3

import pytest

from keyward.emulator.apikeys.state import ApiKeys

NOW = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")
READ = '[scan]\nread_values = ["project:*"]\n'


@pytest.fixture
def rotated(scene):
    """A key that was replaced; the old one is deleted."""
    scene.settings(READ)
    scene.world.clock.set_rate(20_000)
    key = scene.key()
    scene.secret("app", key.key_string)
    file = scene.env(".env", f"KEY={key.key_string}\n")
    assert scene.keyward("scan", scene.work).status == 0
    done = scene.keyward("rotate", scene.key_id(key), *NOW, "--wait=dead")
    assert done.status == 0, done.err
    (row,) = scene.keyward("history", "-o", "json").json["rotations"]
    return scene, key, file, row["id"]


def fixed(scene, *more):
    done = scene.keyward("doctor", "--fix", "--yes", "-o", "json", *more)
    assert done.json["exit_code"] == done.status
    return done


def kinds(done):
    return sorted(one["wrong"] for one in done.json["troubles"])


def test_nothing_wrong_is_said_and_nothing_is_changed(rotated):
    scene, *_ = rotated
    before = scene.world.dump()["slots"]["apikeys"]
    done = fixed(scene)
    assert (done.status, done.json["troubles"], done.json["mended"]) == (0, [], [])
    assert scene.world.dump()["slots"]["apikeys"] == before
    lines = {one["what"]: one for one in scene.keyward("doctor", "-o", "json").json["checks"]}
    assert lines["rotations"]["ready"] == "yes"


def test_an_orphan_is_revoked_and_the_successor_is_not(rotated):
    scene, _, _, rotation = rotated
    orphan = scene.key("late", annotations={"keyward": rotation})
    (successor,) = scene.live() - {orphan.key_string}
    told = scene.keyward("doctor")
    assert "orphan" in told.out
    assert "keyward doctor --fix" in told.out
    asked = scene.keyward("doctor", "--fix")
    assert asked.status == 2
    assert orphan.key_string in scene.live()
    done = fixed(scene)
    assert kinds(done) == ["orphan"]
    assert [one["ok"] for one in done.json["mended"]] == [True]
    assert scene.live() == {successor}
    assert fixed(scene).json["troubles"] == []


def test_the_key_of_an_unknown_rotation_is_left_to_a_person(rotated):
    scene, *_ = rotated
    stranger = scene.key("theirs", annotations={"keyward": "01m7wdca1ypdxq9c1js4pyc2j0"})
    done = fixed(scene)
    assert (done.status, kinds(done)) == (6, ["stranger"])
    assert stranger.key_string in scene.live()
    assert "keyward revoke" in done.json["troubles"][0]["todo"]


def test_leftover_pending_secrets_and_temporary_files_are_removed(rotated):
    scene, _, file, rotation = rotated
    scene.secret(f"keyward-pending-{rotation}", "left over")
    scene.secret("keyward-pending-of-somebody", "not ours")
    left = file.with_name(f".env.keyward-{rotation}")
    left.write_text("half")
    other = file.with_name(".env.keep")
    other.write_text("mine")
    done = fixed(scene)
    assert kinds(done) == ["pending", "pending", "temporary"]
    assert done.status == 6  # one of them is somebody else's
    assert not left.exists()
    assert other.read_text() == "mine"
    assert scene.versions("keyward-pending-of-somebody")
    with pytest.raises(KeyError):
        scene.versions(f"keyward-pending-{rotation}")


def test_a_target_that_went_back_to_the_dead_key_gets_the_successor(rotated):
    scene, key, file, _ = rotated
    (new,) = scene.live()
    file.write_text(f"# restored from a backup\nKEY={key.key_string}\n")
    done = fixed(scene)
    assert (done.status, kinds(done)) == (0, ["drift"])
    assert file.read_text() == f"# restored from a backup\nKEY={new}\n"


def test_a_rotation_that_nobody_drives_goes_on(scene):
    scene.settings(READ)
    key = scene.key()
    scene.env(".env", f"KEY={key.key_string}\n")
    assert scene.keyward("scan", scene.work).status == 0
    begun = scene.keyward("rotate", scene.key_id(key), "--accept-targets", "--grace", "1h", "--yes", "--wait=cut-over")
    assert begun.status == 0, begun.err
    assert fixed(scene).json["troubles"] == []
    scene.world.clock.advance(3 * 86_400)
    done = fixed(scene)
    assert kinds(done) == ["stuck"]
    assert "overlap" in done.json["mended"][0]["said"]


def test_a_changed_audit_trail_is_told_and_not_touched(rotated):
    scene, *_ = rotated
    with sqlite3.connect(scene.home / "state" / "ledger.db") as ledger:
        ledger.execute("DROP TRIGGER IF EXISTS event_keeps_its_lines")
        triggers = ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            ledger.execute(f'DROP TRIGGER "{name}"')
        ledger.execute("UPDATE event SET actor = 'nobody' WHERE seq = 3")
    ledger.close()
    done = fixed(scene)
    assert (done.status, kinds(done)) == (6, ["chain"])
    assert "line 3" in done.json["troubles"][0]["what"]


def test_a_lost_ledger_is_made_anew_from_the_marks_and_the_rotation_ends_well(scene):
    scene.settings(READ)
    key = scene.key()
    scene.secret("app", json.dumps({"key": key.key_string}))
    file = scene.env(".env", f"KEY={key.key_string}\n")
    assert scene.keyward("scan", scene.work).status == 0
    scene.world.clock.set_rate(60)  # minutes until a new key is known everywhere
    begun = scene.keyward("rotate", scene.key_id(key), "--accept-targets", "--grace", "1h", "--yes", "--wait=cut-over")
    scene.world.clock.set_rate(1)
    assert begun.status == 0, begun.err
    rotation = begun.err and scene.keyward("history", "-o", "json").json["rotations"][0]["id"]
    file.write_text(f"KEY={key.key_string}\n")  # one place is back on the old key, as after a crash in the middle
    shutil.rmtree(scene.home / "state")

    assert scene.keyward("scan", scene.work).status == 0
    done = fixed(scene)
    assert kinds(done) == ["lost"]
    assert rotation in done.json["troubles"][0]["what"]
    assert done.json["mended"][0]["ok"], done.json
    scene.world.clock.set_rate(20_000)
    gone_on = scene.keyward(
        "rotate", scene.key_id(key), "--retire", "now", "--yes", "--reason", "found again", "--wait=dead"
    )
    assert gone_on.status == 0, gone_on.err
    (new,) = scene.live()
    assert new != key.key_string
    assert file.read_text() == f"KEY={new}\n"
    assert json.loads(scene.current("app")) == {"key": new}
    assert len(scene.all_keys()) == 2  # no second successor was made


# Roles


def _needed_by_all_routes():
    from keyward.emulator.server import _SERVICES

    asked = {route.permission for service in _SERVICES for route in service.routes() if route.permission}
    assert len(asked) > 30
    return asked


def allow(scene, held):
    """Let the caller do exactly this in the project."""
    from keyward.google.roles import NOT_IN_PROJECT_ROLES

    project = scene.world.known("acme-prod")
    project.denied.clear()
    project.denied.update(_needed_by_all_routes() - set(held) - NOT_IN_PROJECT_ROLES)


def test_the_roles_are_printed_as_commands_and_as_terraform(scene):
    told = scene.keyward(
        "doctor", "--role", "reader", "--project", "p1", "--member", "user:me@example.com", "-o", "gcloud"
    )
    assert told.status == 0
    assert "gcloud iam roles create keyward_reader --project=p1" in told.out
    assert "getKeyString" not in told.out
    assert "versions.access" not in told.out
    told = scene.keyward("doctor", "--role", "rotator", "--project", "p1", "-o", "terraform")
    assert '"apikeys.keys.create",' in told.out
    assert 'resource "google_project_iam_member" "keyward_rotator"' in told.out
    assert scene.keyward("doctor", "-o", "terraform").status == 2


def test_the_reader_lists_and_the_linker_links_with_nothing_more(scene):
    from keyward.google.roles import Role, permissions

    scene.settings()
    key = scene.key()
    scene.secret("app", key.key_string)
    allow(scene, permissions(Role.READER))
    done = scene.keyward("scan", "--project", "acme-prod", "-o", "json")
    assert (done.status, {one["status"] for one in done.json["sources"]}) == (0, {"ok"}), done.err
    scene.settings(READ)
    assert scene.keyward("scan", "--project", "acme-prod").status == 3
    allow(scene, permissions(Role.LINKER))
    done = scene.keyward("scan", "--project", "acme-prod")
    assert done.status == 0, done.err
    (found,) = [one for one in scene.keyward("list", "-o", "json").json["keys"] if one["id"] == scene.key_id(key)]
    assert [one["secret"] for one in found["placements"]] == ["gsm:acme-prod/app"]


def test_the_rotator_rotates_with_nothing_more(scene):
    from keyward.google.roles import Role, permissions

    scene.settings(READ)
    scene.world.clock.set_rate(20_000)
    key = scene.key()
    scene.secret("app", key.key_string)
    allow(scene, permissions(Role.ROTATOR))
    assert scene.keyward("scan", "--project", "acme-prod").status == 0
    done = scene.keyward("rotate", scene.key_id(key), *NOW, "--wait=dead")
    assert done.status == 0, done.err
    assert scene.current("app").decode() in scene.live()
    assert isinstance(scene.world.state(ApiKeys), ApiKeys)
