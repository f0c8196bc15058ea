"""Unattended runs from outside: what they start, what they leave, what they say, what they cost."""

import contextlib
import fcntl
import json
import os
import subprocess
import sys

import pytest

from keyward.ledger.owner import this_process
from tests.cli.conftest import changes_in, files_of
from tests.cli.test_documents import check
from tests.model.shapes import sample

RULES = """
[scan]
read_values = ["all"]
every = "0s"

[[rotation.rule]]
match = "project:acme-*"
max_age = "90d"
"""
ALLOW = '\n[targets]\nallow = ["env:*"]\n'


def due(scene, *more, **env):
    """One unattended run that tells all; its document fits the published schema."""
    done = scene.keyward("rotate", "--due", "--yes", "-o", "json", *more, **env)
    assert "Traceback" not in done.err
    document = check(done.json)
    assert document["exit_code"] == done.status
    return done


def plant(scene, *names, allow=True, settings=""):
    """Keys in env files, each in a project of its own, scanned."""
    scene.settings(RULES + (ALLOW if allow else "") + settings)
    keys = {}
    for name in names:
        project = f"acme-{name}"
        keys[name] = scene.key(name, project=project)
        scene.env(f"{name}/.env", f"KEY={keys[name].key_string}\n")
    done = scene.keyward("scan", scene.work)
    assert done.status == 0, done.err
    return keys


def test_a_new_and_empty_ledger_needs_a_word(scene):
    plant(scene, "one")
    for _ in range(2):
        done = scene.keyward("rotate", "--due", "--yes")
        assert done.status == 4
    assert done.err == "", "said once, not every 15 minutes"
    scene.world.clock.advance(86400)
    assert "--new-ledger" in scene.keyward("rotate", "--due", "--yes").err
    assert len(due(scene, "--new-ledger").json["started"]) == 1
    assert due(scene).status == 0


def test_an_enrolled_place_is_word_enough(scene):
    keys = plant(scene, "one", allow=False)
    key = scene.key_id(keys["one"], "acme-one")
    refused = scene.keyward("enrol", f"id:{key}")
    assert refused.status == 0
    assert scene.keyward("rotate", "--due", "--yes").status == 4
    bare = scene.keyward("enrol", "one", "--accept-targets", "--yes")
    assert bare.status == 2
    assert "bare text" in bare.err
    seen = len(scene.log())
    enrolled = scene.keyward("enrol", f"id:{key}", "--accept-targets", "--yes", "-o", "json")
    assert check(enrolled.json)["accepted_now"] == [f"env:{scene.work}/one/.env#KEY"]
    assert changes_in(scene.log()[seen:]) == []
    (started,) = due(scene).json["started"]
    assert started["key"] == key


def test_limits_of_a_run(scene):
    keys = plant(scene, "a", "b", "c", settings="[rotation]\nmax_per_run = 3\n")
    twin = scene.key("twin", project="acme-a", days=300)
    scene.env("twin/.env", f"KEY={twin.key_string}\n")
    scene.keyward("scan", scene.work)
    listed = check(scene.keyward("due", "-o", "json").json)
    assert {one["stands"] for one in listed["keys"]} == {"due"}
    assert sum(one["starts"] == "next run" for one in listed["keys"]) == 3
    first = due(scene, "--new-ledger").json
    assert {one["key"] for one in first["started"]} == {
        scene.key_id(twin, "acme-a"),
        scene.key_id(keys["b"], "acme-b"),
        scene.key_id(keys["c"], "acme-c"),
    }
    (left,) = first["not_started"]
    assert left["key"] == scene.key_id(keys["a"], "acme-a"), "the oldest of a project comes first"
    assert "max_per_" in left["why"]
    assert [one["key"] for one in due(scene).json["started"]] == [left["key"]]
    assert due(scene).json["started"] == []
    assert len(scene.live()) == 8


