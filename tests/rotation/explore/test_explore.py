"""Every state within a bound, around the real machine: the promises hold in each, an end can be reached from each, mistakes are found."""

import pytest

from tests.rotation.explore.bounds import LARGE, SMALL, Bound, explore
from tests.rotation.explore.world import Budget
from tests.rotation.matrix import FULL

pytestmark = [pytest.mark.crash, pytest.mark.timeout(3000)]

ONE_CRASH = Budget(crashes=1, lost=0, pauses=0, edits=0, uses=0, undos=0)
LOST = ONE_CRASH._replace(crashes=0, lost=1)
UNDO = ONE_CRASH._replace(undos=1)
EDIT = ONE_CRASH._replace(crashes=0, edits=1)
FROZEN = ONE_CRASH._replace(pauses=1)
SWEPT = ONE_CRASH._replace(crashes=0, sweeps=1)
USED = ONE_CRASH._replace(crashes=0, uses=1)

FLAWS = {
    "no sweep": Bound("C", ONE_CRASH),
    "stage after create": Bound("B", ONE_CRASH),
    "random ids": Bound("A", ONE_CRASH),
    "no overlap": Bound("A", ONE_CRASH),
    "no fence": Bound("C", FROZEN),
    "undo in the wrong order": Bound("A", UNDO),
    "no wait after undo": Bound("A", UNDO),
    "retry of create": Bound("D-", LOST),
    "value in the ledger": Bound("B", ONE_CRASH),
    "foreign value overwritten": Bound("A", EDIT),
    "old payload replayed": Bound("A", EDIT),
    "marker copied": Bound("C", SWEPT),
    "fingerprint check skipped": Bound("A", LOST),
    "late baseline": Bound("D-", ONE_CRASH),
    "no intent": Bound("D-", ONE_CRASH),
    "unguarded": Bound("C", FROZEN._replace(crashes=0)),
    "gate only once": Bound("A", ONE_CRASH._replace(edits=1)),
    "no quiet": Bound("A", USED),
    "pending secret kept": Bound("B", ONE_CRASH),
    "sweeps strangers": Bound("D", ONE_CRASH._replace(edits=1)),
    "no settling": Bound("C", UNDO, lag=True),
    "nothing taken back": Bound("C", FROZEN._replace(crashes=0)),
}


@pytest.mark.parametrize("bound", LARGE if FULL else SMALL, ids=str)
def test_every_promise_holds_in_every_state(bound, record_property):
    found = explore(bound)
    record_property("distinct states explored", found.states)
    record_property("steps between them", found.steps)
    assert (found.broken, found.stuck) == ("", 0), "\n".join(found.way)
    assert found.closed


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_mistake_is_found(flaw, record_property):
    found = explore(FLAWS[flaw], flaw)
    record_property("deliberate mistakes found by the exploration", bool(found.broken or found.stuck) + 0)
    assert found.broken, f"{flaw} passed through {found.states} states unseen"
    assert explore(FLAWS[flaw]).broken == "", "without the mistake it holds"
