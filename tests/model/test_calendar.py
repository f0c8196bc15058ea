"""Blackouts: weekly, nightly, dated, in zones whose clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.model.calendar import Calendar

BERLIN = ZoneInfo("Europe/Berlin")


def closed(text, at):
    return Calendar.parse([text] if isinstance(text, str) else text).closed_until(at)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at", "until"),
    [
        ("Fri 16:00/Mon 07:00 Europe/Berlin", utc(2026, 11, 20, 14, 59), None),
        ("Fri 16:00/Mon 07:00 Europe/Berlin", utc(2026, 11, 20, 15), utc(2026, 11, 23, 6)),
        ("Fri 16:00/Mon 07:00 Europe/Berlin", utc(2026, 11, 23, 6), None),
        ("Fri 16:00/Mon 07:00 Europe/Berlin", utc(2026, 7, 3, 14), utc(2026, 7, 6, 5)),
        ("Sat/Sun", utc(2026, 11, 21, 0), utc(2026, 11, 23)),
        ("Sunday", utc(2026, 11, 21, 23, 59), None),
        ("Mon 09:00/Mon 08:00", utc(2026, 11, 23, 8, 30), None),
        ("Mon 09:00/Mon 08:00", utc(2026, 11, 23, 9), utc(2026, 11, 30, 8)),
        ("22:00/06:00 America/New_York", utc(2026, 11, 21, 3), utc(2026, 11, 21, 11)),
        ("22:00/06:00 America/New_York", utc(2026, 11, 21, 11), None),
        ("2026-12-20/2027-01-04 Europe/Berlin", utc(2027, 1, 4, 22, 59), utc(2027, 1, 4, 23)),
        ("2026-12-20 18:00/2027-01-04 06:00", utc(2026, 12, 20, 17, 59), None),
        ("2026-12-24", utc(2026, 12, 24, 12), utc(2026, 12, 25)),
        ("12-20/01-04", utc(2030, 1, 4, 1), utc(2030, 1, 5)),
        ("02-29", utc(2027, 3, 1, 1), utc(2027, 3, 2)),
    ],
)
def test_what_is_closed_until_when(text, at, until):
    assert closed(text, at) == until


def test_a_range_over_a_change_of_the_clock_is_the_longer_one():
    # On 25 October 2026 the clock in Berlin shows 02:00 to 03:00 twice; on 29 March it never shows that hour.
    assert closed("02:30/02:45 Europe/Berlin", utc(2026, 10, 25, 0, 30)) == utc(2026, 10, 25, 1, 45)
    night = "Sat 22:00/Sun 06:00 Europe/Berlin"
    assert closed(night, utc(2026, 10, 24, 20)) - utc(2026, 10, 24, 20) == timedelta(hours=9)
    assert closed(night, utc(2026, 3, 28, 21)) - utc(2026, 3, 28, 21) == timedelta(hours=7)
    assert closed("02:10/02:50 Europe/Berlin", utc(2026, 3, 29, 1, 15)) is not None


def test_ranges_that_touch_are_one():
    both = ["Fri 16:00/Sat 12:00", "Sat 12:00/Mon 07:00", "2026-11-23"]
    assert closed(both, utc(2026, 11, 20, 16)) == utc(2026, 11, 24)


@pytest.mark.parametrize(
    "text",
    ["x", "", "Fri/2026-01-01", "16:00", "Fri 16:00", "Mon 25:00/Tue", "22:00/22:00", "2026-13-01", "2026-12-20/2026-12-01",
     "Mon/Tue Mars/Olympus", "Sat/Sun Berlin", "Mon/Sun", "Mon/Tue ../../etc/passwd"],
)  # fmt: skip  # a list of words
def test_what_is_no_range_is_refused(text):
    with pytest.raises(ValueError, match=r"range|zone|no time|different|before"):
        Calendar.parse([text])


def test_without_ranges_nothing_is_closed():
    assert Calendar().closed_until(utc(2026, 1, 1)) is None


@given(minutes=st.integers(0, 15 * 366 * 24 * 60))
def test_after_the_end_it_is_open_and_before_it_never(minutes):
    calendar = Calendar.parse(
        ["Fri 16:00/Mon 07:00 Europe/Berlin", "23:30/00:30 America/New_York", "12-24/12-26 Asia/Tokyo"]
    )
    now = utc(2020, 1, 1) + timedelta(minutes=minutes)
    until = calendar.closed_until(now)
    if until is None:
        local = now.astimezone(BERLIN)
        assert local.weekday() not in (5, 6)
        assert local.weekday() != 4 or local.hour < 16
    else:
        assert until > now
        assert calendar.closed_until(until) is None
        assert calendar.closed_until(now + (until - now) / 2) == until
