"""Acts on one key: what stands in their way, what is done once, and what a lost answer or another worker does to them."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from keyward.model.capability import Act, Can, CrashClass
from keyward.model.credential import State
from keyward.model.errors import Exit, NeedsPerson
from keyward.model.usage import UseStatus
from keyward.rotation.acts import trail
from keyward.rotation.acts.doing import do
from keyward.rotation.acts.facts import InUse, read
from keyward.rotation.acts.outcome import ActOutcome
from keyward.rotation.acts.plan import ActPlan
from keyward.rotation.acts.plan import plan as planned
from keyward.rotation.acts.proof import works
from keyward.rotation.acts.wish import Wish
from keyward.rotation.policy import Policy

WEEK = timedelta(days=7)


@pytest.fixture
def alone(play):
    """A key that no place holds any more."""
    for store in (play.stage.vault, play.stage.files, play.stage.ring):
        for versions in store.secrets.values():
            versions[-1][0] = versions[-1][0].replace(play.world.keys["old"].material, "taken out")
    play.world.watched.clear()
    return play


def plan(play, act, *names, **wish):
    """The reach of a new process, and its plan."""
    reach = play.life().reach
    wished = Wish(act, **{"yes": True, "reason": "trial", **wish})
    refs = [play.world.keys[name].ref for name in names or ("old",)]
    keys = planned(read(reach, refs, wished, Policy(waive=wished.waive), lambda _: False), wished, reach.ctx.now)
    return reach, ActPlan(reach.ctx.now, wished, keys)


def acted(play, act, *names, **wish):
    """What came of it in a new process."""
    reach, made = plan(play, act, *names, **wish)
    (outcome,) = do(reach, made, wait=act is Act.REVOKE)
    return outcome


def in_the_way(play, act, **wish):
    return " | ".join(f"{one.what} {one.hint}" for key in plan(play, act, **wish)[1].keys for one in key.blockers)


def use(play, ago):
    play.stage.keys.uses.append((play.world.now - ago, "uid-old"))


def test_a_key_that_places_hold_is_not_revoked_without_those_words(play):
    reach, made = plan(play, Act.REVOKE)
    assert made.keys[0].breaks
    assert all("its readers fail" in one for one in made.keys[0].breaks)
    with pytest.raises(NeedsPerson, match="--even-if-broken"):
        do(reach, made)
    assert play.world.keys["old"].state is State.ACTIVE
    assert not play.ledger.trail
    assert not in_the_way(play, Act.REVOKE, even_if_broken=True)


def test_a_waived_place_is_left_out(play):
    places = [place.at for place in plan(play, Act.REVOKE)[1].keys[0].places]
    assert not in_the_way(play, Act.REVOKE, waive=tuple(places))
    assert places[0] in in_the_way(play, Act.REVOKE, waive=tuple(places[1:]))


def test_a_key_in_use_is_not_revoked_without_those_words(alone):
    use(alone, timedelta(hours=3))
    assert "it is in use, last on" in in_the_way(alone, Act.REVOKE)
    assert not in_the_way(alone, Act.REVOKE, even_if_used=True)


def test_use_long_ago_is_no_use(alone):
    use(alone, timedelta(days=30))
    assert not in_the_way(alone, Act.REVOKE)


def test_its_own_tries_are_no_use_by_others(alone):
    alone.stage.keys.uses.clear()
    reach = alone.life().reach
    key = plan(alone, Act.REVOKE)[1].keys[0]
    works(reach, key, ActOutcome("old", True, ""))
    assert alone.stage.keys.uses, "the try is on the provider's record"
    assert plan(alone, Act.REVOKE)[1].keys[0].in_use is InUse.NO
    use(alone, timedelta(minutes=1))
    assert plan(alone, Act.REVOKE)[1].keys[0].in_use is InUse.YES


@pytest.mark.parametrize("status", [UseStatus.DENIED, UseStatus.UNSUPPORTED, UseStatus.FAILED])
def test_what_is_not_known_is_no_silence(alone, status):
    alone.stage.keys.usage_status = status
    assert "whether it is in use is not known" in in_the_way(alone, Act.REVOKE)
    assert not in_the_way(alone, Act.REVOKE, even_if_used=True)
    assert not in_the_way(alone, Act.REVOKE, yes=False, interactive=True), "a person sees it in the plan"


def test_revoked_proved_dead_and_restored_proved_alive(alone):
    ended = acted(alone, Act.REVOKE)
    assert ended.done
    assert ended.proved
    assert ended.proof.startswith("dead:")
    assert ended.undo_until is not None
    assert alone.world.keys["old"].state is State.RESTORABLE
    back = acted(alone, Act.RESTORE)
    assert (back.done, back.proved, back.state) == (True, True, "active")
    steps = [(line.kind, line.step) for line in alone.ledger.trail]
    assert [step for step in steps if step[0] in ("intent", "outcome")] == [
        ("intent", "revoke"),
        ("outcome", "revoke"),
        ("intent", "restore"),
        ("outcome", "restore"),
    ]
    assert alone.world.keys["old"].material not in alone.ledger.text()
    assert not alone.ledger.metas(trail.BEGUN)


def test_again_is_nothing(alone):
    assert acted(alone, Act.REVOKE).said == "revoked"
    effects = len(alone.world.effects)
    assert acted(alone, Act.REVOKE).said == "it was so already"
    assert len(alone.world.effects) == effects


def test_disabled_and_enabled_where_that_can_be(alone):
    assert "cannot be disabled" in in_the_way(alone, Act.DISABLE)
    assert "keyward revoke" in in_the_way(alone, Act.DISABLE)
    alone.stage.keys.can |= {Can.DISABLE}
    assert acted(alone, Act.DISABLE).state == "disabled"
    assert "keyward enable" in in_the_way(alone, Act.RESTORE)
    assert acted(alone, Act.ENABLE).proved


def test_a_lost_answer_is_settled_by_looking(alone):
    alone.world.lose = lambda what: what.startswith("revoke")
    ended = acted(alone, Act.REVOKE)
    assert ended.done
    assert alone.world.effects.count("revoke old") == 1


def test_a_key_that_changed_since_the_plan_is_left_alone(alone):
    reach, made = plan(alone, Act.REVOKE)
    alone.world.keys["old"].etag += 1
    (outcome,) = do(reach, made)
    assert (outcome.done, outcome.exit_code) == (False, Exit.WORLD_CHANGED)
    assert alone.world.keys["old"].state is State.ACTIVE


def test_the_providers_own_check_is_told_plainly(alone, monkeypatch):
    from keyward.model.errors import Refused

    alone.stage.keys.can |= {Can.USAGE_CHECK}

    def refuse(act, ref, ctx, *, etag="", check_usage=False):
        assert check_usage
        raise Refused("used in the last 7 days", reason="in-use")

    monkeypatch.setattr(alone.stage.keys, "act", refuse)
    outcome = acted(alone, Act.REVOKE, unused=True)
    assert (outcome.done, outcome.exit_code) == (False, Exit.NEEDS_PERSON)
    assert "saw it in use" in outcome.said


def test_without_such_a_check_unused_is_refused(alone):
    assert "does not check by itself" in in_the_way(alone, Act.REVOKE, unused=True)


def test_a_rotation_under_way_comes_first(play):
    engine, made = play.plan()
    engine.run(made)
    assert "is under way" in in_the_way(play, Act.REVOKE, even_if_used=True, even_if_broken=True)
    (rotation,) = play.ledger.rotations(open_only=True)
    assert f"keyward undo {rotation.id}" in in_the_way(play, Act.REVOKE)
    new = next(name for name, key in play.world.keys.items() if key.marker)
    key = plan(play, Act.REVOKE, new)[1].keys[0]
    assert any("is under way" in one.what for one in key.blockers), "its successor is part of it too"


def test_a_rotation_that_was_begun_meanwhile_stops_it(alone, play):
    reach, made = plan(alone, Act.REVOKE, even_if_broken=True)
    held = json.dumps({"a": play.world.keys["old"].material, "b": play.world.keys["beside"].material})
    play.stage.vault.put("acme", "app", payload=held)
    engine, rotating = play.plan()
    engine.run(rotating)
    (outcome,) = do(reach, made)
    assert outcome.exit_code in (Exit.WORLD_CHANGED, Exit.HELD)
    assert "revoke old" not in play.world.effects


def test_hands_off_a_pause_and_another_owner_are_honoured(alone):
    alone.world.keys["old"].annotations = {"keyward": "hands-off"}
    assert "hands-off" in in_the_way(alone, Act.REVOKE)
    alone.world.keys["old"].annotations = {"managed-by": "terraform"}
    assert "Terraform" in in_the_way(alone, Act.REVOKE)
    assert not in_the_way(alone, Act.REVOKE, even_if_foreign=True)
    alone.world.keys["old"].annotations = {}
    pause = {"query": "", "actor": "ann", "host": "h", "reason": "audit", "at": "2026-01-01T00:00:00+00:00", "id": "1"}
    alone.ledger.set_meta("pause:1", json.dumps(pause))
    assert "paused by ann" in in_the_way(alone, Act.REVOKE)
    alone.world.keys["old"].state = State.RESTORABLE
    assert not in_the_way(alone, Act.RESTORE), "a pause stops starts and retirements"


def test_what_only_a_person_can_do_is_asked_of_one(alone, monkeypatch):
    keys = alone.stage.keys
    monkeypatch.setattr(keys, "crash", CrashClass.PERSON)
    keys.can -= {Can.DELETE}
    monkeypatch.setattr(keys, "by_hand", lambda act, ref: "https://console.example.com/keys")
    assert "https://console.example.com/keys" in in_the_way(alone, Act.REVOKE)
    outcome = acted(alone, Act.REVOKE, gone=True)
    assert outcome.done
    assert "tester says" in outcome.said
    assert "revoke old" not in alone.world.effects


def _commits(play, name):
    """Have this method of the ledger count as a commit, before and after which a process can die."""
    commit = getattr(play.ledger, name)

    def wrapped(*args):
        play.world.hook(f"before {name}")
        commit(*args)
        play.world.hook(f"after {name}")

    setattr(play.ledger, name, wrapped)


def test_killed_at_any_point_the_same_command_ends_it(play):
    from tests.rotation.conftest import Play
    from tests.rotation.fake_world import Crash

    point, killed = 0, True
    while killed:
        point += 1
        one = Play()
        count, killed = 0, False

        def hook(_, one=one, at=point):
            nonlocal count, killed
            count += 1
            if count == at:
                killed = one.world.crashed = True
                raise Crash

        one.world.watched.clear()
        for name in ("append", "set_meta"):
            _commits(one, name)
        reach, made = plan(one, Act.REVOKE, even_if_broken=True)
        one.world.hook = hook
        with suppress(Crash):
            do(reach, made)
        one.world.hook = lambda _: None
        outcome = acted(one, Act.REVOKE, even_if_broken=True)
        assert outcome.done, point
        assert one.world.keys["old"].state is State.RESTORABLE
        assert one.world.effects.count("revoke old") == 1, "once is enough"
        assert not one.ledger.metas(trail.BEGUN)
        assert any(line.kind == "outcome" and line.detail["ok"] for line in one.ledger.trail), point
    assert point > 10


def test_two_workers_do_it_once(alone):
    reach, made = plan(alone, Act.REVOKE)
    lease = alone.ledger.acquire(f"key:{made.keys[0].id}", "somebody/1", 300)
    (outcome,) = do(reach, made)
    assert outcome.exit_code is Exit.HELD
    alone.ledger.release(lease)
    (outcome,) = do(reach, replace(made))
    assert outcome.done
