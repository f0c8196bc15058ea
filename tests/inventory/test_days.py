"""Calls by day: kept longer than the provider keeps them, replaced and never added to, and silent about days that nobody counted."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from keyward.inventory.cache_write import CacheWriter
from keyward.inventory.snapshots import days, file
from keyward.inventory.snapshots.days import DayState
from keyward.inventory.snapshots.take import take
from keyward.model.source import SourceReport, SourceStatus
from keyward.model.usage import UsageReport, UseBucket, UseStatus
from tests.parts.scanning import made_up

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SOURCE = SourceReport("fake:place", SourceStatus.OK)
DAY = timedelta(days=1)
TODAY = int(NOON.timestamp() // 86_400)


class Kept:
    """A cache with one key and what is kept of its use; `calls` are what really happened: moment -> (service, class, how many)."""

    def __init__(self, folder):
        self.path = folder / "state" / "snapshots.db"
        self.cache = CacheWriter(folder / "cache" / "inventory.db", "w", print)
        self.key = made_up(1)
        self.calls = []
        with self.cache.batch():
            self.cache.keys(SOURCE.id, [self.key], NOON)
            self.cache.end(SOURCE, "provider", {self.key.id}, NOON, listed=True)

    def record(self, now, *, window=42, period=DAY, **more):
        """What the provider says at that moment: as Monitoring does, in periods that end at the present."""
        since, buckets = now - window * DAY, []
        end = now
        while end > since:
            counts = {}
            for at, service, response, count in self.calls:
                if end - period < at <= end:
                    counts[service, response] = counts.get((service, response), 0) + count
            buckets += [UseBucket(end - period, end, count, *named) for named, count in counts.items()]
            end -= period
        lag = timedelta(minutes=30)
        return UsageReport(UseStatus.USED, since, now, {self.key.uid: tuple(buckets)}, "made up", period, lag, **more)

    def scan(self, now, report=None):
        self.cache.records.clear()
        with self.cache.batch():
            self.cache.uses(SOURCE.id, report or self.record(now))
        take(self.path, self.cache, [SOURCE], now, warn=print)

    def read(self, first=TODAY - 60, last=TODAY + 60):
        with closing(file.to_read(self.path, "w")) as opened:
            return {one.day: one for one in days.read(opened, self.key.id, SOURCE.id, first, last)}

    def counted(self):
        return {day: one.total for day, one in self.read().items() if one.state is not DayState.NOT_COUNTED}


@pytest.fixture
def kept(tmp_path):
    made = Kept(tmp_path)
    made.calls = [(NOON - number * DAY - timedelta(hours=1), "maps", "2xx", number + 1) for number in range(100)]
    yield made
    made.cache.close()


def test_a_scan_keeps_every_day_of_the_record_and_no_other(kept):
    kept.scan(NOON)
    found = kept.read()
    assert {day for day, one in found.items() if one.state is not DayState.NOT_COUNTED} == set(
        range(TODAY - 41, TODAY + 1)
    )
    assert found[TODAY].state is DayState.SO_FAR, "calls of the last minutes are not in it yet"
    assert found[TODAY - 1].state is DayState.COUNTED
    assert found[TODAY - 5].calls == (("maps", "2xx", 6),)
    assert found[TODAY - 50].calls == ()
    assert found[TODAY - 50].state is DayState.NOT_COUNTED


@pytest.mark.parametrize("later", [timedelta(0), timedelta(minutes=5), timedelta(hours=7), DAY, timedelta(hours=47)])
def test_a_second_scan_counts_no_day_twice(kept, later):
    kept.scan(NOON)
    before = kept.counted()
    for _ in range(2):
        kept.scan(NOON + later)
    after = kept.counted()
    for day in before.keys() - {TODAY}:
        assert after[day] in {before[day], before[day] - 1}, "the same calls, cut a little otherwise at most"
    assert sum(after.values()) <= sum(count for *_, count in kept.calls)


def test_a_second_scan_reads_and_writes_only_the_days_that_can_have_changed(kept):
    kept.calls.append((NOON - 3 * DAY, "maps", "4xx", 1))
    kept.scan(NOON)
    before = kept.read()
    with closing(sqlite3.connect(kept.path)) as opened:
        opened.executescript(
            "CREATE TABLE written (day INTEGER);"
            "CREATE TRIGGER put AFTER INSERT ON called BEGIN INSERT INTO written VALUES (new.day); END;"
            "CREATE TRIGGER took AFTER DELETE ON called BEGIN INSERT INTO written VALUES (old.day); END;"
        )
    later = NOON + timedelta(minutes=5)
    kept.calls.append((later - timedelta(minutes=1), "maps", "5xx", 2))
    with kept.cache.batch():
        kept.cache.uses(SOURCE.id, kept.record(later))
        # Only the newest days can be read: behind them the text is no text of buckets any more.
        kept.cache.connection.execute("UPDATE use SET buckets = substr(buckets, 1, 200) || 'and so on'")
    take(kept.path, kept.cache, [SOURCE], later, warn=print)
    with closing(sqlite3.connect(kept.path)) as opened:
        assert {day for (day,) in opened.execute("SELECT day FROM written")} == {TODAY}
    after = kept.read()
    assert after.pop(TODAY).calls == (("maps", "2xx", 1), ("maps", "5xx", 2))
    assert after == {day: one for day, one in before.items() if day != TODAY}


def test_days_outlive_the_record_of_the_provider_and_a_hole_between_scans_stays_a_hole(kept):
    kept.scan(NOON)
    kept.scan(NOON + 60 * DAY)
    found = kept.read()
    assert found[TODAY - 40].total == 41, "the provider forgot it weeks ago"
    assert [found[TODAY + day].state for day in (18, 19)] == [DayState.NOT_COUNTED, DayState.COUNTED]
    assert found[TODAY + 30].total == 0
    assert found[TODAY + 30].state is DayState.COUNTED, "nothing was called, and that is known"


def test_what_came_late_into_the_newest_day_replaces_it(kept):
    kept.scan(NOON)
    kept.calls.append((NOON - timedelta(minutes=10), "maps", "5xx", 7))
    kept.scan(NOON + timedelta(hours=6))
    assert kept.read()[TODAY].calls == (("maps", "2xx", 1), ("maps", "5xx", 7))


def test_hours_that_fit_the_day_better_replace_those_that_fit_worse_and_not_the_other_way_round(kept):
    kept.calls = [(datetime(2026, 11, 10, 20, tzinfo=UTC), "maps", "2xx", 3)]
    day = int(datetime(2026, 11, 10, tzinfo=UTC).timestamp() // 86_400)
    kept.scan(NOON)  # from noon to noon: 20 h on the 10th lies in the half day that counts as the 11th
    assert (kept.read()[day].total, kept.read()[day + 1].total) == (0, 3)
    kept.scan(datetime(2026, 11, 22, tzinfo=UTC))
    assert (kept.read()[day].total, kept.read()[day + 1].total) == (3, 0)
    kept.scan(NOON + 3 * DAY)
    assert (kept.read()[day].total, kept.read()[day + 1].total) == (3, 0)


def test_a_record_by_the_hour_is_summed_by_the_day(kept):
    kept.scan(NOON, kept.record(NOON, window=9, period=timedelta(hours=1)))
    counted = kept.counted()
    assert counted[TODAY - 3] == 4
    assert min(counted) == TODAY - 8, "the day that began before the record is not whole"


@pytest.mark.parametrize(
    "changed",
    [{"complete": False}, {"periods": {"x": (NOON - DAY, NOON)}}],
)
def test_a_record_with_gaps_counts_no_day(kept, changed):
    kept.scan(NOON, kept.record(NOON, **changed))
    assert kept.counted() == {}


def test_a_record_that_was_denied_counts_no_day_and_takes_none_away(kept):
    kept.scan(NOON)
    before = kept.counted()
    denied = UsageReport(UseStatus.DENIED, NOON - 42 * DAY, NOON + DAY, {}, complete=False)
    kept.scan(NOON + DAY, denied)
    assert kept.counted() == before


def test_days_go_after_four_hundred_of_them(kept):
    kept.scan(NOON)
    kept.scan(NOON + 399 * DAY)
    assert (TODAY - 1) in kept.counted()
    kept.scan(NOON + 402 * DAY)
    assert not [day for day in kept.counted() if day < TODAY + 2]
    with closing(sqlite3.connect(kept.path)) as opened:
        assert opened.execute("SELECT count(*) FROM called WHERE day < ?", (TODAY + 2,)).fetchone()[0] == 0


def test_snapshots_of_an_earlier_release_have_no_days_and_get_them_with_the_next_scan(kept):
    kept.scan(NOON)
    with closing(sqlite3.connect(kept.path)) as opened:
        opened.executescript("DROP TABLE label; DROP TABLE called; DROP TABLE counted; DROP TABLE begun;")
    assert kept.counted() == {}
    kept.scan(NOON + DAY)
    assert len(kept.counted()) == 42


def test_days_that_were_counted_without_a_key_are_no_days_without_calls_of_it(kept):
    calls, kept.calls = kept.calls, []
    kept.scan(NOON)
    kept.scan(NOON + 50 * DAY)
    late = made_up(2)
    kept.calls, kept.key = [(at + 50 * DAY, *rest) for at, *rest in calls], late
    with kept.cache.batch():
        kept.cache.keys(SOURCE.id, [late], NOON)
        kept.cache.end(SOURCE, "provider", {late.id, made_up(1).id}, NOON, listed=True)
    kept.scan(NOON + 50 * DAY)
    found = kept.read()
    assert found[TODAY + 20].total == 31, "the record knows it, although the day was counted before"
    assert found[TODAY - 10].state is DayState.NOT_COUNTED, "counted, but without this key"