def test_after_two_failures_nothing_new_starts(scene):
    keys = plant(scene, "a", "b", "c", "d")
    for name in "abcd":
        scene.world.known(f"acme-{name}").denied.add("apikeys.keys.create")
    done = due(scene, "--new-ledger")
    failed = {one["key"]: one for one in done.json["waiting"]}
    assert len(failed) == 2
    assert all(one["failures"] == 1 and "apikeys.keys.create" in one["why"] for one in failed.values())
    assert {one["why"] for one in done.json["not_started"]} == {"2 failures in this run (stop_after_failures)"}
    # Each failed start climbs its own ladder; the others have their turn meanwhile.
    again = due(scene).json
    assert {one["key"] for one in again["waiting"]} == {scene.key_id(keys[name], f"acme-{name}") for name in "abcd"}
    assert again["not_started"] == []
    seen = len(scene.log())
    assert due(scene).json["started"] == []
    assert len(scene.log()) == seen, "nothing is asked before it is time"
    for name in "abcd":
        scene.world.known(f"acme-{name}").denied.clear()
    scene.world.clock.advance(3700)
    assert len(due(scene).json["started"]) == 4


def test_a_start_that_fails_for_63_hours_is_a_persons_turn(scene):
    plant(scene, "a")
    scene.world.known("acme-a").denied.add("apikeys.keys.create")
    codes = [due(scene, "--new-ledger").status]
    for hours in (1, 2, 4, 8, 16, 32):
        scene.world.clock.advance(hours * 3600 + 60)
        codes.append(due(scene).status)
    assert codes == [0, 0, 0, 0, 0, 0, 6], "exit 6 once"
    assert due(scene).status == 0
    listed = scene.keyward("due", "-o", "json").json["keys"]
    assert [(one["stands"], one["because"]) for one in listed] == [("never", "tried and failed")]
    scene.world.clock.advance(86400)
    text = scene.keyward("rotate", "--due", "--yes")
    assert text.status == 6
    assert "(reminder)" in text.out
    assert scene.keyward("rotate", "--due", "--yes").out == ""


def test_a_new_placement_writes_nothing_and_asks(scene):
    plant(scene, "a")
    key = due(scene, "--new-ledger").json["started"][0]["successor"]
    scene.world.clock.advance(2 * 86400)
    due(scene)
    for seconds in (8 * 86400, 1200, 1200, 1200):
        scene.world.clock.advance(seconds)
        due(scene)
    (value,) = scene.live()
    scene.world.clock.advance(90 * 86400)
    copy = scene.env("b/copy.env", f"COPIED={value}\n")
    scene.keyward("scan", scene.work)
    before, seen = files_of(scene.work), len(scene.log())
    done = due(scene)
    assert done.status == 6
    (asked,) = done.json["needs_person"]
    assert asked["key"] == key
    assert f"{copy}#COPIED is NEW" in asked["why"]
    assert changes_in(scene.log()[seen:]) == []
    assert files_of(scene.work) == before
    assert due(scene).status == 0
    accepted = scene.keyward("enrol", f"id:{key}", "--accept-targets", "--yes", "-o", "json")
    assert accepted.json["accepted_now"] == [], "NEW is never accepted in bulk"
    named = scene.keyward("enrol", f"id:{key}", "--accept-target", f"env:{copy}#COPIED", "--yes")
    assert named.status == 0, named.err
    assert len(due(scene).json["started"]) == 1, "at once, not on the next day"
    assert value not in copy.read_text()


def test_a_key_that_only_a_person_can_replace_is_never_skipped_silently(scene):
    value = sample("openai", 1).decode()
    scene.settings(RULES.replace('match = "project:acme-*"', 'match = "provider:shape"').replace("90d", "1d") + ALLOW)
    scene.env(".env", f"OPENAI_API_KEY={value}\n")
    assert scene.keyward("scan", scene.work, "--local").status == 0
    assert due(scene, "--new-ledger").status == 0, "it is not old enough, as far as anybody knows"
    scene.world.clock.advance(3 * 86400)
    (listed,) = scene.keyward("due", "-o", "json").json["keys"]
    assert (listed["stands"], listed["age_is"]) == ("due", "at_least")
    assert "at least" in listed["why"]
    done = due(scene)
    (asked,) = done.json["needs_person"]
    assert done.status == 6
    assert "keyward swap" in asked["why"]
    assert due(scene).status == 0
    scene.world.clock.advance(86400)
    assert due(scene).status == 6, "a reminder a day"
    assert value not in done.out


