"""Rules on use that is not as before: each at its threshold, with the numbers it rests on; days not counted are no days without use."""

from datetime import timedelta

import pytest

from keyward.hygiene.daily import CallsOfDay, Days
from keyward.hygiene.rules import BY_ID
from keyward.model.credential import State
from keyward.model.usage import UseStatus
from tests.parts.estate import NOW, ago, estate, judged, key, results, silent

JUMP, SILENCE, NEW, ERRORS, DEAD = (BY_ID[f"KW-80{number}"] for number in range(1, 6))
TODAY = int(NOW.timestamp() // 86_400)
GEMINI, MAPS = "generativelanguage.googleapis.com", "maps-backend.googleapis.com"
OLD = key(days=400)


def calls(number, *, failed=0, service=GEMINI):
    rows = ((service, "2xx", number - failed), (service, "4xx", failed))
    return tuple(row for row in rows if row[2])


def days(newest, *before, start=TODAY - 1):
    """The newest day, and those before it, going back; None was not counted."""
    made = [CallsOfDay(start, newest)]
    made += [CallsOfDay(start - number, one) for number, one in enumerate(before, 1) if one is not None]
    return estate(OLD, days={OLD.id: Days.of(made)})


@pytest.mark.parametrize(("number", "ended"), [(500, ["pass"]), (501, ["fail"])])
def test_five_times_the_median_is_not_yet_a_jump(number, ended):
    before = [calls(one) for one in (100, 90, 110, 100, 95, 105, 100, 100, 4_000, 100, 100, 100, 100, 100)]
    assert results(JUMP, OLD, days(calls(number), *before)) == ended


def test_a_jump_says_its_numbers():
    (found,) = judged(JUMP, OLD, days(calls(1_240), *[calls(100)] * 14))
    assert found.evidence == (
        "1,240 calls on 2026-11-19; the median of 14 days before is 100, and more than 5 times that is unusual",
    )
    assert found.fix.commands == ("keyward usage google-api-keys:acme-prod/one",)


def test_small_numbers_do_not_jump():
    assert results(JUMP, OLD, days(calls(99), *[calls(1)] * 14)) == ["pass"]
    assert results(JUMP, OLD, days(calls(100), *[calls(1)] * 14)) == ["fail"]


def test_what_is_older_than_a_fortnight_is_not_compared():
    old = [*[calls(300)] * 14, *[calls(1)] * 20]
    assert results(JUMP, OLD, days(calls(1_000), *old)) == ["pass"]


@pytest.mark.parametrize("rule", [JUMP, NEW, ERRORS])
def test_seven_counted_days_are_enough_and_six_are_not(rule):
    gaps = [None, *[calls(100)] * 6]
    (found,) = judged(rule, OLD, days(calls(9_000, failed=9_000), *gaps))
    assert found.result.value == "unknown"
    assert "6 of " in found.evidence[0]
    assert results(rule, OLD, days(calls(100), *gaps, calls(100))) == ["pass"]


@pytest.mark.parametrize("rule", [JUMP, SILENCE, NEW, ERRORS])
def test_a_key_of_a_week_has_no_usual_use_yet(rule):
    assert results(rule, key(days=7), estate()) == []
    assert results(rule, key(days=8), estate()) == ["unknown"]


@pytest.mark.parametrize("rule", [JUMP, SILENCE, NEW, ERRORS])
def test_without_a_record_nothing_is_fine(rule):
    (found,) = judged(rule, OLD, estate(OLD))
    assert (found.result.value, found.evidence) == ("unknown", ("no day of its use was counted yet",))
    assert results(rule, key(last_use=silent(UseStatus.UNSUPPORTED)), estate()) == []
    assert results(rule, key(state=State.DELETED), days(calls(9))) == []


def test_the_first_use_after_thirty_silent_days():
    quiet = [()] * 30
    (found,) = judged(SILENCE, OLD, days(calls(7), *quiet))
    assert found.evidence == ("it was used on 2026-11-19 (7 calls), after 30 days without a call",)
    assert results(SILENCE, OLD, days(calls(7), *quiet[:29], calls(1))) == ["pass"], (
        "a call on the thirtieth day before"
    )
    assert results(SILENCE, OLD, days(calls(7), *[()] * 30, calls(1))) == ["fail"]
    assert results(SILENCE, OLD, days((), *quiet)) == ["pass"]


def test_silence_has_to_be_counted():
    (found,) = judged(SILENCE, OLD, days(calls(7), *[()] * 10, None, *[()] * 19))
    assert found.evidence == ("it was used on 2026-11-19; of the 30 days before only 29 were counted",)


@pytest.mark.parametrize(("age", "ended"), [(30, ["pass"]), (31, ["fail"])])
def test_a_young_key_has_a_first_use(age, ended):
    young = key(days=age)
    world = estate(young, days={young.id: days(calls(7), *[()] * 30).days[OLD.id]})
    assert results(SILENCE, young, world) == ended


def test_a_service_that_was_never_used_in_a_month():
    before = [calls(10)] * 10
    (found,) = judged(NEW, OLD, days((*calls(10), *calls(3, service=MAPS)), *before))
    assert found.evidence == (f"on 2026-11-19 it was used for {MAPS} (3 calls); in 10 days before only for {GEMINI}",)
    assert results(NEW, OLD, days(calls(3, service=MAPS), *before, calls(1, service=MAPS))) == ["pass"]
    assert results(NEW, OLD, days(calls(3, service=MAPS), *[()] * 10)) == ["pass"], (
        "that is the first use after silence"
    )


@pytest.mark.parametrize(("failed", "ended"), [(100, ["pass"]), (101, ["fail"])])
def test_more_than_half_failing_is_a_burst(failed, ended):
    assert results(ERRORS, OLD, days(calls(200, failed=failed), *[calls(100)] * 14)) == ended


def test_a_burst_says_its_numbers_and_is_one_only_where_few_failed_before():
    (found,) = judged(ERRORS, OLD, days(calls(200, failed=150), *[calls(100, failed=25)] * 14))
    assert found.evidence == (
        "150 of 200 calls on 2026-11-19 were refused or failed (75 %); in 14 days before it were 25 %",
    )
    assert results(ERRORS, OLD, days(calls(200, failed=150), *[calls(100, failed=26)] * 14)) == ["pass"]
    assert results(ERRORS, OLD, days(calls(99, failed=99), *[calls(100)] * 14)) == ["pass"], "too few to say"
    assert results(ERRORS, OLD, days(calls(100, failed=100), *[calls(100)] * 14)) == ["fail"]


@pytest.mark.parametrize("state", [State.RESTORABLE, State.DELETED, State.DISABLED, State.BLOCKED])
def test_a_dead_key_that_somebody_still_tries(state):
    dead = key(state=state, deleted=ago(5))
    world = days(calls(9, failed=9), (), calls(4, failed=4), calls(5), *[calls(50, failed=50)] * 9)
    (found,) = judged(DEAD, dead, world)
    assert found.evidence == (f"13 refused calls with it on 2 of the last 7 days, and it is {state.value}",)
    assert results(DEAD, key(), world) == []
    assert results(DEAD, dead, estate(dead)) == []


def test_calls_of_the_time_before_it_was_deleted_are_not_told():
    dead = key(state=State.DELETED, deleted=ago(0.6))
    assert results(DEAD, dead, days(calls(9, failed=9))) == ["pass"]
    assert results(DEAD, key(state=State.DISABLED), days(calls(9), *[()] * 7, calls(9, failed=9))) == ["pass"]
    assert results(DEAD, key(state=State.DISABLED), days((), *[()] * 5, calls(9, failed=9))) == ["fail"]


def test_limits_can_be_set():
    assert results(JUMP, OLD, days(calls(1_240), *[calls(100)] * 14), 20) == ["pass"]
    assert results(SILENCE, OLD, days(calls(7), *[()] * 5, calls(1)), timedelta(days=5)) == ["fail"]
