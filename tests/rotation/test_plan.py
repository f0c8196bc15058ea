"""The plan: pure, complete, without values, and honest about what stands in the way."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.ledger.records import RotationState
from keyward.model.capability import CrashClass, Readiness, Ready
from keyward.model.credential import Credential, Kind, State
from keyward.model.errors import Exit
from keyward.model.ids import CredentialRef
from keyward.providers.interface import Want
from keyward.rotation.facts import Facts, KeyAsRead, OpenRotation, PlaceFacts
from keyward.rotation.places import Holds
from keyward.rotation.plan import plan
from keyward.rotation.plan_diff import differences
from keyward.rotation.plan_json import to_json
from keyward.rotation.policy import Policy, Retire
from keyward.rotation.state import KeyFacts

NOW = datetime(2026, 3, 1, tzinfo=UTC)
REF = CredentialRef("fake-keys", "acme", ("u1",))

places = st.builds(
    PlaceFacts,
    st.sampled_from(["vault:acme/a#/x", "vault:acme/b", "env:/w/.env#K"]),
    st.sampled_from(["vault:acme/a", "vault:acme/b", "env:/w/.env"]),
    st.sampled_from(["", "K"]),
    st.sampled_from(["vault", "env"]),
    st.just("acme"),
    version=st.sampled_from(["1", "2"]),
    here=st.booleans(),
    holds=st.sampled_from([None, Holds.OLD]),
    problem=st.sampled_from(["", "denied"]),
    accepted=st.booleans(),
    new=st.booleans(),
    foreign=st.sampled_from(["", "Terraform manages it"]),
    hands_off=st.booleans(),
    unsafe=st.sampled_from(["", "others can write it"]),
    pins=st.sampled_from([(), (("live", "1"),)]),
    readiness=st.sampled_from([(), (Readiness("write", Ready.NO, "no"),), (Readiness("write", Ready.UNKNOWN, "?"),)]),
)
keys = st.builds(
    lambda state, crash, found, ready, hands_off, under_way: KeyAsRead(
        str(REF),
        Credential(REF, Kind.API_KEY, state, created=NOW - timedelta(days=9)),
        KeyFacts(str(REF), "u1", fingerprint="f"),
        Want("acme"),
        crash,
        ("create", "restore"),
        ready,
        places=found,
        hands_off=hands_off,
        under_way=under_way,
    ),
    st.sampled_from(State),
    st.sampled_from(CrashClass),
    st.lists(places, max_size=3).map(tuple),
    st.sampled_from([(), (Readiness("create", Ready.NO, "policy"),)]),
    st.booleans(),
    st.sampled_from([None, OpenRotation("r", RotationState.OVERLAP, "time", "")]),
)
policies = st.builds(
    Policy,
    retire=st.sampled_from(Retire),
    waive=st.sampled_from([(), ("vault:acme/b",), ("env:/w/.env#K",)]),
    accept_unproved=st.booleans(),
    even_if_foreign=st.booleans(),
)


@given(st.lists(keys, max_size=3), policies)
def test_the_same_facts_make_the_same_plan(found, policy):
    facts = Facts(NOW, tuple(found), "me", "me@example.com", "test", "here")
    first, again = plan(facts, policy), plan(facts, policy)
    assert first == again
    assert json.loads(json.dumps(to_json(first))) == to_json(again)
    assert differences(to_json(first), to_json(plan(replace(facts, at=NOW + timedelta(hours=1)), policy))) == []


@given(keys, policies)
def test_a_ready_plan_writes_only_where_it_may(key, policy):
    (found,) = plan(Facts(NOW, (key,)), policy).keys
    if found.under_way is not None or not found.ready:
        return
    assert key.credential.state is State.ACTIVE
    assert key.crash is CrashClass.NAMED
    assert not key.hands_off
    for place in key.places:
        waived = policy.waives(place.at, place.secret)
        target = place.at in {target.at for target in found.targets}
        if not waived:
            assert place.accepted
            assert place.here
            assert place.holds is Holds.OLD
            assert target
            assert not (place.hands_off)
            assert not (place.unsafe)
            assert policy.even_if_foreign or not place.foreign
    assert found.targets


def test_the_plan_says_everything(play):
    _, made = play.plan()
    data = to_json(made)
    (key,) = data["keys"]
    assert data["schema"] == "keyward.plan/1"
    assert data["identity"] == "tester@example.com"
    assert data["world"] == "test"
    assert key["age_is"] == "exact"
    assert key["last_use"]["window_days"] == 42
    assert [step["step"] for step in key["steps"]] == [
        *("create", "verify", "write", "write", "write", "alias", "overlap", "gate", "retire", "confirm", "tidy")
    ]
    assert all(step["undo"] for step in key["steps"])
    assert key["irreversible"][0]["at"]
    assert key["want"]["restrictions"]["raw"] == {"apiTargets": [{"service": "one.example.com"}]}
    text = json.dumps(data)
    assert play.stage.old.material not in text
    assert "fingerprint" not in text
    assert data["command"][:3] == ["keyward", "rotate", "fake-keys:acme/old"]


def test_another_place_or_version_is_another_plan(play):
    _, first = play.plan()
    play.stage.ring.put("service", "user", payload=play.stage.old.material)
    _, same = play.plan()
    assert differences(to_json(first), to_json(same)) == []
    play.stage.vault.put("acme", "app", payload=play.stage.vault.current(("acme", "app")))
    _, other = play.plan()
    assert any("before" in line for line in differences(to_json(first), to_json(other)))


@pytest.mark.parametrize("state", [State.RESTORABLE, State.DELETED, State.DISABLED, State.UNKNOWN])
def test_a_key_that_is_not_active_is_not_rotated(play, state):
    play.stage.old.state = state
    _, made = play.plan()
    assert made.exit_code is Exit.NEEDS_PERSON


@pytest.mark.parametrize("state", [State.BLOCKED, State.EXPIRED])
def test_a_key_that_nobody_can_bring_back_gets_a_successor_and_it_is_said_that_there_is_no_undo(play, state):
    play.stage.old.state = state
    _, made = play.plan()
    assert made.ready
    assert any("so there is no undo" in warning for warning in made.keys[0].warnings)


def test_a_key_that_nobody_holds_is_not_rotated(play):
    play.world.add_key("nowhere")
    _, made = play.plan("nowhere")
    assert "no place is known" in made.keys[0].blockers[0].what


def test_a_key_that_does_not_exist(play):
    engine = play.life()
    made = engine.plan([CredentialRef("fake-keys", "acme", ("absent",))], Policy())
    assert not made.ready
    assert "does not exist" in made.keys[0].blockers[0].what


def test_keywards_own_annotations_are_not_copied(play):
    play.stage.old.annotations.update({"keyward-rotation": "r0", "team": "web"})
    _, made = play.plan()
    assert made.keys[0].want.annotations == {"team": "web"}
