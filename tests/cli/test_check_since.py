"""What `keyward check` and `keyward report` call new, changed and fixed, over scans of an emulated cloud."""

import json
import sqlite3
from contextlib import closing

import pytest

from keyward.emulator.apikeys.state import ApiKeys
from tests.cli.test_documents import check as fits
from tests.parts.scene import MAPS

DAY = 86_400


@pytest.fixture
def scanned(scene):
    """A key of a year, told once; gives its id."""
    key = scene.key("old", days=365, restrictions=MAPS)
    scan(scene)
    return key, scene.key_id(key)


def scan(scene):
    done = scene.keyward("scan", "--context")
    assert done.status in (0, 3), done.err


def check(scene, *more):
    return scene.keyward("check", "-o", "json", *more)


def counts(done):
    return {what: number for what, number in fits(done.json)["since"]["counts"].items() if number}


def changes(done, subject):
    return {one["rule"]: one["change"] for one in fits(done.json)["findings"] if one["subject"] == subject}


def gone(done, subject):
    every = fits(done.json)["since"]["gone"]
    return {one["rule"]: (one["change"], one["why"]) for one in every if one["subject"] == subject}


def test_the_first_check_has_nothing_to_compare_with_and_a_second_of_the_same_scan_neither(scene, scanned):
    for _ in range(2):
        done = check(scene)
        assert fits(done.json)["since"] is None
        assert {one["change"] for one in done.json["findings"]} == {None}
    assert "No earlier check is kept" in scene.keyward("check").err


def test_new_and_fixed_are_told_against_the_scan_before_however_often_it_is_asked(scene, scanned):
    key, old = scanned
    check(scene)
    scene.world.clock.advance(DAY)
    scene.world.state(ApiKeys).delete(key)
    new = scene.key_id(scene.key("new", days=365, restrictions=MAPS))
    scan(scene)
    for _ in range(2):  # the first of them is kept, and does not change what the next is compared with
        done = check(scene)
        assert set(changes(done, new).values()) == {"new"}
        assert gone(done, old)["KW-101"] == ("fixed", None)
    table = scene.keyward("check")
    assert f"NEW {new} (new): it is 365 days old" in table.out
    assert "\nfixed\n  medium  KW-101  " in table.out
    assert "Since the check of 2026-11-20 12:0" in table.err
    csv = scene.keyward("check", "-o", "csv").out.splitlines()
    assert any(line.startswith("KW-101-") and line.endswith(",fixed") for line in csv)
    scene.world.clock.advance(DAY)
    scan(scene)
    assert set(counts(check(scene))) == {"unchanged"}


def test_a_project_that_may_not_be_read_any_more_fixes_nothing(scene, scanned):
    key, old = scanned
    scene.key("other", days=365, restrictions=MAPS, project="acme-two")
    scan(scene)
    before = changes(check(scene), old)
    scene.world.known("acme-prod").denied.add("apikeys.*")
    scene.world.state(ApiKeys).delete(key)
    scan(scene)
    done = check(scene)
    assert "fixed" not in counts(done)
    assert changes(done, old).keys() == before.keys(), "what was seen before stays told"
    assert done.status == 1


def test_since_chooses_an_earlier_check(scene, scanned):
    check(scene)
    for _ in range(2):
        scene.world.clock.advance(3 * DAY)
        scene.key("more", days=365, restrictions=MAPS)
        scan(scene)
        check(scene)
    last, all_of_it = counts(check(scene)), counts(check(scene, "--since", "5d"))
    assert all_of_it["new"] == 2 * last["new"]
    early = check(scene, "--since", "2026-01-01")
    assert counts(early) == all_of_it
    assert early.json["since"]["note"] == "No check is kept from then; it is the oldest later one."
    wrong = scene.keyward("check", "--since", "yesterday")
    assert (wrong.status, "'yesterday' is no length of time or date" in wrong.err) == (2, True)


def test_fail_on_new_is_silent_about_what_was_told_before(scene, scanned):
    options = ("--fail-on-new", "--allow-unknown")
    assert check(scene, *options).status == 1, "without an earlier check everything is news"
    scene.world.clock.advance(DAY)
    scan(scene)
    assert check(scene, "--allow-unknown").status == 1
    assert check(scene, *options).status == 0
    scene.key("new", days=365, restrictions=MAPS)
    scan(scene)
    assert check(scene, *options).status == 1
    assert check(scene, *options, "--fail-on", "critical").status == 0
    scene.world.known("acme-prod").denied.add("apikeys.*")
    scan(scene)
    assert check(scene, *options).status == 0
    assert check(scene, "--fail-on-new").status == 3, "not knowing is still no pass"


def test_a_check_of_a_part_is_compared_and_not_kept(scene, scanned):
    _, old = scanned
    check(scene, f"id:{old}")
    check(scene, "--rule", "KW-101")
    scene.world.clock.advance(DAY)
    scan(scene)
    assert fits(check(scene).json)["since"] is None
    scene.world.clock.advance(DAY)
    scan(scene)
    part = check(scene, "--rule", "KW-101", "project:acme-prod")
    assert counts(part) == {"unchanged": 1}


def test_what_is_kept_costs_what_changed_and_holds_no_name(scene, scanned):
    for _ in range(3):
        check(scene)
        scene.world.clock.advance(DAY)
        scan(scene)
    done = check(scene)
    with closing(sqlite3.connect(scene.home / "state" / "snapshots.db")) as kept:
        told = kept.execute("SELECT fields FROM told").fetchall()
        assert kept.execute("SELECT count(*) FROM checked").fetchone() == (4,)
    assert len(told) == len(done.json["findings"])
    assert not any('"old"' in fields for (fields,) in told)


def test_a_state_folder_that_takes_nothing_is_told_and_stops_no_check(scene, scanned):
    kept = scene.home / "state" / "snapshots.db"
    with closing(sqlite3.connect(kept)) as busy:
        busy.execute("CREATE TRIGGER full BEFORE INSERT ON checked BEGIN SELECT RAISE(FAIL, 'no space'); END")
        busy.commit()
    done = check(scene)
    assert done.status == 1
    assert "This check was not kept for a later one to be compared with" in done.err


def test_reports_tell_it_too(scene, scanned):
    key, old = scanned
    scene.keyward("report")
    scene.world.clock.advance(DAY)
    scene.world.state(ApiKeys).delete(key)
    new = scene.key_id(scene.key("new", days=365, restrictions=MAPS))
    scan(scene)
    (run,) = json.loads(scene.keyward("report", "-o", "sarif").out)["runs"]
    by_subject = {
        (one["ruleId"], one["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]): one["baselineState"]
        for one in run["results"]
    }
    assert by_subject["KW-101", old] == "absent"
    assert by_subject["KW-101", new] == "new"
    assert "## Fixed since" in scene.keyward("report", "-o", "markdown").out
    assert "Fixed since the earlier check" in scene.keyward("report", "-o", "html").out
