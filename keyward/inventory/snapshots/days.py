"""Calls by day, kept longer than anybody else keeps them: what a scan read of the last weeks is put beside what earlier scans read.

A day is replaced by what a later record says of it and never added to, so it is never counted twice. It is the 24 hours that the record
counts together and that lie mostly in that day of UTC; a record whose hours fit the day better replaces one that fits worse.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING

from keyward.inventory.times import DAY
from keyward.model.usage import UseStatus

if TYPE_CHECKING:
    import sqlite3

    from keyward.model.usage import UsageReport

KEPT = 400
"""Days."""

TABLES = (
    """CREATE TABLE IF NOT EXISTS label (
        id INTEGER PRIMARY KEY, service TEXT NOT NULL, response TEXT NOT NULL, UNIQUE (service, response)
    )""",
    """CREATE TABLE IF NOT EXISTS called (
        n INTEGER NOT NULL, day INTEGER NOT NULL, label INTEGER NOT NULL, calls INTEGER NOT NULL, PRIMARY KEY (n, day, label)
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS counted (
        source TEXT NOT NULL, day INTEGER NOT NULL, off REAL NOT NULL, final INTEGER NOT NULL, PRIMARY KEY (source, day)
    ) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS begun (n INTEGER PRIMARY KEY, day INTEGER NOT NULL)",
)

_BUCKETS = "SELECT key.source, key.id, use.buckets FROM key JOIN use ON use.key = key.id WHERE key.used > ?"
_Bucket = tuple[float, float, int, str, str]
"""Start, end, count, service, response class."""
_DECODE = json.JSONDecoder().raw_decode
_WORSE = 3600.0
"""Seconds by which the hours of a kept day must fit worse for a later record to replace it."""


class DayState(StrEnum):
    """What is known of one day: all of it, what was seen until the last scan, or nothing."""

    COUNTED = "counted"
    SO_FAR = "so_far"
    NOT_COUNTED = "not_counted"


@dataclass(frozen=True, slots=True)
class DayCalls:
    """Calls of one day (days since 1970-01-01, UTC) as (service, response class, how many); none when there were none, or nothing is known."""

    day: int
    state: DayState
    calls: tuple[tuple[str, str, int], ...] = ()

    @property
    def total(self) -> int:
        """How many calls."""
        return sum(count for _, _, count in self.calls)


