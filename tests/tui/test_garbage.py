"""When the app looks for garbage."""

import gc
import weakref

import pytest

from keyward.tui import garbage


class Cycle:
    def __init__(self):
        self.me = self


@pytest.fixture
def clock(monkeypatch):
    now = [1_000.0]
    monkeypatch.setattr(garbage.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def begun(clock):  # its time is the test's
    made = garbage.Garbage()
    made.begin()
    yield made
    made.end()
    gc.unfreeze()


def old_garbage():
    """A cycle that nobody holds, past the look at the young."""
    cycle = Cycle()
    gone = weakref.ref(cycle)
    gc.collect(0)
    return gone


def test_the_old_are_looked_through_when_nobody_types(begun, clock):
    gone = old_garbage()
    clock[0] += 20
    begun.typed()
    clock[0] += 0.5
    begun.rested()
    assert gone() is not None, "a key was pressed half a second ago"
    clock[0] += 1
    begun.rested()
    assert gone() is None


def test_looks_are_seldom(begun, clock):
    clock[0] += 20
    old_garbage()
    begun.rested()
    gone = old_garbage()
    clock[0] += 5
    begun.rested()
    assert gone() is not None
    clock[0] += 6
    begun.rested()
    assert gone() is None


def test_one_who_never_stops_typing_waits_once_a_minute(begun, clock):
    gone = old_garbage()
    for _ in range(590):
        clock[0] += 0.1
        begun.typed()
        begun.rested()
    assert gone() is not None
    clock[0] += 2
    begun.typed()
    begun.rested()
    assert gone() is None


def test_no_look_of_its_own_comes_between(begun):
    gone = old_garbage()
    for _ in range(300_000):
        Cycle().me = None
    kept = [Cycle() for _ in range(100_000)]
    assert gone() is not None, f"not even after {len(kept)} new objects"


def test_the_end_leaves_it_as_it_was():
    before = gc.get_threshold()
    made = garbage.Garbage()
    made.begin()
    made.begin()
    assert gc.get_threshold() != before
    made.end()
    gc.unfreeze()
    assert gc.get_threshold() == before
    made.rested()
