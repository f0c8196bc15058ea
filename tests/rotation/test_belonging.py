"""An id and a secret that only stand side by side are tried together before anything is made."""

from dataclasses import replace

import pytest

from keyward.ledger.records import RotationState, WaitingOn
from keyward.model.verdict import VerdictKind
from tests.rotation.story import Story


@pytest.fixture
def told():
    return Story("pairs", targets=1)


def begun(told, **policy):
    engine = told.play.life()
    return engine.run(engine.plan([told.stage.old.ref], replace(told.policy, **policy)))[0]


def creates(told):
    return [effect for effect in told.world.effects if effect.startswith("create")]


def test_a_stranger_beside_the_id_ends_it_before_anything_is_made(told):
    before = told.stage.vault.current(("acme", "app"))
    told.stage.old.material = told.keys.halves()["material"]  # what stands in the place was never this key's
    outcome = begun(told)
    assert outcome.state in (RotationState.ROLLING_BACK, RotationState.ABORTED)
    assert "the old id and the secret beside it were tried together (dead" in told.row.data["failure"]
    told.finish()
    assert told.row.state is RotationState.ABORTED
    assert creates(told) == []
    assert told.stage.vault.current(("acme", "app")) == before


@pytest.mark.parametrize(
    ("kind", "waits"),
    [
        (VerdictKind.UNREACHABLE, WaitingOn.PROVIDER),
        (VerdictKind.BLOCKED, WaitingOn.BLOCKED),
        (VerdictKind.UNPROVED, WaitingOn.PERSON),
    ],
)
def test_what_proves_nothing_is_waited_for(told, kind, waits):
    told.keys.verdicts[told.stage.old.material] = kind
    assert begun(told).waiting_on is waits
    assert creates(told) == []
    told.keys.verdicts.clear()
    told.finish()
    assert told.row.state is RotationState.DONE


def test_a_person_may_go_on_without_proof(told):
    told.keys.verdicts[told.stage.old.material] = VerdictKind.UNPROVED
    begun(told, accept_unproved=True)
    assert creates(told)


def test_a_place_that_cannot_be_read_by_now_is_waited_for(told):
    engine = told.play.life()
    plan = engine.plan([told.stage.old.ref], told.policy)
    told.stage.vault.denied.add(("acme", "app"))
    (outcome,) = engine.run(plan)
    assert (outcome.waiting_on, creates(told)) == (WaitingOn.BLOCKED, [])
