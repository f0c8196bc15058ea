"""Snapshots: what is kept for how long, how much room it takes, and whose they are."""

import random
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from keyward.inventory.cache_write import CacheWriter
from keyward.inventory.snapshots import file
from keyward.inventory.snapshots.compare import What, compare, snapshots
from keyward.inventory.snapshots.take import take
from keyward.model.errors import AnotherWorld, KeywardError
from keyward.model.source import SourceReport, SourceStatus
from tests.parts.scanning import made_up

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SOURCE = SourceReport("fake:place", SourceStatus.OK)
SILENT = timedelta(days=30)


class Kept:
    """A cache with so many keys, and the snapshots that are taken of it."""

    def __init__(self, folder, keys):
        self.path = folder / "state" / "snapshots.db"
        self.cache = CacheWriter(folder / "cache" / "inventory.db", "w", print)
        with self.cache.batch():
            self.cache.keys(SOURCE.id, [made_up(number) for number in range(keys)], NOW)
            self.cache.end(SOURCE, "provider", set(), NOW, listed=False)

    def change(self, statement, rows=((),)):
        with self.cache.batch():
            self.cache.connection.executemany(statement, rows)

    def take(self, at, report=SOURCE):
        take(self.path, self.cache, [report], at, warn=print)

    @property
    def all(self):
        with closing(file.to_read(self.path, "w")) as opened:
            return snapshots(opened)

    def diff(self, first=0, last=-1):
        kept = self.all
        with closing(file.to_read(self.path, "w")) as opened:
            return compare(opened, kept[first], kept[last], SILENT)


@pytest.fixture
def kept(tmp_path):
    made = Kept(tmp_path, 3)
    yield made
    made.cache.close()


def test_a_scan_that_changed_nothing_costs_one_row(kept):
    for day in range(5):
        kept.take(NOW + timedelta(days=day))
    counts = "SELECT (SELECT count(*) FROM state), (SELECT count(*) FROM use), (SELECT count(*) FROM snapshot)"
    with closing(sqlite3.connect(kept.path)) as opened:
        rows = list(opened.execute(counts).fetchone())
    assert rows == [3, 3, 5]
    assert kept.diff().changes == ()


def test_what_was_thinned_out_leaves_the_comparisons_that_are_left_as_they_were(kept):
    end = NOW + timedelta(days=500)
    at = NOW
    while at <= end:
        kept.change("UPDATE key SET state = ? WHERE ordinal = 1", [(f"state {(at - NOW).days}",)])
        kept.take(at)
        at += timedelta(hours=18)
    days = [(end - one.at) / timedelta(days=1) for one in kept.all]
    assert max(days) <= 401
    assert len(days) <= 10 + 60 + 52
    assert sum(day < 7 for day in days) >= 9, "the last week is whole"
    for at in range(0, len(days) - 1, 7):
        (change,) = kept.diff(at).changes
        (field,) = change.fields
        assert field.before == f"state {(kept.all[at].at - NOW).days}"
        assert field.after == f"state {(kept.all[-1].at - NOW).days}"
    with closing(sqlite3.connect(kept.path)) as opened:
        unneeded = "SELECT count(*) FROM state s WHERE NOT EXISTS (SELECT 1 FROM snapshot t WHERE t.id BETWEEN s.first AND ifnull(s.last, t.id))"
        assert opened.execute(unneeded).fetchone() == (0,)


def test_disabled_is_neither_gone_nor_new(kept):
    kept.take(NOW)
    kept.change("DELETE FROM key WHERE ordinal = 1")
    kept.take(NOW + timedelta(days=1), SourceReport(SOURCE.id, SourceStatus.DISABLED))
    assert kept.diff().changes == ()
    kept.take(NOW + timedelta(days=2))
    assert [one.what for one in kept.diff().changes] == [What.GONE]


def test_another_world_and_another_version_are_refused(kept):
    kept.take(NOW)
    with pytest.raises(AnotherWorld):
        file.to_read(kept.path, "other")
    with pytest.raises(AnotherWorld):
        file.to_write(kept.path, "other", print)
    with closing(sqlite3.connect(kept.path)) as opened:
        opened.execute("PRAGMA user_version = 7")
    before = kept.path.read_bytes()
    with pytest.raises(KeywardError, match="another version"):
        kept.take(NOW)
    assert kept.path.read_bytes() == before


@pytest.mark.slow
def test_ten_thousand_keys_over_400_days_stay_small_and_quick(tmp_path):
    many, draw = Kept(tmp_path, 10_000), random.Random(7)
    longest = 0.0
    for day in range(0, 400, 4):
        at = NOW + timedelta(days=day)
        used = [(at.timestamp(), number) for number in draw.sample(range(1, 10_001), 4_000)]  # each day, 4,000 are used
        many.change("UPDATE key SET use_status = 'used', used = ? WHERE ordinal = ?", used)
        many.change(
            "UPDATE key SET name = name || '.' WHERE ordinal = ?", [(draw.randint(1, 10_000),) for _ in range(50)]
        )
        began = time.monotonic()
        many.take(at)
        longest = max(longest, time.monotonic() - began)
    size = many.path.stat().st_size
    began = time.monotonic()
    many.diff()
    print(f"{size / 1e6:.1f} MB, {longest:.2f} s a snapshot at most, {time.monotonic() - began:.2f} s a comparison")
    many.cache.close()
    assert size < 100e6
