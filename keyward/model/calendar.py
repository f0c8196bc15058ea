"""Times at which nothing is begun and nothing is retired: weekly ranges and dates, in a time zone, right across changes of the clock.

    Fri 16:00/Mon 07:00 Europe/Berlin       every weekend
    Sat/Sun                                 whole days
    22:00/06:00 America/New_York            every night
    2026-12-20/2027-01-04 Europe/Berlin     dates, the last day included; also with times: 2026-12-20 18:00/2027-01-04 06:00
    12-20/01-04                             the same every year

Without a zone it is UTC. A time that the clock skips or shows twice counts so that the range is the longer one.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EDGE = re.compile(
    r"(?:(?P<day>mon|tue|wed|thu|fri|sat|sun)[a-z]*|(?P<year>\d{4})-(?P<ymonth>\d\d)-(?P<yday>\d\d)|(?P<month>\d\d)-(?P<mday>\d\d))?"
    r"(?:(?:(?<=.)[ T])?(?P<hour>\d\d):(?P<minute>\d\d))?",
    re.IGNORECASE,
)
_MOST = 500
"""Ranges that may follow each other without a gap; more than that is never an opening."""


@dataclass(frozen=True, slots=True)
class _Edge:
    """One end of a range: a weekday, a date, a day of every year, or every day; and a time of day or none."""

    weekday: int | None = None
    on: date | None = None
    yearly: tuple[int, int] | None = None
    at: time | None = None

    @property
    def sort(self) -> str:
        """What kind of day it names."""
        return "week" if self.weekday is not None else "date" if self.on else "year" if self.yearly else "day"


@dataclass(frozen=True, slots=True)
class Window:
    """One range as written, with its zone."""

    text: str
    begin: _Edge
    end: _Edge
    zone: tzinfo

    @classmethod
    def parse(cls, text: str) -> "Window":
        """Read one range.

        Raises:
            ValueError: it is none.
        """
        span, zone = _split(text.strip())
        first, slash, last = span.partition("/")
        begin, end = _edge(first), _edge(last if slash else first)
        if begin is None or end is None or begin.sort != end.sort or (not slash and begin.at):
            raise ValueError(
                f"{text!r} is not a range such as Fri 16:00/Mon 07:00 Europe/Berlin or 2026-12-20/2027-01-04"
            )
        if begin.sort == "day" and (begin.at is None or end.at is None or begin.at == end.at):
            raise ValueError(f"{text!r} needs two different times, such as 22:00/06:00")
        window = cls(text.strip(), begin, end, _zone(zone, text))
        if (
            begin.on
            and end.on
            and not any(window.spans(datetime(begin.on.year, begin.on.month, begin.on.day, tzinfo=UTC)))
        ):
            raise ValueError(f"{text!r} ends before it begins")
        return window

    def spans(self, around: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The ranges near that moment, begin and end in UTC; one that holds the moment is among them."""
        today = around.astimezone(self.zone).date()
        for first, last in self._days(today):
            begin = _moment(first, self.begin.at or time(0), self.zone, latest=False)
            if self.end.at is None:
                end = _moment(last + timedelta(days=1), time(0), self.zone, latest=True)
            else:
                end = _moment(last, self.end.at, self.zone, latest=True)
            if begin < end:
                yield begin, end

    def _days(self, today: date) -> Iterator[tuple[date, date]]:
        """First and last day of the ranges that may hold a moment of that day."""
        begin, end = self.begin, self.end
        if begin.on and end.on:
            yield begin.on, end.on
        elif begin.yearly and end.yearly:
            for year in (today.year - 1, today.year, today.year + 1):
                first = _day_of(year, begin.yearly)
                yield first, _day_of(year + (end.yearly < begin.yearly), end.yearly)
        elif begin.weekday is not None and end.weekday is not None:
            monday = today - timedelta(days=today.weekday())
            length = (end.weekday - begin.weekday) % 7
            if length == 0 and begin.at and end.at and end.at <= begin.at:
                length = 7
            for week in (-1, 0, 1):
                first = monday + timedelta(days=7 * week + begin.weekday)
                yield first, first + timedelta(days=length)
        elif begin.at and end.at:
            for day in (-1, 0, 1):
                first = today + timedelta(days=day)
                yield first, first + timedelta(days=int(end.at <= begin.at))


@dataclass(frozen=True, slots=True)
class Calendar:
    """All ranges together. Without any, every time is open."""

    windows: tuple[Window, ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> "Calendar":
        """Read them all.

        Raises:
            ValueError: one is no range, or together they leave no time open.
        """
        found = cls(tuple(map(Window.parse, texts)))
        recurring = cls(tuple(window for window in found.windows if window.begin.sort != "date"))
        if recurring.windows and recurring.closed_until(datetime(2026, 1, 1, tzinfo=UTC)) == datetime.max.replace(
            tzinfo=UTC
        ):
            raise ValueError("together these ranges leave no time at all")
        return found

    def closed_until(self, now: datetime) -> datetime | None:
        """The end (UTC) of the blackout that `now` lies in; None when it lies in none."""
        moment = now
        for _ in range(_MOST):
            ends = [end for window in self.windows for begin, end in window.spans(moment) if begin <= moment < end]
            if not ends:
                return None if moment == now else moment
            moment = max(ends)
        return datetime.max.replace(tzinfo=UTC)


def _split(text: str) -> tuple[str, str]:
    """The range and its zone: a zone is the last word when that begins with a letter and is no weekday."""
    span, _, last = text.rpartition(" ")
    is_zone = bool(span) and last[0].isalpha() and _edge(last.rpartition("/")[2]) is None
    return (span.rstrip(), last) if is_zone else (text, "")


def _edge(text: str) -> _Edge | None:
    found = _EDGE.fullmatch(text.strip())
    if found is None or not found[0]:
        return None
    try:
        return _Edge(
            _DAYS.index(found["day"].lower()) if found["day"] else None,
            date(int(found["year"]), int(found["ymonth"]), int(found["yday"])) if found["year"] else None,
            _yearly(int(found["month"]), int(found["mday"])) if found["month"] else None,
            time(int(found["hour"]), int(found["minute"])) if found["hour"] else None,
        )
    except ValueError:
        return None


def _yearly(month: int, day: int) -> tuple[int, int]:
    date(2024, month, day)  # a leap year has every day
    return month, day


def _day_of(year: int, day: tuple[int, int]) -> date:
    try:
        return date(year, *day)
    except ValueError:  # 29 February in a year without one
        return date(year, 3, 1)


def _zone(name: str, text: str) -> tzinfo:
    if not name or name.upper() in ("UTC", "GMT", "Z"):
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # a name that is not there, a folder, a name that is none
        raise ValueError(f"{text!r}: this machine knows no time zone {name!r}") from None


def _moment(day: date, at: time, zone: tzinfo, *, latest: bool) -> datetime:
    """A time on that zone's clock in UTC; where the clock shows it twice or never, the later or earlier of the two readings."""
    readings = [datetime.combine(day, at, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
    return max(readings) if latest else min(readings)
