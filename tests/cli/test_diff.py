"""`keyward diff` over two and more real scans: what is different, what cannot be compared, and what is kept of a scan."""

import sqlite3
from contextlib import closing
from datetime import timedelta

from keyward.desk import Desk, ScanWish
from keyward.emulator.apikeys.state import ApiKeys
from keyward.emulator.usage import Usage
from keyward.wiring import Parts
from tests.cli.test_documents import check


def scan(scene, *projects, seen=True):
    """Scan a day later than before; gives what was warned of. It is the scan of `keyward scan`, in this process to save its start."""
    scene.world.clock.advance(86_400)
    desk = Desk(Parts(environ=scene.environ(), folder=scene.home))
    try:
        done = desk.scan(ScanWish(projects=projects, folders=(scene.work,)))
    finally:
        desk.close()
    assert seen is (not done.missing), done.missing
    return " ".join(done.warnings)


def diff(scene, *more):
    """The document, checked against its schema, and against the exit status."""
    done = scene.keyward("diff", "-o", "json", *more)
    found = check(done.json)
    assert found["exit_code"] == done.status
    return found


def whats(found):
    return {(one["what"], one["name"]) for one in found["changes"]}


def delete(scene, key):
    """Somebody deletes the key, and the time in which it could be restored goes by."""
    scene.world.state(ApiKeys).delete(key)
    scene.world.clock.advance(31 * 86_400)


def use(scene, key):
    """Somebody uses the key."""
    scene.world.state(Usage).record(key.project, key.uid, "generativelanguage.googleapis.com")


def test_new_gone_and_changed_keys_are_told_with_the_field(scene):
    stays, goes, renamed = scene.key("stays"), scene.key("goes"), scene.key("first name")
    scan(scene)
    delete(scene, goes)
    renamed.display_name = "=second name"
    new = scene.key("new", days=0)
    scan(scene)
    found = diff(scene)
    assert whats(found) == {("new", "new"), ("gone", "goes"), ("changed", "=second name")}
    (changed,) = [one for one in found["changes"] if one["what"] == "changed"]
    assert changed["fields"] == [{"field": "name", "before": "first name", "after": "=second name"}]
    assert found["not_seen"] == []
    assert (found["earlier"]["snapshot"], found["later"]["snapshot"], found["exit_code"]) == (1, 2, 0)
    ids = scene.keyward("diff", "-o", "ids").out.split()
    assert set(ids) == {scene.key_id(key) for key in (new, goes, renamed)}
    table = scene.keyward("diff")
    assert "name: first name -> =second name" in table.out
    assert "stays" not in table.out
    assert "1 new, 1 gone, 1 changed" in table.err
    assert "'=second name" in scene.keyward("diff", "-o", "csv").out, "a spreadsheet would run it"
    assert scene.key_id(stays) not in ids


def test_a_project_that_was_not_seen_makes_no_key_gone_and_none_new(scene):
    scene.key("here"), scene.key("there", project="closed")
    scan(scene)
    scene.world.known("closed").denied.add("apikeys.*")
    scene.key("made unseen", project="closed", days=0)
    scan(scene, seen=False)
    found = diff(scene)
    assert found["changes"] == []
    assert found["exit_code"] == 3
    assert found["not_seen"] == [
        {"source": "google-api-keys:closed", "earlier": "ok", "later": "denied", "keys": 1},
    ]
    assert "not compared: google-api-keys:closed (ok, then denied; 1 key as last seen)" in scene.keyward("diff").err
    scene.world.known("closed").denied.clear()
    scene.key("old but unseen", project="closed", days=300)
    scan(scene)
    # The one is as old as the scan that could not see it, the other was made when it could not be seen either.
    assert whats(diff(scene)) == {("found", "made unseen"), ("found", "old but unseen")}
    assert whats(diff(scene, "--since", "1")) == {("new", "made unseen"), ("new", "old but unseen")}


