"""Ticks, waiting, cancelling, being held, and what a person decides in between."""

import json
import threading
from datetime import timedelta

import pytest

from keyward.ledger.records import RotationState, WaitingOn
from keyward.model.credential import State
from keyward.model.errors import Exit, Held, Interrupted, SourceError, UnknownKey
from keyward.model.events import Finished, StepDone, StepStarted, Waiting
from keyward.rotation.codec import decode, encode
from keyward.rotation.engine import Engine
from keyward.rotation.outcome import Until, worst
from keyward.rotation.policy import Policy, Retire
from tests.rotation.conftest import now_policy

DAY = timedelta(days=1)


def with_ctx(engine, **changes):
    from dataclasses import replace

    return Engine(replace(engine.reach, ctx=replace(engine.reach.ctx, **changes)), new_id=engine._new_id)


def test_cancelled_in_the_middle_and_resumed(play):
    engine, plan = play.plan()
    cancel = threading.Event()
    engine = with_ctx(engine, cancel=cancel)
    play.world.hook = lambda point: cancel.set() if point == "after write files:/w/.env" else None
    with pytest.raises(Interrupted):
        engine.run(plan, until=Until.DEAD)
    assert play.ledger.leases == {}
    play.world.hook = lambda point: None
    (outcome,) = play.life().go_on(list(play.ledger.rows), until=Until.DEAD)
    assert outcome.state is RotationState.DONE
    assert play.tidy_problems() == []


def test_what_listeners_hear(play):
    engine, plan = play.plan()
    heard = []
    with_ctx(engine, report=heard.append).run(plan, until=Until.CUT_OVER)
    assert {StepStarted, StepDone, Waiting, Finished} <= {type(event) for event in heard}
    assert [event.target for event in heard if isinstance(event, StepStarted) and event.step == "write"] == [
        "files:/w/.env#KEY",
        "ring:service/user",
        "vault:acme/app#/a",
    ]
    assert all(play.stage.old.material not in repr(event) for event in heard)


def test_somebody_else_works_on_it(play):
    engine, plan = play.plan()
    (outcome,) = engine.run(plan)
    play.ledger.acquire(f"rotation:{outcome.rotation}", "another-host", 300)
    with pytest.raises(Held):
        play.life().go_on([outcome.rotation])


def test_another_host_goes_on_only_with_what_it_can_reach(play):
    from dataclasses import replace

    engine, plan = play.plan()
    engine.run(plan)
    play.world.advance(timedelta(minutes=1))
    far = play.life()
    far = Engine(replace(far.reach, host="far"), new_id=far._new_id)
    (outcome,) = far.go_on(list(play.ledger.rows))
    assert (outcome.waiting_on, outcome.exit_code) == (WaitingOn.HOST, Exit.OK)
    assert outcome.awaits == ("here",)
    assert f"needs a run on here: `keyward resume {outcome.rotation}`" in outcome.why
    assert [effect for effect in play.world.effects if effect.startswith("write")] == ["write vault:acme/app"]
    (outcome,) = play.life().go_on([outcome.rotation], until=Until.DEAD)
    assert outcome.state is RotationState.DONE


def test_a_second_rotation_of_the_same_key_continues_the_first(play):
    engine, plan = play.plan()
    (first,) = engine.run(plan)
    play.world.advance(timedelta(minutes=1))
    engine, again = play.plan()
    assert again.keys[0].under_way.id == first.rotation
    (second,) = engine.run(again, until=Until.CUT_OVER)
    assert second.rotation == first.rotation
    assert len(play.ledger.rows) == 1


def test_two_that_begin_at_once(play):
    engine, plan = play.plan()
    other = play.life()
    other.run(plan)
    with pytest.raises(Held):
        engine.run(plan)
    assert len([key for key in play.world.live() if key.marker]) == 1


def test_a_timeout_ends_the_waiting_not_the_rotation(play):
    engine, plan = play.plan(grace=DAY)
    began = play.world.now
    (outcome,) = engine.run(plan, until=Until.DEAD, timeout=timedelta(minutes=10))
    assert outcome.state is RotationState.OVERLAP
    assert outcome.exit_code is Exit.OK
    assert timedelta(minutes=10) <= play.world.now - began < timedelta(minutes=12)


def test_an_unknown_rotation(play):
    with pytest.raises(UnknownKey):
        play.life().go_on(["nothing"])


def test_retire_now_is_decided_while_it_waits_for_use(play):
    engine, plan = play.plan(retire=Retire.AUTO, grace=timedelta(0))
    (outcome,) = engine.run(plan, until=Until.CUT_OVER)
    (outcome,) = play.life().go_on([outcome.rotation])
    assert outcome.waiting_on is WaitingOn.USE
    engine, again = play.plan(reason="it leaked")
    (outcome,) = engine.run(again, until=Until.DEAD)
    assert outcome.state is RotationState.DONE
    decided = [event for event in play.ledger.trail if event.kind == "decided"]
    assert decided[0].detail["reason"] == "it leaked"
    assert decided[0].detail["retire"] == "now"


