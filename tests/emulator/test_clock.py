import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from keyward.emulator.clock import Clock, micros, nanos, parse, seconds

START = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


def test_a_clock_of_rate_zero_stands_still_until_it_is_moved():
    clock = Clock(START, 0)
    assert clock.now() == clock.now() == START
    assert clock.advance(90) == START + timedelta(seconds=90)
    assert clock.now() == START + timedelta(seconds=90)
    clock.set_now(START - timedelta(days=400))
    assert clock.now() == START - timedelta(days=400)


def test_a_clock_runs_faster_than_real_time():
    clock, mark = Clock(START, 3600), time.monotonic()
    time.sleep(0.05)
    passed, real = (clock.now() - START).total_seconds(), time.monotonic() - mark
    assert 0.05 * 3600 <= passed <= real * 3600


def test_changing_the_rate_does_not_jump():
    clock = Clock(START, 1)
    clock.set_rate(0)
    assert clock.now() - START < timedelta(seconds=30)
    assert clock.now() == clock.now()
    assert clock.rate == 0


def test_times_are_spelled_as_google_does():
    assert micros(START) == "2026-01-02T03:04:05.000678Z"
    assert nanos(START, 7) == "2026-01-02T03:04:05.000678007Z"
    assert seconds(START) == "2026-01-02T03:04:05Z"
    assert micros(datetime(2026, 1, 2, 5, tzinfo=timezone(timedelta(hours=2)))) == "2026-01-02T03:00:00.000000Z"


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-01-02T03:04:05Z", 0),
        ("2026-01-02T03:04:05.5Z", 500_000),
        ("2026-01-02T03:04:05.000678Z", 678),
        ("2026-01-02T03:04:05.000678999Z", 678),
        ("2026-01-02T05:04:05.000678999+02:00", 678),
    ],
)
def test_times_of_any_precision_are_read(text, microsecond):
    assert parse(text) == START.replace(microsecond=microsecond)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z"])
def test_other_texts_are_no_times(text):
    with pytest.raises(ValueError, match=r".*"):
        parse(text)
