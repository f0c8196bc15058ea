"""`rotate --to`: the new key is also written where the old one never was; only nothing is overwritten there."""

import json
from datetime import timedelta

import pytest

from keyward.ledger.records import RotationState, WaitingOn
from keyward.model.ids import PlacementRef
from keyward.rotation.outcome import Until
from keyward.rotation.policy import Retire
from keyward.rotation.state import TargetStatus, from_row
from tests.rotation.conftest import Play, now_policy
from tests.rotation.fake_world import Crash

AT = ("acme", "new")
TO = "vault:acme/new"


@pytest.fixture(autouse=True)
def _any_payload(monkeypatch):
    """The stage's own look reads JSON; a secret that is the key and nothing else is passed over by it."""
    from tests.rotation.fake_world import Stage

    look = Stage.part_of

    def part_of(self, store, locator, key):
        return None if locator == AT else look(self, store, locator, key)

    monkeypatch.setattr(Stage, "part_of", part_of)


def planned(play, engine, **policy):
    wished = now_policy(**{"to": (TO,), "retire": Retire.AUTO, "grace": timedelta(days=1), **policy})
    return engine.plan([play.world.keys["old"].ref], wished)


def rotation(play):
    (row,) = play.ledger.rotations()
    return from_row(row)


def new_value(play):
    return play.world.keys[rotation(play).new.ref.local[0]].material


def test_it_is_made_written_and_read_back_with_the_others(play):
    engine = play.life()
    made = planned(play, engine)
    assert made.ready
    assert any("which never held it" in step.what for step in made.keys[0].steps)
    assert made.command[made.command.index("--to") : made.command.index("--to") + 2] == ("--to", TO)
    assert AT not in play.stage.vault.secrets
    engine.run(made, until=Until.CUT_OVER)
    assert play.stage.vault.current(AT) == new_value(play)
    assert json.loads(play.stage.vault.current(("acme", "app")))["a"] == new_value(play)
    assert TO in play.ledger.targets()
    assert not play.tidy_problems()


def test_it_goes_to_the_end(play):
    engine = play.life()
    engine.run(planned(play, engine, retire=Retire.NOW, grace=timedelta(minutes=5)), until=Until.DEAD)
    assert rotation(play).state is RotationState.DONE
    assert play.stage.vault.current(AT) == new_value(play)
    assert [payload for payload, _ in play.stage.vault.secrets[AT]] == [new_value(play)]


def test_an_empty_secret_will_do_and_one_with_a_value_will_not(play):
    play.stage.vault.create(PlacementRef.parse(TO).secret, None, play.world.ctx())
    assert planned(play, play.life()).ready
    play.stage.vault.put(*AT, payload="somebody's")
    made = planned(play, play.life())
    assert not made.ready
    assert any("never overwritten" in blocker.what for blocker in made.keys[0].blockers)


def test_what_appears_there_meanwhile_is_a_conflict(play):
    engine = play.life()
    made = planned(play, engine)
    play.stage.vault.put(*AT, payload="somebody's")
    (outcome, *_) = engine.run(made, until=Until.CUT_OVER)
    assert outcome.waiting_on is WaitingOn.CONFLICT
    assert play.stage.vault.current(AT) == "somebody's"
    assert json.loads(play.stage.vault.current(("acme", "app")))["a"] == play.world.keys["old"].material


def test_a_place_that_holds_the_key_already_is_just_accepted(play):
    made = planned(play, play.life(), to=("vault:acme/app#/a",), accept_targets=False)
    place = next(place for place in made.keys[0].places if place.at == "vault:acme/app#/a")
    assert place.accepted
    assert not place.fresh


def test_an_undo_leaves_the_old_key_in_it(play):
    engine = play.life()
    engine.run(planned(play, engine), until=Until.CUT_OVER)
    engine.undo(rotation(play).id, "trial", wait=True)
    assert rotation(play).state is RotationState.ABORTED
    assert play.stage.vault.current(AT) == play.world.keys["old"].material
    assert not play.tidy_problems()


def test_an_undo_before_it_was_written_passes_it_by(play):
    engine = play.life()
    made = planned(play, engine)
    play.stage.vault.refuse.add(AT)
    engine.run(made, until=Until.CUT_OVER)
    assert rotation(play).target(TO).status is TargetStatus.REFUSED
    play.stage.vault.refuse.clear()
    play.life().undo(rotation(play).id, "trial", wait=True)
    assert rotation(play).state is RotationState.ABORTED
    assert play.stage.vault.secrets[AT] == []
    assert json.loads(play.stage.vault.current(("acme", "app")))["a"] == play.world.keys["old"].material


def test_killed_at_any_point_it_is_finished_by_resume():
    point, killed = 0, True
    while killed:
        point += 1
        one = Play()
        engine = one.life()
        made = planned(one, engine)
        seen, killed = 0, False

        def hook(what, one=one, at=point):
            nonlocal seen, killed
            if "new" in what or "make" in what or "write" in what:
                seen += 1
                if seen == at:
                    killed = one.world.crashed = True
                    raise Crash

        one.world.hook = hook
        try:
            engine.run(made, until=Until.CUT_OVER)
        except Crash:
            one.world.hook = lambda _: None
            one.life().go_on([rotation(one).id], until=Until.CUT_OVER)
        assert rotation(one).state is RotationState.OVERLAP, point
        assert [payload for payload, _ in one.stage.vault.secrets[AT]] == [new_value(one)], point
        assert not one.tidy_problems(), point
    assert point > 8