def test_it_says_what_changed_once_and_nothing_else(scene):
    plant(scene, "a")
    first = scene.keyward("rotate", "--due", "--yes", "--new-ledger")
    assert first.status == 0
    assert "EMULATOR" in first.out
    assert "started    rotation" in first.out
    for _ in range(3):
        quiet = scene.keyward("rotate", "--due", "--yes")
        assert (quiet.status, quiet.out, quiet.err) == (0, "", "")
    loud = scene.keyward("rotate", "--due", "--yes", "-v")
    assert "waits      rotation" in loud.out


def test_runs_that_meet_are_one(scene):
    plant(scene, "a")
    due(scene, "--new-ledger")
    lock = os.open(scene.home / "state" / "unattended.lock", os.O_RDWR)
    with contextlib.closing(os.fdopen(lock)) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        met = due(scene)
    assert met.status == 0
    assert met.json["overlapped"] is True
    assert due(scene).json["overlapped"] is False


def test_a_rotation_held_by_somebody_else_is_left_to_him(scene):
    from keyward.ledger.opening import open_ledger
    from keyward.wiring import Parts

    plant(scene, "a")
    rotation = due(scene, "--new-ledger").json["started"][0]["rotation"]
    scene.world.clock.advance(2 * 86400)
    parts = Parts(environ=scene.environ(), interactive=False)
    ledger = open_ledger(parts.paths.ledger, world=parts.world)
    try:
        ledger.acquire(f"rotation:{rotation}", this_process(parts.host), 300)
        done = due(scene)
    finally:
        ledger.close()
    assert done.status == 0
    assert [one["rotation"] for one in done.json["held"]] == [rotation]


def test_a_blackout_holds_starts_and_retirements(scene):
    settings = '[rotation]\ngrace = "1h"\nquiet = "1h"\nblackout = ["2026-11-20 13:00/2026-11-25 06:00"]\n'
    plant(scene, "a", settings=settings)
    rotation = due(scene, "--new-ledger").json["started"][0]["rotation"]
    late = scene.key("late", project="acme-late")
    scene.env("late/.env", f"KEY={late.key_string}\n")
    scene.world.clock.advance(2 * 86400)
    scene.keyward("scan", scene.work)
    done = due(scene)
    assert done.json["blackout_until"] == "2026-11-25T06:00:00+00:00"
    assert [one["key"] for one in done.json["not_started"]] == [scene.key_id(late, "acme-late")]
    (waiting,) = done.json["waiting"]
    assert (waiting["state"], waiting["waiting_on"]) == ("overlap", "time")
    assert waiting["until"].startswith("2026-11-25T06:00:00")
    assert "Blackout until" in scene.keyward("due").err
    scene.world.clock.advance(3 * 86400)
    after = due(scene).json
    assert [one["key"] for one in after["started"]] == [scene.key_id(late, "acme-late")]
    assert {one["rotation"]: one["state"] for one in after["waiting"]}[rotation] == "retiring"


def test_a_pause_holds_everything_and_is_on_the_trail(scene):
    plant(scene, "a", "b")
    made = scene.keyward("pause", "project:acme-b", "--reason", "freeze", "-o", "json")
    (pause,) = check(made.json)["pauses"]
    done = due(scene, "--new-ledger")
    assert [one["key"].partition("/")[0] for one in done.json["started"]] == ["google-api-keys:acme-a"]
    stopped = scene.keyward("pause", "--all", "--reason", "audit")
    assert stopped.status == 0
    scene.world.clock.advance(9 * 86400)
    done = due(scene)
    (waiting,) = done.json["waiting"]
    assert "paused by" in waiting["why"]
    assert done.status == 0, "it was wanted so"
    assert len(scene.live()) == 3
    status = check(scene.keyward("status", "-o", "json").json)
    assert len(status["pauses"]) == 2
    by_hand = scene.keyward("rotate", done.json["waiting"][0]["key"], "--yes")
    assert by_hand.status == 6
    assert "paused by" in by_hand.out + by_hand.err
    assert scene.keyward("pause", "name:a", "--reason", "x").status == 2
    assert scene.keyward("pause", "project:acme-a").status == 2
    assert scene.keyward("unpause", "nonsense").status == 2
    assert scene.keyward("unpause", "--all", "--reason", "over").status == 0
    done = due(scene)
    assert [one["state"] for one in done.json["continued"]] == ["retiring"]
    assert len(done.json["started"]) == 1
    import sqlite3

    with contextlib.closing(sqlite3.connect(scene.home / "state" / "ledger.db")) as ledger:
        lines = ledger.execute(
            "SELECT kind, detail FROM event WHERE kind IN ('paused', 'unpaused') ORDER BY seq"
        ).fetchall()
    assert [kind for kind, _ in lines] == ["paused", "paused", "unpaused", "unpaused"]
    assert json.loads(lines[0][1])["pause"] == pause["id"]


