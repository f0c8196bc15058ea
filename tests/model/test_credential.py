"""What is said of a credential, of a source and of a call is what is known."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.model.context import Ctx
from keyward.model.credential import AgeIs, Credential, Kind, Restrictions, State
from keyward.model.errors import Interrupted
from keyward.model.ids import CredentialRef, SecretRef
from keyward.model.secretinfo import SecretInfo, Version
from keyward.model.source import SourceReport, SourceStatus
from keyward.model.usage import UseStatus
from keyward.model.verdict import Verdict, VerdictKind

NOW = datetime(2026, 11, 20, tzinfo=UTC)
REF = CredentialRef("google-api-keys", "acme", ("uid",))


def credential(**more):
    return Credential(REF, Kind.API_KEY, more.pop("state", State.ACTIVE), **more)


def test_age_is_exact_or_at_least_or_unknown():
    day = timedelta(days=1)
    assert credential(created=NOW - 9 * day, first_seen=NOW - day).age(NOW) == (9 * day, AgeIs.EXACT)
    assert credential(first_seen=NOW - day).age(NOW) == (day, AgeIs.AT_LEAST)
    assert credential().age(NOW) is None
    assert credential(created=NOW + day).age(NOW) == (timedelta(0), AgeIs.EXACT)


@pytest.mark.parametrize("state", State)
def test_what_is_not_known_to_be_off_may_be_live(state):
    assert credential(state=state).live is (state in (State.ACTIVE, State.UNKNOWN))


def test_nothing_is_assumed_of_use():
    assert credential().last_use.status is UseStatus.NOT_SCANNED
    assert credential().id == "google-api-keys:acme/uid"


def test_no_restriction_means_neither_api_nor_client():
    assert Restrictions().none
    assert not Restrictions(apis=("generativelanguage.googleapis.com",)).none
    assert not Restrictions(client="ip").none


@pytest.mark.parametrize("status", SourceStatus)
def test_only_ok_and_disabled_count_as_coverage(status):
    assert SourceReport("google-api-keys:acme", status).covered is (status in (SourceStatus.OK, SourceStatus.DISABLED))


@pytest.mark.parametrize("kind", VerdictKind)
def test_only_works_and_recognised_prove_life(kind):
    assert Verdict(kind, "evidence").alive is (kind in (VerdictKind.WORKS, VerdictKind.RECOGNISED))


def test_versions_are_found_by_id():
    info = SecretInfo(SecretRef("gsm", ("acme", "web")), versions=(Version("2"), Version("1")))
    assert info.version("1") == Version("1")
    assert info.version("3") is None
    assert SecretInfo(info.ref).version("1") is None


def ctx(**more):
    return Ctx(clock=lambda: NOW, wait=lambda seconds: True, **more)


@given(st.integers(0, 100), st.integers(0, 100))
def test_a_deadline_only_comes_nearer(first, second):
    assert ctx().within(first).within(second).deadline == NOW + timedelta(seconds=min(first, second))


def test_a_cancelled_call_stops():
    cancel = threading.Event()
    context = ctx(cancel=cancel)
    context.check()
    cancel.set()
    with pytest.raises(Interrupted):
        context.within(5).check()
