"""The whole way, on the fake world: what a user is promised of one rotation."""

import json
from datetime import timedelta

import pytest

from keyward.ledger.records import RotationState, WaitingOn
from keyward.model.credential import State
from keyward.model.errors import Exit, NeedsPerson
from keyward.rotation.history import history, to_json
from keyward.rotation.outcome import Until


def test_a_rotation_goes_to_the_end_and_leaves_nothing(play):
    stage = play.stage
    engine, plan = play.plan()
    assert plan.ready, plan.keys[0].blockers
    assert {target.at for target in plan.keys[0].targets} == {
        "vault:acme/app#/a",
        "files:/w/.env#KEY",
        "ring:service/user",
    }
    (outcome,) = engine.run(plan, until=Until.DEAD)
    assert outcome.state is RotationState.DONE, outcome
    assert outcome.exit_code is Exit.OK
    new = next(key for key in play.world.live() if key.marker)
    assert stage.env_value() == new.material
    assert stage.files.current(("/w/.env",)) == f"# mine\nexport KEY='{new.material}'\nPORT=1\n"
    assert json.loads(stage.vault.current(("acme", "app"))) == {"a": new.material, "b": stage.beside.material}
    assert stage.vault.aliases["acme", "app"] == {"prod": "2"}
    assert stage.vault.secrets["acme", "app"][0][1].value == "disabled"
    assert stage.old.state is State.RESTORABLE
    assert play.tidy_problems() == []


def test_the_history_names_everything(play):
    engine, plan = play.plan()
    (outcome,) = engine.run(plan, until=Until.DEAD)
    found = history(play.ledger, play.ledger.rotation(outcome.rotation))
    data = to_json(found)
    assert found.undo_until == play.stage.old.deleted + timedelta(days=30)
    assert found.waived == ("quiet",)
    waived = next(line for line in found.lines if line.kind == "waived")
    assert waived.reason == "trial"
    writes = [line for line in found.lines if line.kind == "outcome" and line.step == "write"]
    assert {(line.target, line.before != "", line.after != "") for line in writes} == {
        ("vault:acme/app#/a", True, True),
        ("files:/w/.env#KEY", True, True),
        ("ring:service/user", True, True),
    }
    assert all(line.actor == "tester" and line.at is not None for line in found.lines)
    assert any(line.kind == "verdict" and line.verdict == "dead" and line.evidence for line in found.lines)
    assert play.stage.old.material not in json.dumps(data)
    assert "fingerprint" not in json.dumps(data)


def test_without_accepted_targets_nothing_happens(play):
    engine, plan = play.plan(accept_targets=False)
    assert plan.exit_code is Exit.NEEDS_PERSON
    with pytest.raises(NeedsPerson):
        engine.run(plan)
    assert play.world.effects == []
    assert play.ledger.rows == {}
    assert play.ledger.accepted == {}


def test_a_plan_changes_nothing(play):
    before = play.ledger.text()
    play.plan()
    assert play.world.effects == []
    assert play.ledger.text() == before
    assert play.ledger.accepted == {}


def test_a_tick_stops_at_what_only_time_can_do(play):
    engine, plan = play.plan()
    (outcome,) = engine.run(plan)
    assert outcome.waiting_on is WaitingOn.PROVIDER
    assert outcome.due is not None
    play.world.advance(timedelta(seconds=40))
    (outcome,) = play.life().go_on([outcome.rotation])
    assert outcome.state is RotationState.OVERLAP
    assert outcome.exit_code is Exit.OK
    effects = len(play.world.effects)
    (outcome,) = play.life().go_on([outcome.rotation])
    assert len(play.world.effects) == effects


def test_a_copy_made_after_the_rotation_is_new(play):
    engine, plan = play.plan()
    engine.run(plan, until=Until.DEAD)
    new = next(key for key in play.world.live() if key.marker)
    play.world.advance(timedelta(hours=1))
    play.stage.files.put("/w/copy/.env", payload=f"COPY={new.material}\n", hint="dotenv")
    engine = play.life()
    _, again = play.plan(new.ref.local[0])
    place = next(place for place in again.keys[0].places if place.new)
    assert place.at == "files:/w/copy/.env#COPY"
    assert [other.at for other in again.keys[0].places if other.new] == [place.at]
    assert again.exit_code is Exit.NEEDS_PERSON
    effects = list(play.world.effects)
    with pytest.raises(NeedsPerson, match="NEW"):
        engine.run(again)
    assert play.world.effects == effects
    _, named = play.plan(new.ref.local[0], accept_target=(place.at,))
    assert named.ready, named.keys[0].blockers


def test_undo_does_not_kill_a_key_that_a_copy_holds(play):
    engine, plan = play.plan()
    (outcome,) = engine.run(plan, until=Until.DEAD)
    new = next(key for key in play.world.live() if key.marker)
    play.stage.files.put("/w/copy.env", payload=f"COPY='{new.material}'\n", hint="dotenv")
    (undone,) = play.life().undo(outcome.rotation, "wrong", wait=True)
    assert undone.exit_code is Exit.NEEDS_PERSON
    assert "/w/copy.env" in undone.why
    assert new.state is State.ACTIVE
    assert play.stage.env_value() == play.stage.old.material
    play.stage.files.put("/w/copy.env", payload=f"COPY='{play.stage.old.material}'\n", hint="dotenv")
    (undone,) = play.life().go_on([outcome.rotation], until=Until.DEAD)
    assert undone.state is RotationState.ABORTED
    assert new.state is State.RESTORABLE


def test_undo_after_the_end_brings_the_old_key_back(play):
    engine, plan = play.plan()
    (outcome,) = engine.run(plan, until=Until.DEAD)
    (undone,) = play.life().undo(outcome.rotation, "it was the wrong one", wait=True)
    assert undone.state is RotationState.ABORTED
    assert undone.exit_code is Exit.OK
    assert play.stage.env_value() == play.stage.old.material
    assert {key.ref.local[0] for key in play.world.live()} == {"old", "beside"}
    current = play.stage.vault.aliases["acme", "app"]["prod"]
    assert json.loads(play.stage.vault.secrets["acme", "app"][int(current) - 1][0])["a"] == play.stage.old.material
    assert play.tidy_problems() == []
