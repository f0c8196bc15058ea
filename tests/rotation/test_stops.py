"""What stops a key although everything else is ready: pauses, blackouts, hands-off; and the unattended try of what failed."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from keyward.ledger.records import RotationState, WaitingOn
from keyward.model.credential import State
from keyward.model.errors import Exit, NeedsPerson, NotConfigured, SourceError
from keyward.rotation.engine import Engine
from keyward.rotation.outcome import Until
from keyward.rotation.pause import Pause
from keyward.rotation.policy import Retire
from keyward.rotation.state import from_row

DAY = timedelta(days=1)


def paused(play, query="", **more):
    pause = Pause("p1", query, "kim", "other-host", "release week", play.world.now, **more)
    play.ledger.set_meta(*pause.fact)
    return pause


def cut_over(play, **policy):
    engine, plan = play.plan(**policy)
    (outcome,) = engine.run(plan, until=Until.CUT_OVER)
    play.world.advance(timedelta(minutes=10))
    return outcome.rotation


def unattended(play, **reach):
    """An engine that nobody watches."""
    engine = play.life()
    return Engine(replace(engine.reach, unattended=True, **reach), new_id=engine._new_id)


def test_a_paused_key_is_not_started_by_anybody(play):
    paused(play, f"id:{play.stage.old.ref}")
    engine, plan = play.plan()
    assert not plan.ready
    assert any("paused by kim on" in blocker.what for blocker in plan.keys[0].blockers)
    assert plan.exit_code is Exit.NEEDS_PERSON
    with pytest.raises(NeedsPerson, match="release week"):
        engine.run(plan)
    assert play.ledger.rows == {}


@pytest.mark.parametrize("query", ["", "provider:fake-keys", "store:vault", "id:{new}", "!project:elsewhere"])
def test_a_paused_key_is_not_retired_until_the_pause_is_lifted(play, query):
    rotation = cut_over(play)
    new = from_row(play.ledger.rotation(rotation)).new.id
    pause = paused(play, query.format(new=new))
    for _ in range(2):
        (outcome,) = play.life().go_on([rotation], until=Until.DEAD)
        assert (outcome.state, outcome.waiting_on) == (RotationState.OVERLAP, WaitingOn.PERSON)
        assert "release week" in outcome.why
        assert outcome.exit_code is Exit.NEEDS_PERSON
        assert play.stage.old.state is State.ACTIVE
    play.ledger.set_meta(pause.fact[0], None)
    (outcome,) = play.life().go_on([rotation], until=Until.DEAD)
    assert outcome.state is RotationState.DONE
    assert play.tidy_problems() == []


def test_a_pause_of_something_else_stops_nothing(play):
    paused(play, "project:elsewhere")
    (outcome,) = play.life().go_on([cut_over(play)], until=Until.DEAD)
    assert outcome.state is RotationState.DONE


def test_a_pause_between_the_gate_and_the_end_still_stops_it(play):
    """The gate was passed by a process that died before it revoked; the next one asks again."""
    rotation = cut_over(play)
    row = play.ledger.rows[rotation]
    play.ledger.rows[rotation] = replace(row, state=RotationState.RETIRING)
    paused(play)
    (outcome,) = play.life().go_on([rotation])
    assert outcome.waiting_on is WaitingOn.PERSON
    assert play.stage.old.state is State.ACTIVE


def test_what_is_half_written_completes_although_it_is_paused(play, monkeypatch):
    engine, plan = play.plan()
    write = type(play.stage.files).write

    def broken(*_args, **_more):
        raise SourceError("503", status="failed")

    monkeypatch.setattr(play.stage.files, "write", broken)
    (outcome,) = engine.run(plan, until=Until.CUT_OVER, timeout=timedelta(minutes=15))
    assert outcome.state is RotationState.DISTRIBUTING
    paused(play)
    monkeypatch.setattr(play.stage.files, "write", write.__get__(play.stage.files))
    play.world.advance(timedelta(minutes=1))
    (outcome,) = play.life().go_on([outcome.rotation])
    assert outcome.state is RotationState.OVERLAP
    assert play.stage.old.state is State.ACTIVE


def test_a_blackout_stops_retirement_until_it_ends(play):
    rotation = cut_over(play, retire=Retire.AUTO, quiet=timedelta(0), retire_by=30 * DAY)
    play.world.advance(DAY)
    until = play.world.now + DAY
    engine = unattended(play, closed_until=lambda at: until if at < until else None)
    (outcome,) = engine.turn([rotation])
    assert (outcome.state, outcome.waiting_on, outcome.due) == (RotationState.OVERLAP, WaitingOn.TIME, until)
    assert "blackout" in outcome.why
    assert play.stage.old.state is State.ACTIVE
    play.world.advance(DAY + timedelta(minutes=1))
    (outcome,) = engine.turn([rotation])
    assert outcome.state is RotationState.RETIRING
    assert play.stage.old.state is not State.ACTIVE


def test_retire_now_is_a_persons_word_against_a_blackout(play):
    rotation = cut_over(play)
    engine = unattended(play, closed_until=lambda at: at + DAY)
    (outcome,) = engine.turn([rotation])
    assert outcome.state is RotationState.RETIRING


@pytest.mark.parametrize("where", ["key", "secret"])
def test_hands_off_said_during_the_overlap_stops_retirement(play, where):
    rotation = cut_over(play)
    if where == "key":
        play.stage.old.annotations["keyward"] = "hands-off"
    else:
        play.stage.vault.labels["acme", "app"] = {"keyward": "hands-off"}
    (outcome,) = play.life().go_on([rotation], until=Until.DEAD)
    assert outcome.waiting_on is WaitingOn.PERSON
    assert "keyward=hands-off" in outcome.why
    assert play.stage.old.state is State.ACTIVE


# Unattended tries


def test_unattended_tries_climb_the_ladder_and_a_persons_do_not(play, monkeypatch):
    rotation = cut_over(play, retire=Retire.AUTO)

    def denied(*_args, **_more):
        raise SourceError("no monitoring", status="denied", permission="monitoring.timeSeries.list")

    monkeypatch.setattr(play.stage.keys, "usage", denied)
    waits = []
    for _ in range(3):
        (outcome,) = unattended(play).turn([rotation])
        assert outcome.waiting_on is WaitingOn.BLOCKED
        now = from_row(play.ledger.rotation(rotation))
        waits.append((now.failures, now.retry_at - play.world.now))
        play.world.advance(now.retry_at - play.world.now)
    assert waits == [(1, timedelta(hours=1)), (2, timedelta(hours=2)), (3, timedelta(hours=4))]
    play.life().go_on([rotation])
    assert from_row(play.ledger.rotation(rotation)).failures == 3
    monkeypatch.undo()
    (outcome,) = unattended(play).turn([rotation])
    found = from_row(play.ledger.rotation(rotation))
    assert (found.failures, found.retry_at) == (0, None)
    assert outcome.waiting_on is not WaitingOn.BLOCKED


def test_one_rotation_that_goes_wrong_stops_no_other(play, monkeypatch):
    play.world.add_key("second")
    play.stage.vault.put("acme", "second", payload=json.dumps({"k": play.world.keys["second"].material}))
    first, second = cut_over(play), None
    engine, plan = play.plan("second")
    (outcome,) = engine.run(plan, until=Until.CUT_OVER)
    second = outcome.rotation
    play.world.advance(timedelta(minutes=10))
    real = play.stage.keys.get

    def missing(ref, ctx):
        if ref == play.stage.old.ref:
            raise NotConfigured("the provider is not set up here")
        return real(ref, ctx)

    monkeypatch.setattr(play.stage.keys, "get", missing)
    found = {outcome.rotation: outcome for outcome in unattended(play).turn([first, second])}
    assert found[first].exit_code is Exit.NOT_CONFIGURED
    assert "not set up" in found[first].why
    assert found[second].state is RotationState.RETIRING


def test_a_held_rotation_is_an_outcome_and_no_error(play):
    rotation = cut_over(play)
    play.ledger.acquire(f"rotation:{rotation}", "another/1", 300)
    (outcome,) = unattended(play).turn([rotation])
    assert outcome.exit_code is Exit.HELD
