"""What somebody else did meanwhile is never overwritten, and what cannot be read stops everything before it begins."""

import json
from datetime import timedelta

import pytest

from keyward.ledger.records import RotationState, WaitingOn
from keyward.model.capability import Readiness, Ready
from keyward.model.credential import State
from keyward.model.errors import Exit, NeedsPerson, Refused
from keyward.rotation.outcome import Until
from keyward.rotation.policy import OnFailure

APP = ("acme", "app")


def until_written(play, engine, plan):
    return engine.run(plan, until=Until.CUT_OVER)


def test_a_value_changed_after_the_plan_is_a_conflict(play):
    engine, plan = play.plan()
    stranger = play.world.add_key("stranger")
    play.stage.vault.put(*APP, payload=json.dumps({"a": stranger.material, "b": play.stage.beside.material}))
    (outcome,) = until_written(play, engine, plan)
    assert outcome.waiting_on is WaitingOn.CONFLICT
    assert outcome.exit_code is Exit.NEEDS_PERSON
    assert json.loads(play.stage.vault.current(APP))["a"] == stranger.material
    # The others were not touched either.
    assert play.stage.env_value() == play.stage.old.material
    assert not [effect for effect in play.world.effects if effect.startswith("write")]


def test_a_conflict_that_was_settled_lets_it_go_on(play):
    engine, plan = play.plan()
    stranger = play.world.add_key("stranger")
    play.stage.vault.put(*APP, payload=json.dumps({"a": stranger.material, "b": play.stage.beside.material}))
    (outcome,) = until_written(play, engine, plan)
    play.stage.vault.put(*APP, payload=json.dumps({"a": play.stage.old.material, "b": play.stage.beside.material}))
    (outcome,) = play.life().go_on([outcome.rotation], until=Until.CUT_OVER)
    assert outcome.state is RotationState.OVERLAP


def test_an_edit_between_reading_and_writing_is_a_conflict(play):
    engine, plan = play.plan()

    def edit(locator):
        play.stage.files.before_write = lambda locator: None
        text = play.stage.files.current(locator)
        play.stage.files.secrets[locator].append([text + "MORE=2\n", play.stage.files.secrets[locator][0][1]])

    play.stage.files.before_write = edit
    (outcome,) = until_written(play, engine, plan)
    assert outcome.exit_code is Exit.NEEDS_PERSON
    assert play.stage.env_value() == play.stage.old.material
    assert "MORE=2" in play.stage.files.current(("/w/.env",))
    (outcome,) = play.life().go_on([outcome.rotation], until=Until.CUT_OVER)
    assert outcome.state is RotationState.OVERLAP
    assert "MORE=2" in play.stage.files.current(("/w/.env",))


def test_an_edit_beside_the_key_is_kept(play):
    engine, plan = play.plan()
    play.stage.vault.put(
        *APP, payload=json.dumps({"a": play.stage.old.material, "b": play.stage.beside.material, "c": 1})
    )
    (outcome,) = until_written(play, engine, plan)
    assert outcome.state is RotationState.OVERLAP
    assert json.loads(play.stage.vault.current(APP))["c"] == 1


def test_a_refused_write_stays_open_with_both_keys_alive(play):
    play.stage.ring.refuse.add(("service", "user"))
    engine, plan = play.plan()
    (outcome,) = until_written(play, engine, plan)
    assert outcome.waiting_on is WaitingOn.REFUSED
    assert outcome.exit_code is Exit.FINDINGS
    assert play.stage.old.state is State.ACTIVE
    assert len([key for key in play.world.live() if key.marker]) == 1


def test_a_refused_write_is_rolled_back_where_that_is_wanted(play):
    play.stage.ring.refuse.add(("service", "user"))
    engine, plan = play.plan(on_failure=OnFailure.ROLLBACK)
    (outcome,) = engine.run(plan, until=Until.DEAD)
    assert outcome.state is RotationState.ABORTED
    assert outcome.exit_code is Exit.FINDINGS
    assert {key.ref.local[0] for key in play.world.live()} == {"old", "beside"}
    assert play.stage.env_value() == play.stage.old.material
    assert play.tidy_problems() == []


def test_a_refused_create_ends_the_rotation(play):
    play.stage.keys.refuse_create = Refused("the organisation forbids it", reason="FAILED_PRECONDITION")
    engine, plan = play.plan()
    (outcome,) = engine.run(plan, until=Until.DEAD)
    assert outcome.state is RotationState.ABORTED
    assert outcome.exit_code is Exit.FINDINGS
    assert "forbids" in outcome.why
    assert play.world.effects == []


def test_a_name_that_was_spent_is_followed_by_the_next(play):
    play.world.add_key("kw-01r00000000000000000000001-1", marker="01r00000000000000000000001", state=State.RESTORABLE)
    engine, plan = play.plan()
    (outcome,) = engine.run(plan, until=Until.CUT_OVER)
    assert outcome.successor.endswith("-2")


def test_a_name_that_somebody_else_took_needs_a_person(play):
    play.world.add_key("kw-01r00000000000000000000001-1", marker="somebody")
    engine, plan = play.plan()
    (outcome,) = engine.run(plan)
    assert (outcome.waiting_on, outcome.exit_code) == (WaitingOn.PERSON, Exit.NEEDS_PERSON)


def test_a_place_that_cannot_be_read_blocks_before_anything_is_made(play):
    engine = play.life()
    plan = engine.plan([play.stage.old.ref], play_policy(play))
    engine.run(plan)
    # It is known by now; a later key in it cannot be rotated while it is denied.
    play.world.advance(timedelta(minutes=1))
    play.life().go_on(list(play.ledger.rows), until=Until.DEAD)
    new = next(key for key in play.world.live() if key.marker)
    play.stage.vault.denied.add(APP)
    engine, plan = play.plan(new.ref.local[0])
    assert plan.exit_code is Exit.NEEDS_PERSON
    effects = list(play.world.effects)
    with pytest.raises(NeedsPerson, match="denied"):
        engine.run(plan)
    assert play.world.effects == effects
    _, waived = play.plan(new.ref.local[0], waive=("vault:acme/app#/a",))
    assert waived.ready, waived.keys[0].blockers


def play_policy(play):
    from tests.rotation.conftest import now_policy

    return now_policy()


def test_what_is_not_ready_blocks(play):
    play.stage.keys.ready = [Readiness("create keys", Ready.NO, "the policy forbids it", "ask", "keys.create")]
    _, plan = play.plan()
    assert not plan.ready
    assert "keys.create" in plan.keys[0].blockers[0].what


def test_written_but_not_readable(play):
    play.stage.vault.deny_after_write.add(APP)
    engine, plan = play.plan()
    (outcome,) = engine.run(plan, until=Until.DEAD)
    assert outcome.state in (RotationState.OVERLAP, RotationState.DISTRIBUTING)
    assert play.stage.old.state is State.ACTIVE


@pytest.mark.parametrize(
    "label", [{"keyward": "hands-off"}, {"goog-terraform-provisioned": "true"}, {"managed-by": "terraform"}]
)
def test_what_others_own_is_left_alone(play, label):
    play.stage.vault.labels[APP] = label
    _, plan = play.plan()
    assert plan.exit_code is Exit.NEEDS_PERSON
    (blocker,) = plan.keys[0].blockers
    assert blocker.why.value == "refused"


def test_hands_off_on_the_key(play):
    play.stage.old.annotations["keyward"] = "hands-off"
    _, plan = play.plan()
    assert any("hands-off" in blocker.what for blocker in plan.keys[0].blockers)
