"""Killed anywhere, for every class of key: crashes, pairs of crashes, frozen processes and lost answers, with a judge after every effect.

A share of them runs always; `KEYWARD_CRASH=full` runs all (docs/crash-safety.md).
"""

import itertools
from datetime import timedelta

import pytest

from keyward.model.errors import Held
from tests.rotation.fake_world import Crash
from tests.rotation.matrix import FULL, Tally, beginnings, crashes, lost_answers, zombies
from tests.rotation.story import CLASSES, ENDS, Story, problems, zombie

pytestmark = [pytest.mark.crash, pytest.mark.timeout(3000)]

EVERY = [
    pytest.param({"crash": crash, "targets": targets, "end": end}, id=f"{crash}-{targets}-{end}")
    for crash, targets, end in itertools.product(CLASSES, (1, 3), ENDS)
]
MADE = ("B", "C", "D", "D-")


@pytest.mark.parametrize("story", EVERY)
def test_undisturbed(story):
    told = Story(**story)
    told.finish()
    assert problems(told) == []


@pytest.mark.parametrize("story", EVERY)
def test_one_crash_at_every_point(story, record_property):
    tally = crashes(Tally(), 1, **story)
    record_property("single crashes", tally.fired)
    record_property("futures after a single crash", tally.runs)
    assert tally.wrong == {}
    assert tally.fired > 30


@pytest.mark.parametrize("story", EVERY)
def test_two_crashes_in_any_two_lives(story, record_property):
    tally = crashes(Tally(share=11), 2, **story)
    record_property("pairs of crashes", tally.fired)
    record_property("futures after a pair of crashes", tally.runs)
    assert tally.wrong == {}
    assert tally.fired > (500 if FULL else 5)


@pytest.mark.parametrize("crash", CLASSES)
def test_what_is_kept_at_a_point_is_what_a_crash_there_leaves(crash):
    """The process is killed by an exception here, with all that runs while it unwinds."""
    for _, kept, points, _ in beginnings(crash=crash, targets=3):
        left = []
        Story.life(told := Story.taken_up(kept), watch=lambda _, point, told=told, left=left: left.append(told.kept()))
        for point in range(1, points + 1):
            told = Story.taken_up(kept)
            assert told.life(dies_at=point)
            assert told.kept() == left[point - 1]


@pytest.mark.parametrize("story", EVERY)
def test_a_frozen_process_wakes_up_when_another_one_has_finished(story, record_property):
    tally = zombies(Tally(share=17), **story)
    record_property("frozen processes", tally.fired)
    record_property("of these fenced", tally.fenced)
    assert tally.wrong == {}
    assert tally.fenced > (20 if FULL else 0)


@pytest.mark.parametrize("story", EVERY)
def test_every_answer_can_be_lost_in_every_class(story, record_property):
    tally = lost_answers(Tally(), **story)
    record_property("lost answers", tally.runs)
    assert tally.wrong == {}
    assert tally.runs > 1


@pytest.mark.parametrize("crash", MADE)
@pytest.mark.parametrize("targets", [1, 3])
def test_one_crash_while_lists_lag(crash, targets, record_property):
    tally = crashes(Tally(share=5), 1, crash=crash, targets=targets, lag=timedelta(seconds=50))
    record_property("single crashes while lists lag", tally.fired)
    assert tally.wrong == {}


@pytest.mark.parametrize("crash", MADE)
def test_an_answer_is_lost_while_lists_lag(crash, record_property):
    tally = lost_answers(Tally(), crash=crash, targets=1, lag=timedelta(seconds=50))
    record_property("lost answers while lists lag", tally.runs)
    assert tally.wrong == {}


@pytest.mark.parametrize("undo_at", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("crash", CLASSES)
def test_one_crash_around_an_undo_at_any_time(crash, undo_at, record_property):
    tally = crashes(Tally(share=7), 1, crash=crash, undo_at=undo_at)
    record_property("single crashes around an undo", tally.fired)
    assert tally.wrong == {}


def _asleep(story, point, span):
    """A life whose host is suspended at that point, and wakes up later with its lease run out and taken by nobody."""

    def watch(_, name):
        if name == point and span:
            hook, story.world.hook = story.world.hook, lambda name: None
            story.world.advance(span.pop())
            story.world.hook = hook

    return story.life(watch=watch)


def _until_gate(story):
    """Live on until the gate can be passed."""
    while story.row is None or story.row.state.value != "overlap" or story.row.data["overlap_until"] > _now(story):
        story.life()
        story.rest()


def _now(story):
    return story.world.now.isoformat().replace("+00:00", "Z")


def test_what_was_seen_before_a_suspend_is_looked_at_again():
    """The gate was passed, the lid was closed for a day, and meanwhile somebody put the old key back into a place."""
    story = Story("A")
    _until_gate(story)
    point = "before commit retiring ['retire']"
    seen = []

    def watch(_, name):
        if name == point and not seen:
            seen.append(name)
            hook, story.world.hook = story.world.hook, lambda name: None
            story.world.advance(timedelta(days=1))
            story.stage.ring.put("service", "user", payload=story.stage.old.material)
            story.world.advance(timedelta(minutes=5))
            story.world.hook = hook

    with pytest.raises(Held, match="stood still"):
        story.life(watch=watch)
    assert seen
    story.finish()
    assert problems(story) == []


def test_a_create_is_not_sent_long_after_it_was_announced():
    """How long to look for what came of a create goes by when it was announced."""
    story = Story("C", targets=1, lag=timedelta(seconds=50))
    with pytest.raises(Held, match="stood still"):
        _asleep(story, "after commit creating ['create']", [timedelta(hours=1)])
    assert not any("create" in effect for effect in story.world.effects)
    story.finish()
    assert problems(story) == []


def test_a_frozen_process_deletes_nothing_that_another_one_took_over():
    """It froze right after it had staged a new value. The other one took that over and finished; the pending secret is gone."""
    story = Story("C", targets=1)
    frozen = "after write vault:acme/keyward-pending-01r00000000000000000000001"
    count = []

    def watch(number, name):
        if name == frozen:
            count.append(number)

    Story.life(measured := Story("C", targets=1), watch=watch)
    assert measured.row is not None
    story.world.strict = False
    assert zombie(story, count[0]) == (True, True)
    assert problems(story) == []


def test_a_name_that_readers_use_comes_back_too_when_an_undo_is_killed():
    story = Story("A", undo_at=3)
    for _ in range(3):
        story.life()
        story.rest()

    def watch(_, name):
        if name == "before commit rolling-back ['alias']":
            story.world.crashed = True
            raise Crash(name)

    assert story.life(watch=watch)
    assert story.stage.vault.aliases["acme", "app"]["prod"] == "2"
    story.finish()
    assert problems(story) == []
