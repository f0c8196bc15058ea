"""Calls by day, kept longer than anybody else keeps them: what a scan read of the last weeks is put beside what earlier scans read.

A day is replaced by what a later record says of it and never added to, so it is never counted twice. It is the 24 hours that the record
counts together and that lie mostly in that day of UTC; a record whose hours fit the day better replaces one that fits worse.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
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

_BUCKETS = (
    "SELECT key.id, use.buckets FROM key JOIN use ON use.key = key.id WHERE key.source = ? AND use.buckets != '[]'"
)
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
    labels = _Labels(kept)
    for source, record in records.items():
        if record.status is UseStatus.USED and record.complete and record.periods is None:
            _source(kept, cache, source, record, (numbers, fresh, labels))
    if (kept.execute("SELECT min(day) FROM counted").fetchone()[0] or oldest) < oldest:
        for table in ("called", "counted"):
            kept.execute(f"DELETE FROM {table} WHERE day < ?", (oldest,))  # noqa: S608  # one of two names


def _source(
    kept: "sqlite3.Connection",
    cache: "sqlite3.Connection",
    source: str,
    record: "UsageReport",
    keys: tuple[Mapping[str, int], Collection[str], "_Labels"],
) -> None:
    counted = kept.execute("SELECT day, off, final FROM counted WHERE source = ?", (source,))
    known = {day: (off, final) for day, off, final in counted}
    off, found = _days(record)
    wanted = {
        day: final
        for day, final in found.items()
        if day not in known or not known[day][1] or (final and known[day][0] - off > _WORSE)
    }
    numbers, every, labels = keys
    listed = [row[0] for row in cache.execute("SELECT id FROM key WHERE source = ?", (source,))]
    fresh = {key for key in listed if key in every}
    if not found or not (wanted or fresh):
        return
    first = min(found)
    kept.executemany("DELETE FROM called WHERE n = ? AND day >= ?", [(numbers[key], first) for key in fresh])
    kept.executemany("INSERT OR REPLACE INTO begun VALUES (?, ?)", [(numbers[key], first) for key in fresh])
    old = [(numbers[key], day) for key in listed if key not in fresh for day in known.keys() & wanted.keys()]
    kept.executemany("DELETE FROM called WHERE n = ? AND day = ?", old)
    calls = (
        (numbers[key], day, label, count)
        for key, buckets in cache.execute(_BUCKETS, (source,))
        for (day, label), count in _called(buckets, found if key in fresh else wanted, labels).items()
    )
    kept.executemany("INSERT OR REPLACE INTO called VALUES (?, ?, ?, ?)", calls)
    rows = [(source, day, off, int(final)) for day, final in wanted.items()]
    kept.executemany("INSERT OR REPLACE INTO counted VALUES (?, ?, ?, ?)", rows)


def _called(buckets: str, days: Collection[int], labels: "_Labels") -> dict[tuple[int, int], int]:
    """Calls by (day, label) on those days; the buckets are newest first."""
    if not days:
        return {}
    oldest = min(days) * DAY
    found: dict[tuple[int, int], int] = {}
    for start, end, count, service, response in json.loads(buckets):
        if end <= oldest:
            break
        day = int((start + end) / 2 // DAY)
        if day in days:
            at = (day, labels(service, response))
            found[at] = found.get(at, 0) + count
    return found


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
