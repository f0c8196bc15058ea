"""Rules on whether a key is used: not seen, never, and not known are different words, and a young key is not called unused."""

import pytest

from keyward.hygiene.rules import BY_ID
from keyward.model.credential import State
from keyward.model.usage import UseStatus
from tests.parts.estate import ago, estate, judged, key, results, silent, used

UNUSED, NEVER = BY_ID["KW-201"], BY_ID["KW-202"]
UNKNOWN = [UseStatus.DENIED, UseStatus.UNSUPPORTED, UseStatus.FAILED, UseStatus.NOT_SCANNED]


@pytest.mark.parametrize(("days", "ended"), [(0, ["pass"]), (30, ["pass"]), (31, ["fail"]), (40, ["fail"])])
def test_a_key_may_be_silent_as_long_as_allowed(days, ended):
    assert results(UNUSED, key(days=400, last_use=used(days)), estate()) == ended


def test_silence_is_told_with_its_day_and_a_way_out_that_its_provider_guards():
    (found,) = judged(UNUSED, key(days=400, last_use=used(31)), estate())
    assert found.evidence == ("last used 31 days ago, on 2026-10-20",)
    assert found.fix.commands == ("keyward revoke google-api-keys:acme-prod/one --unused",)


@pytest.mark.parametrize("rule", [UNUSED, NEVER])
@pytest.mark.parametrize("status", UNKNOWN)
def test_a_record_that_cannot_be_read_is_never_a_pass(rule, status):
    (found,) = judged(rule, key(days=400, last_use=silent(status, None)), estate())
    assert found.result.value == "unknown"
    assert found.evidence[0]


def test_a_window_shorter_than_what_is_asked_for_proves_nothing():
    assert results(UNUSED, key(days=400, last_use=silent(UseStatus.NOT_SEEN, 30)), estate()) == ["fail"]
    (found,) = judged(UNUSED, key(days=400, last_use=silent(UseStatus.NOT_SEEN, 29)), estate())
    assert found.result.value == "unknown"
    assert found.evidence == ("not seen in use, but Monitoring reaches back 29 days only; 30 days are asked for",)


def test_a_fresh_key_is_not_called_unused():
    young = key(days=5, last_use=silent(UseStatus.NEVER))
    assert results(UNUSED, young, estate()) == ["pass"]
    assert results(NEVER, young, estate()) == ["pass"]
    assert results(NEVER, key(days=7, last_use=silent(UseStatus.NEVER)), estate()) == ["pass"]
    assert results(NEVER, key(days=8, last_use=silent(UseStatus.NEVER)), estate()) == ["fail"]


@pytest.mark.parametrize(("age", "ended"), [(30, ["pass"]), (31, ["fail"])])
def test_a_key_is_young_as_long_as_it_may_be_silent(age, ended):
    assert results(UNUSED, key(days=age, last_use=silent(UseStatus.NOT_SEEN)), estate()) == ended


def test_never_used_is_one_finding_and_not_two():
    forgotten = key(days=40, last_use=silent(UseStatus.NEVER))
    assert results(UNUSED, forgotten, estate()) == []
    (found,) = judged(NEVER, forgotten, estate())
    assert found.evidence == ("never used since it was made on 2026-10-11, as Monitoring tells",)


@pytest.mark.parametrize("rule", [UNUSED, NEVER])
def test_what_is_off_is_not_asked(rule):
    for state in (State.DELETED, State.RESTORABLE, State.DISABLED):
        assert results(rule, key(days=400, last_use=used(200), state=state), estate()) == []


def test_first_seen_is_no_age_to_call_a_key_young_by():
    assert results(UNUSED, key(days=None, first_seen=ago(1), last_use=silent(UseStatus.NOT_SEEN)), estate()) == ["fail"]