def test_a_copy_found_at_the_end_is_taken_in(play):
    engine, plan = play.plan()
    (outcome,) = engine.run(plan, until=Until.CUT_OVER)
    play.stage.files.put("/w/copy.env", payload=f"COPY='{play.stage.old.material}'\n", hint="dotenv")
    (outcome,) = play.life().go_on([outcome.rotation], until=Until.DEAD)
    assert outcome.waiting_on is WaitingOn.PERSON
    engine, again = play.plan(accept_targets=False)
    (outcome,) = engine.run(again, until=Until.DEAD)
    assert outcome.waiting_on is WaitingOn.PERSON  # not accepted, so not taken in
    assert play.stage.old.material in play.stage.files.current(("/w/copy.env",))
    engine, again = play.plan(accept_targets=False, accept_target=("files:/w/copy.env#COPY",))
    (outcome,) = engine.run(again, until=Until.DEAD)
    assert outcome.state is RotationState.DONE
    new = next(key for key in play.world.live() if key.marker)
    assert play.stage.files.current(("/w/copy.env",)) == f"COPY='{new.material}'\n"
    assert play.tidy_problems() == []


def test_a_provider_that_cannot_be_reached_is_waited_for(play, monkeypatch):
    real = play.stage.keys.create
    troubles = [SourceError("no route", status="unreachable"), SourceError("slow down", retry_after=90.0)]

    def create(want, marker, ctx, *, material=None):
        if troubles:
            raise troubles.pop(0)
        return real(want, marker, ctx)

    monkeypatch.setattr(play.stage.keys, "create", create)
    engine, plan = play.plan()
    (outcome,) = engine.run(plan)
    assert (outcome.waiting_on, outcome.exit_code) == (WaitingOn.PROVIDER, Exit.OK)
    (outcome,) = play.life().go_on([outcome.rotation], until=Until.CUT_OVER)
    assert outcome.state is RotationState.OVERLAP


def test_a_permission_that_was_lost_needs_somebody(play, monkeypatch):
    def create(want, marker, ctx, *, material=None):
        raise SourceError("no", status="denied", permission="keys.create")

    monkeypatch.setattr(play.stage.keys, "create", create)
    engine, plan = play.plan()
    (outcome,) = engine.run(plan, until=Until.DEAD)
    assert (outcome.waiting_on, outcome.exit_code) == (WaitingOn.BLOCKED, Exit.NEEDS_PERSON)
    assert "keys.create" in outcome.why


def test_a_new_key_that_never_works_needs_a_person_and_undo_deletes_it(play):
    engine, plan = play.plan()
    (outcome,) = engine.run(plan)
    new = next(key for key in play.world.live() if key.marker)
    from keyward.model.verdict import VerdictKind

    play.stage.keys.verdicts[new.material] = VerdictKind.DEAD
    (outcome,) = play.life().go_on([outcome.rotation], until=Until.DEAD)
    assert (outcome.waiting_on, outcome.state) == (WaitingOn.PERSON, RotationState.CREATING)
    assert not [effect for effect in play.world.effects if effect.startswith("write")]
    (outcome,) = play.life().undo(outcome.rotation, "")
    assert outcome.state is RotationState.ABORTED
    assert new.state is State.RESTORABLE
    assert play.tidy_problems() == []


def test_thirty_at_once(play):
    for number in range(30):
        key = play.world.add_key(f"k{number}")
        play.stage.files.put(f"/w/{number}.env", payload=f"KEY='{key.material}'\n", hint="dotenv")
    engine, plan = play.plan(*(f"k{number}" for number in range(30)), grace=timedelta(0), refresh=timedelta(0))
    assert plan.ready, [key.blockers for key in plan.keys if key.blockers]
    outcomes = engine.run(plan, until=Until.CUT_OVER)
    assert {outcome.state for outcome in outcomes} <= {RotationState.OVERLAP, RotationState.RETIRING}
    assert len(outcomes) == 30
    assert play.tidy_problems() == []


def test_exit_codes_by_precedence():
    assert worst([Exit.OK, Exit.HELD, Exit.NEEDS_PERSON]) is Exit.NEEDS_PERSON
    assert worst([Exit.NEEDS_PERSON, Exit.FINDINGS]) is Exit.FINDINGS
    assert worst([]) is Exit.OK


def test_a_policy_goes_through_json():
    policy = now_policy(waive=("a", "b"))
    assert decode(Policy, json.loads(json.dumps(encode(policy)))) == policy


def test_a_value_is_never_encoded():
    from keyward.model.secret import Secret

    with pytest.raises(TypeError):
        encode({"x": Secret.of("v")})
