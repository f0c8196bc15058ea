"""Keeps what a scan knew as a snapshot, with the calls by day that it read, and lets old snapshots and days go."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from keyward.inventory.snapshots import days, file
from keyward.inventory.snapshots.thinning import thin
from keyward.inventory.times import DAY
from keyward.model.source import SourceStatus

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

    from keyward.inventory.cache_write import CacheWriter
    from keyward.model.source import SourceReport

FIELDS = ("name", "state", "expires", "restricted", "identity", "secrets")
"""What of a key is compared."""
NOT_SCANNED = "not_scanned"
"""The status of a source that a scan did not ask."""

_ALWAYS = ("source", "kind", "scope", "created")
_OBJECT = ", ".join(f"'{name}', {name}" for name in _ALWAYS + FIELDS)
_KEYS = f"SELECT id, json_object({_OBJECT}), use_status, used, window_days FROM key"  # noqa: S608  # names of our own


def take(
    path: Path,
    cache: "CacheWriter",
    reports: "Iterable[SourceReport]",
    now: datetime,
    *,
    warn: "Callable[[str], None]",
    cancelled: bool = False,
) -> None:
    """Keep what the cache knows after a scan.

    A key that the cache has lost, and whose source this scan did not see, stays: nobody saw it go.

    Args:
        path: the file of the snapshots.
        cache: the scan cache.
        reports: how the sources that were asked ended.
        now: when the scan ended (UTC).
        warn: hears when damaged snapshots were put aside.
        cancelled: whether the scan was stopped before its end.

    Raises:
        KeywardError: it could not be kept; the snapshots are as they were before.
    """
    import sqlite3

    status = {row[0]: NOT_SCANNED for row in cache.connection.execute("SELECT id FROM source")}
    status |= {one.id: one.status.value for one in reports}
    connection = file.to_write(path, cache.world, warn)
    try:
        connection.execute("BEGIN IMMEDIATE")
        taking = _Taking(connection, cache.connection, status)
        taking.run(now, cancelled=cancelled)
        days.keep(connection, cache.connection, cache.records, (taking.numbers, taking.fresh), now)
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise file.unwritten(path, error) from None
    finally:
        connection.close()


class _Taking:
    """One snapshot in the making, in one transaction."""

    def __init__(self, kept: "sqlite3.Connection", cache: "sqlite3.Connection", status: Mapping[str, str]) -> None:
        self._kept, self._cache, self._status = kept, cache, status
        self.numbers: dict[str, int] = {}
        self.fresh: set[str] = set()

    def run(self, now: datetime, *, cancelled: bool) -> None:
        run = self._kept.execute
        since = run("SELECT coalesce(max(at), 0) FROM snapshot").fetchone()[0]
        rows = self._cache.execute(_KEYS).fetchall()
        this = run(
            "INSERT INTO snapshot (at, cancelled, keys) VALUES (?, ?, ?)", (now.timestamp(), int(cancelled), len(rows))
        ).lastrowid
        assert this is not None  # noqa: S101  # an INSERT has one
        self._sources(this)
        seen_now = {key: _kept(*rest) for key, *rest in rows}
        self._kept.executemany("INSERT OR IGNORE INTO key (id) VALUES (?)", [(key,) for key in seen_now])
        numbers = self.numbers = dict(run("SELECT id, n FROM key"))
        open_rows = (
            {n: tuple(fields) for n, *fields in run("SELECT n, fields FROM state WHERE last IS NULL")},
            {n: tuple(use) for n, *use in run("SELECT n, status, used, window_days FROM use WHERE last IS NULL")},
        )
        self.fresh = {key for key in seen_now if numbers[key] not in open_rows[0]}
        keys = {numbers[key]: kept for key, kept in seen_now.items()}
        gone = self._gone(
            [(key, numbers[key]) for key in numbers if numbers[key] in open_rows[0]], keys, open_rows[0], since
        )
        for at, (table, marks) in enumerate((("state", "?, ?, NULL, ?"), ("use", "?, ?, NULL, ?, ?, ?"))):
            before = open_rows[at]
            changed = {n: kept[at] for n, kept in keys.items() if before.get(n) != kept[at]}
            over = [(this - 1, n) for n in (*changed.keys() & before.keys(), *gone)]
            self._kept.executemany(f"UPDATE {table} SET last = ? WHERE n = ? AND last IS NULL", over)  # noqa: S608  # one of two names
            begun = [(n, this, *values) for n, values in changed.items()]
            self._kept.executemany(f"INSERT INTO {table} VALUES ({marks})", begun)  # noqa: S608  # one of two names
        if thin(self._kept, "snapshot", ("state", "use", "source"), now):
            run("DELETE FROM key WHERE n NOT IN (SELECT n FROM state) AND n NOT IN (SELECT n FROM called)")

    def _sources(self, this: int) -> None:
        known = dict(self._kept.execute("SELECT id, status FROM source WHERE last IS NULL"))
        changed = [(one, status) for one, status in self._status.items() if known.get(one) != status]
        over = [*(one for one, _ in changed if one in known), *(known.keys() - self._status.keys())]
        self._kept.executemany(
            "UPDATE source SET last = ? WHERE id = ? AND last IS NULL", [(this - 1, one) for one in over]
        )
        rows = [(one, this, status) for one, status in changed]
        self._kept.executemany("INSERT INTO source VALUES (?, ?, NULL, ?)", rows)

    def _gone(
        self, known: list[tuple[str, int]], keys: Mapping[int, object], fields: Mapping[int, tuple[str]], since: float
    ) -> list[int]:
        """Numbers of the keys that are no more: a source that was read to its end no longer lists them."""
        went = {
            row[0] for row in self._cache.execute("SELECT key FROM change WHERE what = 'gone' AND at >= ?", (since,))
        }
        lost = [(key, n) for key, n in known if n not in keys]
        return [n for key, n in lost if key in went or seen(json.loads(fields[n][0])["source"], self._status)]


def seen(source: str, status: Mapping[str, str]) -> bool:
    """Whether a scan with these statuses saw everything of that source; keys by shape come from every source at once."""
    if source in status:
        return status[source] == SourceStatus.OK.value
    return all(one in (SourceStatus.OK.value, SourceStatus.DISABLED.value) for one in status.values())


def _kept(text: str, status: str, used: float | None, window: int | None) -> tuple[tuple[str], tuple[object, ...]]:
    """A key of the cache as the rows of `state` and `use` have it."""
    day = None if used is None else used // DAY * DAY  # a use an hour later is no news
    return (text,), (status, day, window)
