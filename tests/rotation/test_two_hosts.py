"""One key with places on two hosts, killed anywhere: the same engine, the same judge, and nobody touches what another host has."""

from contextlib import suppress

import pytest

from keyward.ledger.records import WaitingOn
from keyward.rotation import distribute, machine, reread, whose
from keyward.rotation.happened import Kind
from tests.rotation.matrix import FULL, Tally, crashes, lost_answers, zombies
from tests.rotation.story import CLASSES, ENDS, Story, problems

pytestmark = [pytest.mark.timeout(3000)]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("crash", CLASSES)
def test_both_hosts_do_their_part(crash, end):
    told = Story(crash, end=end, hosts=2)
    told.finish()
    assert problems(told) == []
    writers = {
        (event.host, event.target) for event in told.ledger.trail if event.step == "write" and event.kind == "intent"
    }
    assert ("there", "files:/w/.env#KEY") in writers or end != "well"
    assert ("here", "files:/w/.env#KEY") not in writers
    assert ("there", "ring:service/user") not in writers


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("crash", CLASSES)
def test_each_host_has_a_file_of_the_same_path(crash, end):
    told = Story(crash, end=end, hosts=2, twin=True)
    told.finish()
    assert problems(told) == []
    targets = told.row.data["targets"]
    assert sorted(one["host"] for one in targets if one["at"] == "files:/w/.env#KEY") == ["here", "there"]


@pytest.mark.crash
@pytest.mark.parametrize("undo_at", [None, 3])
@pytest.mark.parametrize("crash", ["A", "C"])
def test_one_crash_with_files_of_the_same_path(crash, undo_at, record_property):
    tally = crashes(Tally(share=23), 1, crash=crash, undo_at=undo_at, hosts=2, twin=True)
    record_property("single crashes with files of the same path on two hosts", tally.fired)
    assert tally.wrong == {}


def test_it_waits_for_the_other_host():
    told = Story(hosts=2)
    while told.row is None or told.row.state.value != "distributing":
        told.life()
        told.rest()
    assert told.row.waiting_on is WaitingOn.HOST
    assert len(told.row.data["awaits"]) == 1


def test_the_judge_sees_a_host_that_touches_what_another_one_has(monkeypatch):
    monkeypatch.setattr(whose, "reaches", lambda host, target: True)
    told = Story(hosts=2)
    with suppress(Exception):  # it may not get far
        told.finish()
    assert any("on a host that does not have it" in problem for problem in told.world.violations)


def test_the_judge_sees_an_old_key_that_goes_before_the_other_host_has_written(monkeypatch):
    """All three rules have to be broken for that: who waits, what the machine allows, and what is read before the end."""
    monkeypatch.setattr(distribute, "complete", lambda work, delay: True)
    monkeypatch.setitem(machine._FACTS, Kind.ALL_WRITTEN, lambda rotation, event: True)
    monkeypatch.setattr(reread, "_told", lambda work, target, found: None)
    told = Story(hosts=2)
    told.finish()
    assert any("OUTAGE" in problem for problem in told.world.violations)


@pytest.mark.crash
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("crash", CLASSES)
def test_one_crash_at_every_point_on_either_host(crash, end, record_property):
    tally = crashes(Tally(share=13), 1, crash=crash, end=end, hosts=2)
    record_property("single crashes on two hosts", tally.fired)
    assert tally.wrong == {}
    assert tally.fired > (30 if FULL else 1)


@pytest.mark.crash
@pytest.mark.parametrize("crash", CLASSES)
def test_a_crash_on_each_host(crash, record_property):
    tally = crashes(Tally(share=19), 2, crash=crash, hosts=2)
    record_property("pairs of crashes on two hosts", tally.fired)
    assert tally.wrong == {}


@pytest.mark.crash
@pytest.mark.parametrize("crash", CLASSES)
def test_a_host_that_was_frozen_wakes_up_when_the_rotation_is_over(crash, record_property):
    tally = zombies(Tally(share=17), crash=crash, hosts=2)
    record_property("frozen processes on two hosts", tally.fired)
    assert tally.wrong == {}


@pytest.mark.crash
@pytest.mark.parametrize("crash", CLASSES)
def test_every_answer_can_be_lost_on_either_host(crash, record_property):
    tally = lost_answers(Tally(), crash=crash, hosts=2)
    record_property("lost answers on two hosts", tally.runs)
    assert tally.wrong == {}


@pytest.mark.crash
@pytest.mark.parametrize("undo_at", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("crash", CLASSES)
def test_one_crash_around_an_undo_on_two_hosts(crash, undo_at, record_property):
    tally = crashes(Tally(share=29), 1, crash=crash, undo_at=undo_at, hosts=2)
    record_property("single crashes around an undo on two hosts", tally.fired)
    assert tally.wrong == {}
