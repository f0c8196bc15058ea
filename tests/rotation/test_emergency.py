"""A leaked key: no overlap, everything else as always; what cannot be written keeps it alive unless a person says otherwise."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keyward.ledger.records import PlacementRow, RotationState, WaitingOn
from keyward.model.capability import Readiness, Ready
from keyward.model.credential import State
from keyward.model.errors import Exit, NeedsPerson
from keyward.model.secret import Secret
from keyward.rotation.consumers.consumer import Consumer, Consumers
from keyward.rotation.engine import Engine
from keyward.rotation.outcome import Until
from keyward.rotation.policy import Policy, Retire
from keyward.rotation.state import TargetStatus, from_row
from tests.rotation.conftest import now_policy
from tests.rotation.fake_world import Fingerprints

APP = ("acme", "app")
NONE = timedelta(0)
LEAKED = {"emergency": True, "grace": NONE, "soak": NONE, "retire": Retire.NOW, "reason": "leaked"}


def rotation_of(play, outcome):
    return from_row(play.ledger.rotation(outcome.rotation))


def know(play):
    """Let the ledger know every place that a look finds now."""
    found = play.stage.look(play.stage.keys.get(play.stage.old.ref, play.world.ctx()))
    fingerprint = Fingerprints().fingerprint(Secret.of(play.stage.old.material))
    play.ledger.remember(
        PlacementRow(
            *(
                str(one.at.secret),
                one.at.version,
                one.at.part,
                str(play.stage.old.ref),
                fingerprint,
                "current",
                "enabled",
            ),
            *(one.at.secret.store, one.at.secret.scope),
            host=one.host,
            first_seen=play.world.now,
        )
        for one in found.placements
    )


def test_the_old_key_goes_as_soon_as_the_targets_are_written(play):
    engine, plan = play.plan(**LEAKED)
    began = play.world.now
    (outcome,) = engine.run(plan, until=Until.RETIRED)
    assert outcome.state is RotationState.RETIRING
    found = rotation_of(play, outcome)
    assert found.overlap_until == found.cutover
    assert found.revoked - found.cutover < timedelta(seconds=5)
    assert found.revoked - began < timedelta(minutes=2)
    assert play.stage.old.state is State.RESTORABLE
    (outcome,) = play.life().go_on([outcome.rotation], until=Until.DEAD)
    assert outcome.state is RotationState.DONE


def test_plan_and_trail_say_what_is_given_up_and_where_the_value_was(play):
    engine, plan = play.plan(**LEAKED)
    (key,) = plan.keys
    assert any("the overlap is given up" in warning for warning in key.warnings)
    assert next(step for step in key.steps if step.step == "overlap").what.startswith("no overlap")
    assert any("vault:acme/app" in line for line in key.seen)
    assert any("here" in line for line in key.seen)
    assert "--emergency" in plan.command
    assert "--grace" not in plan.command
    (outcome,) = engine.run(plan)
    begun = next(line for line in play.ledger.events(rotation=outcome.rotation) if line.kind == "begun")
    assert "overlap is given up" in begun.detail["emergency"]
    assert list(key.seen) == begun.detail["seen"]


def test_a_target_that_keeps_the_old_key_keeps_it_alive(play):
    play.stage.vault.refuse.add(APP)
    engine, plan = play.plan(**LEAKED)
    (outcome,) = engine.run(plan, until=Until.DEAD)
    assert outcome.state is RotationState.DISTRIBUTING
    assert outcome.waiting_on is WaitingOn.REFUSED
    assert play.stage.old.state is State.ACTIVE
    # A person who says so afterwards is obeyed in the same rotation.
    engine, again = play.plan(**LEAKED, even_if_broken=True)
    (outcome,) = engine.run(again, until=Until.DEAD)
    assert outcome.state is RotationState.DONE
    assert rotation_of(play, outcome).target("vault:acme/app#/a").status is TargetStatus.GIVEN_UP
    assert play.stage.old.state is State.RESTORABLE
    assert play.stage.old.material in play.stage.vault.current(APP)


def test_even_if_broken_everything_that_can_be_written_is(play):
    play.stage.vault.refuse.add(APP)
    engine, plan = play.plan(**LEAKED, even_if_broken=True)
    (outcome,) = engine.run(plan, until=Until.DEAD)
    assert outcome.state is RotationState.DONE
    new = next(key for key in play.world.live() if key.marker).material
    assert play.stage.ring.current(("service", "user")) == new
    waived = [line for line in play.ledger.events(rotation=outcome.rotation) if line.kind == "waived"]
    assert any("vault:acme/app" in line.detail["why"] for line in waived)


def test_a_place_that_cannot_be_read_is_given_up_in_the_plan(play):
    know(play)
    play.stage.vault.denied.add(APP)
    _, plan = play.plan(**LEAKED)
    assert not plan.ready
    engine, plan = play.plan(**LEAKED, even_if_broken=True)
    assert plan.ready
    assert any("vault:acme/app" in warning and "given up" in warning for warning in plan.keys[0].warnings)
    (outcome,) = engine.run(plan, until=Until.DEAD)
    assert outcome.state is RotationState.DONE


def test_with_nothing_to_write_to_it_is_a_revocation_and_not_a_rotation(play):
    know(play)
    stage = play.stage
    for store in (stage.vault, stage.files, stage.ring):
        store.denied.update(store.secrets)
    _, plan = play.plan(**LEAKED, even_if_broken=True)
    assert not plan.ready
    assert "keyward revoke" in " ".join(blocker.hint for blocker in plan.keys[0].blockers)


def test_what_may_not_be_made_is_not_made_in_an_emergency_either(play):
    play.stage.keys.ready = [Readiness("create", Ready.NO, "denied", permission="keys.create")]
    engine, plan = play.plan(**LEAKED, even_if_broken=True)
    with pytest.raises(NeedsPerson):
        engine.run(plan)


@pytest.mark.parametrize("broken", [False, True])
def test_a_pin_stops_it_only_until_a_person_says_otherwise(play, broken):
    stage = play.stage
    stage.vault.put(*APP, payload=stage.vault.current(APP))
    engine, plan = play.plan(**LEAKED, even_if_broken=broken)
    (outcome,) = engine.run(plan, until=Until.DEAD)
    assert outcome.state is (RotationState.DONE if broken else RotationState.OVERLAP)
    assert outcome.exit_code is (Exit.OK if broken else Exit.NEEDS_PERSON)
    assert stage.old.state is (State.RESTORABLE if broken else State.ACTIVE)


def test_a_rotation_that_waits_out_its_overlap_is_ended_by_an_emergency(play):
    engine, plan = play.plan(grace=timedelta(days=1), retire=Retire.AUTO)
    (outcome,) = engine.run(plan, until=Until.CUT_OVER)
    assert outcome.state is RotationState.OVERLAP
    engine, again = play.plan(**LEAKED)
    (ended,) = engine.run(again, until=Until.DEAD)
    assert (ended.rotation, ended.state) == (outcome.rotation, RotationState.DONE)
    assert play.world.now - rotation_of(play, ended).began < timedelta(hours=1)


def test_a_leaked_successor_is_for_an_undo(play):
    engine, plan = play.plan(grace=timedelta(days=1), retire=Retire.AUTO)
    (outcome,) = engine.run(plan, until=Until.CUT_OVER)
    made = next(name for name, key in play.world.keys.items() if key.marker)
    _, plan = play.plan(made, **LEAKED)
    assert not plan.ready
    assert f"keyward undo {outcome.rotation}" in plan.keys[0].blockers[0].hint


def test_it_can_be_undone(play):
    play.stage.vault.refuse.add(APP)
    engine, plan = play.plan(**LEAKED, even_if_broken=True)
    (outcome,) = engine.run(plan, until=Until.DEAD)
    (back,) = play.life().undo(outcome.rotation, "false alarm", wait=True)
    assert back.state is RotationState.ABORTED
    assert play.stage.old.state is State.ACTIVE
    assert [key.ref.local[0] for key in play.world.live()] == ["old", "beside"]
    assert play.stage.ring.current(("service", "user")) == play.stage.old.material


def test_the_policy_of_an_emergency_waits_for_nothing(play):
    from keyward.desk.agreeing import emergency

    wished = emergency(Policy())
    assert (wished.grace, wished.soak, wished.retire, wished.reader_delay) == (NONE, NONE, Retire.NOW, NONE)


@pytest.mark.parametrize("broken", [False, True])
def test_a_consumer_that_fails_keeps_it_alive_only_until_a_person_says_otherwise(play, tmp_path, broken):
    told = tmp_path / "told"
    consumers = Consumers(
        (Consumer("*", ("/bin/false",)), Consumer("*", ("/usr/bin/touch", str(told)))), {"PATH": "/bin"}
    )
    engine = Engine(replace(play.life().reach, consumers=consumers), new_id=lambda _: "01r00000000000000000000001")
    plan = engine.plan([play.stage.old.ref], now_policy(**LEAKED, even_if_broken=broken))
    (outcome,) = engine.run(plan, until=Until.RETIRED, timeout=timedelta(minutes=5))
    assert (play.stage.old.state is State.ACTIVE) is not broken
    assert told.exists() is broken
    assert outcome.state is (RotationState.RETIRING if broken else RotationState.DISTRIBUTING)
    told_of = [
        line for line in play.ledger.events(rotation=outcome.rotation) if line.step == "tell" and line.kind == "outcome"
    ]
    assert told_of[0].detail["ok"] is False
