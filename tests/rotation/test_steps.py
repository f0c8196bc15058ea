"""The steps of a plan read right for every way of making a key: who makes it, where its value is kept meanwhile, who deletes the old one."""

from datetime import UTC, datetime

import pytest

from keyward.model.capability import Can, CrashClass, Readiness, Ready
from keyward.model.credential import Credential, Kind, State
from keyward.model.ids import CredentialRef
from keyward.providers.interface import Want
from keyward.rotation.facts import Home, KeyAsRead
from keyward.rotation.policy import Policy, Retire
from keyward.rotation.state import KeyFacts
from keyward.rotation.steps import irreversible, steps

NOW = datetime(2026, 11, 20, tzinfo=UTC)
KEY = Credential(CredentialRef("shape", "openai", ("0123",)), Kind.BY_SHAPE, State.UNKNOWN)
AT = ("at https://vendor.example/new", "at https://vendor.example/old")


def made(crash, *, home="gsm:ops/*", tried=Ready.YES, **policy):
    readiness = (Readiness("try the new key", tried, "no API"),)
    key = KeyAsRead(
        KEY.id,
        KEY,
        KeyFacts.of(KEY),
        Want("openai"),
        crash,
        (Can.VERIFY.value,),
        readiness,
        home=Home(home),
        by_hand=AT,
    )
    return [(one.step, one.what) for one in steps(key, (), Policy(**policy), NOW)], irreversible(
        key, Policy(**policy), NOW
    )


@pytest.mark.parametrize(
    ("crash", "order", "what"),
    [
        (CrashClass.OWN_MATERIAL, ("stage", "create", "verify"), "the private half of the new key"),
        (CrashClass.MARKABLE, ("create", "stage", "verify"), "the new value and the old one"),
        (CrashClass.UNMARKABLE, ("create", "stage", "verify"), "the new value and the old one"),
        (CrashClass.PERSON, ("create", "stage", "verify"), "the new value and the old one"),
    ],
)
def test_what_is_shown_once_is_kept_in_the_home_until_all_is_done(crash, order, what):
    found, _ = made(crash)
    assert tuple(step for step, _ in found[:3]) == order
    assert f"keep {what} in gsm:ops/keyward-pending-... until all is done" in dict(found)["stage"]
    assert "remove what was staged" in dict(found)["tidy"]


def test_a_value_that_can_be_read_again_is_kept_nowhere():
    found, _ = made(CrashClass.NAMED, home="")
    assert "stage" not in dict(found)
    assert "staged" not in dict(found)["tidy"]


def test_a_person_makes_and_deletes_and_is_told_where():
    found, gone = made(CrashClass.PERSON)
    told = dict(found)
    assert told["create"] == "you make the new key at https://vendor.example/new and hand it in"
    assert told["retire"] == "you delete the old key at https://vendor.example/old and say so"
    assert told["confirm"] == "probe it until it is dead"
    assert [(one.at, "once you have deleted it" in one.what) for one in gone] == [(None, True)]


def test_what_cannot_be_tried_is_said_and_not_probed():
    told = dict(made(CrashClass.PERSON, tried=Ready.UNKNOWN)[0])
    assert "cannot be tried from here; it is taken unproved" in told["verify"]
    assert "confirm" not in told


def test_an_old_key_that_is_kept_is_not_deleted():
    found, gone = made(CrashClass.PERSON, retire=Retire.NEVER)
    assert "retire" not in dict(found)
    assert "keep" in dict(found)
    assert gone == ()
