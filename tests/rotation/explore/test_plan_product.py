"""The plan over a whole product of facts: what is ready was looked at, accepted and safe; what is not says why."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from keyward.model.capability import CrashClass, Readiness, Ready
from keyward.model.credential import Credential, Kind, State
from keyward.model.ids import CredentialRef
from keyward.providers.interface import Want
from keyward.rotation.facts import Facts, Home, KeyAsRead, PlaceFacts
from keyward.rotation.places import Holds
from keyward.rotation.plan import plan
from keyward.rotation.policy import Policy
from keyward.rotation.state import KeyFacts

NOW = datetime(2026, 3, 1, tzinfo=UTC)
REF = CredentialRef("fake-keys", "acme", ("u1",))
GOOD = PlaceFacts(
    "vault:acme/good", "vault:acme/good", "", "vault", "acme", version="1", holds=Holds.OLD, accepted=True
)
YES_NO = (False, True)


def _places():
    """Every sort of place, one fact at a time and all together."""
    for here, readable, accepted, new, foreign, hands_off, unsafe, denied in itertools.product(YES_NO, repeat=8):
        yield PlaceFacts(
            "vault:acme/s",
            "vault:acme/s",
            "",
            "vault",
            "acme",
            version="1",
            here=here,
            holds=Holds.OLD if readable else None,
            problem="" if readable and here else "denied",
            accepted=accepted,
            new=new,
            foreign="Terraform manages it" if foreign else "",
            hands_off=hands_off,
            unsafe="others can write it" if unsafe else "",
            readiness=(Readiness("write", Ready.NO, "no"),) if denied else (),
        )


def _keys():
    """Every sort of key."""
    states = (State.ACTIVE, State.DISABLED, State.RESTORABLE)
    for state, crash, home, create, hands_off, paused, known in itertools.product(
        states, CrashClass, YES_NO, YES_NO, YES_NO, ("", "paused by me"), ("f", "")
    ):
        yield KeyAsRead(
            str(REF),
            Credential(REF, Kind.API_KEY, state, created=NOW - timedelta(days=9)),
            KeyFacts(str(REF), "u1", fingerprint=known),
            Want("acme"),
            crash,
            ("create", "restore") if create else ("restore",),
            places=(GOOD,),
            hands_off=hands_off,
            paused=paused,
            home=Home("vault:acme/*") if home else Home(why="none"),
        )


def _planned(key, policy):
    found = plan(Facts(NOW, (key,)), policy)
    (only,) = found.keys
    assert only.ready == (not only.blockers) == found.ready
    assert all(blocker.what for blocker in only.blockers)
    return only


@pytest.mark.parametrize("even", YES_NO)
@pytest.mark.parametrize("waived", YES_NO)
def test_every_sort_of_place(even, waived, record_property):
    policy = Policy(even_if_foreign=even, waive=("vault:acme/s",) if waived else ())
    whole = next(key for key in _keys() if _planned(key, Policy()).ready)
    count = 0
    for place in _places():
        made = _planned(_with(whole, place), policy)
        # One of another host too: `holds` is then what that host read lately, `accepted` that it was accepted there.
        fine = place.holds is Holds.OLD and place.accepted and not place.hands_off and not place.unsafe
        fine = fine and (even or not place.foreign) and not place.readiness
        assert made.ready == (waived or bool(fine)), place
        targets = {target.at for target in made.targets}
        assert "vault:acme/good" in targets
        if made.ready:
            assert ("vault:acme/s" in targets) is not waived, (
                "what is neither written nor waived would go on with the old key"
            )
        count += 1
    record_property("plans of the product of facts", count)


def _with(key, place):
    from dataclasses import replace

    return replace(key, places=(GOOD, place))


@pytest.mark.parametrize("by_hand", YES_NO)
def test_every_sort_of_key(by_hand, record_property):
    count = 0
    for key in _keys():
        made = _planned(key, Policy(by_hand=by_hand))
        stageable = key.crash in {CrashClass.NAMED, CrashClass.PERSON} or bool(key.home.pattern)
        makeable = by_hand if key.crash is CrashClass.PERSON else "create" in key.can and stageable
        fine = key.credential.state is State.ACTIVE and not key.hands_off and not key.paused and key.facts.fingerprint
        assert made.ready == bool(fine and makeable), (key, made.blockers)
        count += 1
    record_property("plans of the product of facts", count)