def test_a_cache_that_was_lost_makes_no_key_gone_or_new(scene):
    scene.key("here"), scene.key("there", project="closed")
    scan(scene)
    scene.world.known("closed").denied.add("apikeys.*")
    for file in (scene.home / "state" / "cache").iterdir():
        file.unlink()
    scan(scene, seen=False)
    assert diff(scene)["changes"] == []
    scene.world.known("closed").denied.clear()
    scan(scene)
    assert diff(scene)["changes"] == [], "it was known all the time"


def test_a_scan_of_one_project_says_that_the_others_were_not_asked(scene):
    scene.key("one"), scene.key("two", project="other")
    scan(scene)
    scene.key("three", days=0)
    scan(scene, "acme-prod")
    found = diff(scene)
    assert whats(found) == {("new", "three")}
    assert {(one["source"], one["later"]) for one in found["not_seen"]} >= {("google-api-keys:other", "not_scanned")}


def test_newly_used_and_newly_silent_keys(scene):
    awakes, sleeps, _ = scene.key("awakes"), scene.key("sleeps"), scene.key("never")
    use(scene, sleeps)
    scan(scene)
    scene.world.clock.advance(20 * 86_400)
    use(scene, awakes)
    scan(scene)
    assert whats(diff(scene, "--silent", "14d")) == {("newly_used", "awakes"), ("newly_silent", "sleeps")}
    assert whats(diff(scene, "--silent", "25d")) == {("newly_used", "awakes")}
    scene.world.known("acme-prod").denied.add("monitoring.*")
    scan(scene)
    assert diff(scene)["use_unknown"] == 3, "denied is neither used nor silent"


def test_since_takes_a_length_a_date_and_a_number_and_says_what_stands_in(scene):
    scene.key("one")
    for _ in range(3):
        scan(scene)
        scene.key("more", days=0)
    now = scene.world.clock.now()
    assert diff(scene)["earlier"]["snapshot"] == 2
    assert diff(scene, "--since", "1")["earlier"]["snapshot"] == 1
    assert diff(scene, "--since", "36h")["earlier"]["snapshot"] == 1
    assert diff(scene, "--since", (now - timedelta(hours=30)).isoformat())["earlier"]["snapshot"] == 1
    early = diff(scene, "--since", "2020-01-01")
    assert early["earlier"]["snapshot"] == 1
    assert "No scan is kept from then" in early["note"]
    for wrong in ("7", "yesterday", "7x"):
        done = scene.keyward("diff", "--since", wrong)
        assert done.status == 2, done.err
        assert "Traceback" not in done.err


def test_before_two_scans_there_is_nothing_to_compare(scene):
    assert diff(scene)["earlier"] is None
    scene.key()
    scan(scene)
    found = diff(scene)
    assert (found["earlier"], found["exit_code"]) == (None, 3)
    assert "nothing to compare" in scene.keyward("diff").err


def test_damaged_snapshots_are_put_aside_and_said(scene):
    scene.key()
    scan(scene)
    kept = scene.home / "state" / "snapshots.db"
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.write_bytes(b"nothing that SQLite knows" * 400)
    done = scene.keyward("diff")
    assert done.status == 1
    assert "damaged" in done.err
    assert "put" in done.err
    assert "snapshots.db.damaged" in scan(scene)
    scan(scene)
    assert diff(scene)["earlier"]["snapshot"] == 1


def test_no_value_and_no_fingerprint_is_kept(scene):
    key = scene.key("one")
    scene.env(".env", f"A={key.key_string}\n")
    scan(scene)
    data = (scene.home / "state" / "snapshots.db").read_bytes()
    with closing(sqlite3.connect(scene.home / "state" / "cache" / "inventory.db")) as cache:
        (fingerprint,) = cache.execute("SELECT fingerprint FROM key WHERE fingerprint IS NOT NULL").fetchone()
    assert key.key_string.encode() not in data
    assert fingerprint.encode() not in data