def test_hands_off_in_the_inventory_is_never_due(scene):
    plant(scene, "a")
    key = scene.key("careful", project="acme-x", annotations={"keyward": "hands-off"})
    scene.env("x/.env", f"KEY={key.key_string}\n")
    scene.keyward("scan", scene.work)
    listed = {one["id"]: one for one in scene.keyward("due", "-o", "json").json["keys"]}
    assert listed[scene.key_id(key, "acme-x")]["because"] == "hands-off"
    started = due(scene, "--new-ledger").json["started"]
    assert [one["key"].partition("/")[0] for one in started] == ["google-api-keys:acme-a"]


def test_it_scans_by_itself_when_the_last_scan_is_old(scene):
    plant(scene, "a")
    scene.settings(RULES.replace('every = "0s"', 'every = "24h"') + ALLOW)
    assert due(scene, "--new-ledger").json["scanned"] is False
    found = scene.key("found", project="acme-found")
    scene.env("found/.env", f"KEY={found.key_string}\n")
    scene.world.clock.advance(86400 + 60)
    done = due(scene)
    assert done.json["scanned"] is True
    assert [one["key"] for one in done.json["started"]] == [scene.key_id(found, "acme-found")]
    assert due(scene).json["scanned"] is False
    scene.world.known("acme-a").denied.add("apikeys.keys.list")
    scene.world.clock.advance(86400 + 60)
    partial = due(scene)
    assert partial.json["not_seen"]
    assert partial.status == 3
    assert due(scene).status == 0


def test_options_of_one_rotation_do_not_go_with_due(scene):
    plant(scene, "a")
    for more in (("x",), ("--grace", "1h"), ("--retire", "now"), ("--accept-targets",), ("--reason", "x")):
        done = scene.keyward("rotate", "--due", "--yes", *more)
        assert done.status == 2, more
        assert more[0] in done.err
    assert scene.keyward("rotate").status == 2
    assert scene.keyward("rotate", "--due").status == 2
    seen = len(scene.log())
    plan = scene.keyward("rotate", "--due", "--dry-run")
    assert "WRITE" in plan.out
    assert changes_in(scene.log()[seen:]) == []


IDLE = """
import json, sys
from keyward.cli.main import run
status = run(["rotate", "--due", "--yes"])
heavy = {"sqlalchemy", "alembic", "googleapiclient", "google", "grpc", "httplib2", "keyring", "secretstorage", "apprise", "requests", "textual"}
found = {name.partition(".")[0] for name in sys.modules} & heavy
engines = [name for name in ("keyward.rotation.engine", "keyward.desk.working", "keyward.notify.channels") if name in sys.modules]
print(json.dumps([status, sorted(found), engines]), file=sys.stderr)
"""


@pytest.mark.parametrize("state", ["nothing open", "waiting"])
def test_an_idle_run_loads_no_cloud_library_and_no_sqlalchemy(scene, state):
    plant(scene, *(["a"] if state == "waiting" else []))
    due(scene, "--new-ledger")
    due(scene)
    seen = len(scene.log())
    done = subprocess.run(
        [sys.executable, "-c", IDLE], env=scene.environ(), cwd=scene.home, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stderr.splitlines()[-1]) == [0, [], []]
    assert done.stdout == ""
    assert len(scene.log()) == seen