def keep(
    kept: "sqlite3.Connection",
    cache: "sqlite3.Connection",
    records: "Mapping[str, UsageReport]",
    keys: tuple[Mapping[str, int], Collection[str]],
    now: datetime,
) -> None:
    """Put the days of these records beside those that are kept, inside a transaction of the caller.

    Args:
        kept: the snapshots.
        cache: the scan cache, which has the buckets.
        records: what was read in this scan, by source; a record with gaps counts nothing.
        keys: the numbers of the keys in the snapshots, by id, and which of them the snapshot before did not know: of those, days that
            were counted without them are taken again, and days before that are not counted.
        now: the present (UTC), by which old days go.
    """
    oldest = int(now.timestamp() // DAY) - KEPT
    numbers, unknown = keys
    begun = {row[0] for row in kept.execute("SELECT n FROM begun")}
    fresh = {key for key, number in numbers.items() if key in unknown or number not in begun}
    counting = _Counting(kept, records)
    counting.begin(cache.execute("SELECT source, id FROM key"), numbers, fresh)
    counting.calls(cache.execute(_BUCKETS, (counting.oldest * DAY,)), numbers, fresh)
    if (kept.execute("SELECT min(day) FROM counted").fetchone()[0] or oldest) < oldest:
        for table in ("called", "counted"):
            kept.execute(f"DELETE FROM {table} WHERE day < ?", (oldest,))  # noqa: S608  # one of two names


@dataclass(frozen=True, slots=True)
class _Told:
    """What the record of a source tells: its days, and those of them that are not kept yet, or not as well; each with whether it is final."""

    off: float
    found: Mapping[int, bool]
    wanted: Mapping[int, bool]
    kept: Collection[int]


class _Counting:
    """The days of one scan: of what is kept already nothing is read, and nothing is written again."""

    def __init__(self, kept: "sqlite3.Connection", records: "Mapping[str, UsageReport]") -> None:
        self._kept = kept
        known: dict[str, dict[int, tuple[float, int]]] = {}
        for source, day, off, final in kept.execute("SELECT source, day, off, final FROM counted"):
            known.setdefault(source, {})[day] = (off, final)
        self._told = {
            source: _told(record, known.get(source, {}))
            for source, record in records.items()
            if record.status is UseStatus.USED and record.complete and record.periods is None
        }
        self.oldest = inf
        """No day before this one is looked for."""

    def begin(self, listed: Iterable[tuple[str, str]], numbers: Mapping[str, int], fresh: Collection[str]) -> None:
        """Make room for what comes: of keys (source, id) that were known the days that are wanted, of fresh ones all days of the record."""
        begun, replaced, oldest = [], [], []
        for source, key in listed:
            told = self._told.get(source)
            if told is None or not told.found:
                continue
            if key in fresh:
                begun.append((numbers[key], min(told.found)))
                oldest.append(min(told.found))
            else:
                replaced += [(numbers[key], day) for day in told.wanted if day in told.kept]
                oldest += told.wanted
        self.oldest = min(oldest, default=inf)
        run = self._kept.executemany
        run("DELETE FROM called WHERE n = ? AND day >= ?", begun)
        run("INSERT OR REPLACE INTO begun VALUES (?, ?)", begun)
        run("DELETE FROM called WHERE n = ? AND day = ?", replaced)
        rows = [
            (source, day, told.off, int(final))
            for source, told in self._told.items()
            for day, final in told.wanted.items()
        ]
        run("INSERT OR REPLACE INTO counted VALUES (?, ?, ?, ?)", rows)

    def calls(self, used: Iterable[tuple[str, str, str]], numbers: Mapping[str, int], fresh: Collection[str]) -> None:
        """Write what (source, id, buckets) tell of those days."""
        labels = _Labels(self._kept)
        rows = (
            (numbers[key], day, label, count)
            for source, key, buckets in used
            if (told := self._told.get(source)) is not None
            for (day, label), count in (
                _called(json.loads(buckets), told.found, labels)
                if key in fresh
                else _called(_newest(buckets), told.wanted, labels)
            ).items()
        )
        self._kept.executemany("INSERT OR REPLACE INTO called VALUES (?, ?, ?, ?)", rows)


def _told(record: "UsageReport", known: Mapping[int, tuple[float, int]]) -> _Told:
    off, found = _days(record)
    wanted = {
        day: final
        for day, final in found.items()
        if day not in known or not known[day][1] or (final and known[day][0] - off > _WORSE)
    }
    return _Told(off, found, wanted, known.keys())


def _called(buckets: Iterable[_Bucket], days: Collection[int], labels: "_Labels") -> dict[tuple[int, int], int]:
    """Calls by (day, label) on those days; the buckets are newest first."""
    found: dict[tuple[int, int], int] = {}
    oldest = min(days, default=inf) * DAY
    for start, end, count, service, response in buckets:
        if end <= oldest:
            break
        day = int((start + end) / 2 // DAY)
        if day in days:
            at = (day, labels(service, response))
            found[at] = found.get(at, 0) + count
    return found


def _newest(text: str) -> Iterator[_Bucket]:
    """The buckets in the text one by one: what lies behind the last that is taken is not read."""
    at = 1
    while text[at] != "]":
        bucket, at = _DECODE(text, at)
        yield bucket
        while text[at] in ", ":
            at += 1


class _Labels:
    """Few services and response classes stand in many rows: each pair is kept once."""

    def __init__(self, kept: "sqlite3.Connection") -> None:
        self._kept = kept
        self._known = {(service, response): n for n, service, response in kept.execute("SELECT * FROM label")}

    def __call__(self, service: str, response: str) -> int:
        found = self._known.get((service, response))
        if found is None:
            new = self._kept.execute("INSERT INTO label (service, response) VALUES (?, ?)", (service, response))
            found = self._known[service, response] = new.lastrowid or 0
        return found


def _days(record: "UsageReport") -> tuple[float, dict[int, bool]]:
    """How far off the day its periods lie (seconds), and the days that it covers with whether nothing can be added to them any more."""
    period = record.precision.total_seconds()
    if not 0 < period <= DAY:
        return 0.0, {}
    until, since = record.until.timestamp(), record.since.timestamp() - 60.0
    settled = until - record.lag.total_seconds()
    periods: dict[int, list[float]] = {}
    end = until
    while end - period >= since:
        periods.setdefault(int((end - period / 2) // DAY), []).append(end)
        end -= period
    newest = max(periods, default=0)
    phase = until % period
    whole = {day: ends for day, ends in periods.items() if day == newest or len(ends) * period >= DAY}
    return min(phase, period - phase), {
        day: len(ends) * period >= DAY and max(ends) <= settled for day, ends in whole.items()
    }


def read(kept: "sqlite3.Connection | None", key: str, source: str, first: int, last: int) -> tuple[DayCalls, ...]:
    """What is kept of one key, for every day from the first to the last, oldest first.

    Args:
        kept: the snapshots, opened to read; None when there are none.
        key: its id.
        source: whose record it is in, `<provider>:<scope>`.
        first: days since 1970-01-01.
        last: the same.
    """
    calls: dict[int, list[tuple[str, str, int]]] = {}
    counted: dict[int, int] = {}
    if kept is not None and tables_there(kept):
        of = "SELECT day, service, response, calls FROM called JOIN label ON label.id = label JOIN key USING (n) WHERE key.id = ? AND day BETWEEN ? AND ?"
        for day, service, response, count in kept.execute(of, (key, first, last)):
            calls.setdefault(day, []).append((service, response, count))
        days = "SELECT day, final FROM counted WHERE source = ? AND day BETWEEN ? AND ?"
        begun = kept.execute("SELECT day FROM begun JOIN key USING (n) WHERE key.id = ?", (key,)).fetchone()
        since = begun[0] if begun is not None else last + 1
        counted = dict(kept.execute(days, (source, max(first, since), last)).fetchall())
    states = {None: DayState.NOT_COUNTED, 0: DayState.SO_FAR, 1: DayState.COUNTED}
    return tuple(
        DayCalls(day, states[counted.get(day)], tuple(sorted(calls.get(day, ())))) for day in range(first, last + 1)
    )


def tables_there(kept: "sqlite3.Connection") -> bool:
    """Whether days are kept at all: snapshots of an earlier release have none."""
    found = {row[0] for row in kept.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return found >= {"called", "counted", "begun"}


def moment_of(day: int) -> datetime:
    """Midnight (UTC) at which that day began."""
    from datetime import UTC

    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)
