"""Two keys in one secret: one write, nothing lost, also when one is undone or fails."""

import json
from datetime import timedelta

from keyward.ledger.records import RotationState
from keyward.model.verdict import VerdictKind
from keyward.rotation.outcome import Until

SECRET = ("acme", "app")


def begun(play, **policy):
    engine, plan = play.plan("old", "beside", **policy)
    assert plan.ready, [key.blockers for key in plan.keys]
    return engine, plan


def test_one_write_for_both(play):
    engine, plan = begun(play)
    outcomes = engine.run(plan, until=Until.DEAD)
    assert [outcome.state for outcome in outcomes] == [RotationState.DONE] * 2
    writes = [effect for effect in play.world.effects if effect == "write vault:acme/app"]
    assert len(writes) == 1
    held = json.loads(play.stage.vault.current(SECRET))
    assert {held["a"], held["b"]} == {key.material for key in play.world.live()}
    assert play.tidy_problems() == []
    for outcome in outcomes:
        lines = [event for event in play.ledger.events(rotation=outcome.rotation) if event.step == "write"]
        assert [line.target for line in lines if line.kind == "outcome" and line.target.startswith("vault:")]


def test_undoing_one_keeps_the_other(play):
    engine, plan = begun(play)
    outcomes = engine.run(plan, until=Until.DEAD)
    first = next(outcome for outcome in outcomes if outcome.credential == play.stage.old.ref.__str__())
    (undone,) = play.life().undo(first.rotation, "wrong", wait=True)
    assert undone.state is RotationState.ABORTED
    held = json.loads(play.stage.vault.current(SECRET))
    assert held["a"] == play.stage.old.material
    other = next(outcome for outcome in outcomes if outcome is not first)
    successor = play.world.keys[other.successor.rpartition("/")[2]]
    assert held["b"] == successor.material
    assert play.tidy_problems() == []


def test_undoing_one_in_the_overlap_lets_the_other_go_on(play):
    engine, plan = begun(play)
    outcomes = engine.run(plan, until=Until.CUT_OVER)
    first, second = sorted(outcomes, key=lambda outcome: "beside" in outcome.credential)
    play.life().undo(first.rotation, "wrong", wait=True)
    (finished,) = [o for o in play.life().go_on([second.rotation], until=Until.DEAD) if o.rotation == second.rotation]
    assert finished.state is RotationState.DONE
    held = json.loads(play.stage.vault.current(SECRET))
    assert held["a"] == play.stage.old.material
    assert held["b"] == play.world.keys[second.successor.rpartition("/")[2]].material
    assert play.tidy_problems() == []


def test_one_that_never_works_does_not_hold_up_the_other_for_ever(play):
    engine, plan = begun(play)
    outcomes = engine.run(plan)
    bad = next(outcome for outcome in outcomes if "beside" in outcome.credential)
    material = play.world.keys[bad.successor.rpartition("/")[2]].material
    play.stage.keys.verdicts[material] = VerdictKind.DEAD
    for _ in range(8):
        outcomes = play.life().go_on([outcome.rotation for outcome in outcomes])
        play.world.advance(timedelta(minutes=10))
    states = {outcome.credential.rpartition("/")[2]: outcome.state for outcome in outcomes}
    held = json.loads(play.stage.vault.current(SECRET))
    assert held["b"] == play.stage.beside.material
    assert held["a"] != play.stage.old.material
    assert states["old"] not in (RotationState.VERIFIED, RotationState.DISTRIBUTING)
    assert play.world.violations == []


def test_keys_that_share_nothing_are_no_group(play):
    play.world.add_key("alone")
    play.stage.files.put("/w/other.env", payload=f"ALONE='{play.world.keys['alone'].material}'\n", hint="dotenv")
    engine, plan = play.plan("old", "alone")
    engine.run(plan)
    assert {row.group for row in play.ledger.rows.values()} == {""}


def test_one_key_in_two_parts_of_a_secret(play):
    old = play.stage.old.material
    play.stage.files.put("/w/two.env", payload=f"ONE={old}\nTWO='{old}'\n", hint="dotenv")
    real = play.stage.placements

    def both(credential):
        from keyward.model.ids import SecretRef
        from keyward.model.placement import Placement, Role

        found = [place for place in real(credential) if place.at.secret.locator != ("/w/two.env",)]
        version = play.stage.files._id(("/w/two.env",), len(play.stage.files.secrets["/w/two.env",]) - 1)
        text = play.stage.files.current(("/w/two.env",))
        if play.world.keys[credential.ref.local[0]].material in text:
            ref = SecretRef("files", ("/w/two.env",), "/w")
            found += [
                Placement(ref.at(version, part), credential.ref, Role.CURRENT, host="here") for part in ("ONE", "TWO")
            ]
        return found

    play.stage.placements = both
    engine, plan = play.plan()
    (outcome,) = engine.run(plan, until=Until.DEAD)
    assert outcome.state is RotationState.DONE
    new = next(key for key in play.world.live() if key.marker).material
    assert play.stage.files.current(("/w/two.env",)) == f"ONE={new}\nTWO='{new}'\n"
    assert play.world.effects.count("write files:/w/two.env") == 1
