"""Reads the scan cache. Nothing heavy is loaded for it: listing ten thousand keys costs little more than starting Python."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyward.inventory import cache_open

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from keyward.model.credential import Credential
    from keyward.model.placement import Placement
    from keyward.model.query_rows import Columns
    from keyward.model.secretinfo import SecretInfo
    from keyward.model.source import SourceReport

_KEY = "SELECT * FROM key JOIN detail USING (ordinal)"
_PLACEMENT = """
    SELECT p.*, s.store, s.locator, s.scope AS secret_scope, k.provider, k.scope, d.more
    FROM placement p JOIN secret s ON s.id = p.secret JOIN key k ON k.id = p.key JOIN detail d USING (ordinal)
"""
_FIRST, _MORE = 200, 4_000


class CacheReader:
    """What the last scans found. A cache that is not there, or damaged, is an empty one.

    It may be used from several threads, and while a scan writes.

    Args:
        path: the file.
        world: what it must be stamped with; None takes any.
        warn: hears about damage.

    Raises:
        AnotherWorld: it was made against other endpoints.
        NotAllowed: it belongs to somebody else, or others can write it.
    """

    def __init__(self, path: Path, world: str | None = None, warn: Callable[[str], None] = lambda _: None) -> None:
        self._warn = warn
        self._connection: sqlite3.Connection | None = cache_open.to_read(path, world, warn)

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def rows(self, statement: str, values: Iterable[object] = ()) -> Iterator[Any]:
        """Rows of a statement as tuples; they end early, with a warning, where the file is damaged."""
        if self._connection is None:
            return
        import sqlite3  # loaded by the connection already

        try:
            yield from self._connection.execute(statement, tuple(values))
        except sqlite3.DatabaseError:
            self._warn("The scan cache is damaged; what follows is missing. `keyward scan` makes a new one.")

    def _named(self, statement: str, values: Iterable[object] = ()) -> Iterator[dict[str, Any]]:
        if self._connection is None:
            return
        import sqlite3

        try:
            cursor = self._connection.execute(statement, tuple(values))
            names = [column[0] for column in cursor.description]
            yield from (dict(zip(names, row, strict=True)) for row in cursor)
        except sqlite3.DatabaseError:
            self._warn("The scan cache is damaged; what follows is missing. `keyward scan` makes a new one.")

    # The whole

    @property
    def world(self) -> str | None:
        """The world it is stamped with; None when there is no cache."""
        return self._meta("world")

    @property
    def scanned_at(self) -> "datetime | None":
        """Since when everything shown was read (UTC): the oldest of the sources' last readings; None before any."""
        from keyward.inventory.times import moment

        at = next((row[0] for row in self.rows("SELECT min(at) FROM source")), None)
        return moment(at) if at is not None else None

    @property
    def written(self) -> int:
        """How often something was written to it: another number is another cache."""
        return int(self._meta("written") or 0)

    def _meta(self, name: str) -> str | None:
        return next((row[0] for row in self.rows("SELECT value FROM meta WHERE name = ?", (name,))), None)

    def counts(self) -> tuple[int, int, int]:
        """How many keys, secrets and placements are known."""
        tables = ("key", "secret", "placement")
        found = [next(self.rows(f"SELECT count(*) FROM {table}"), (0,))[0] for table in tables]  # noqa: S608  # names of our own, never outside text
        return found[0], found[1], found[2]

    def sources(self, *, missing: bool = False) -> list["SourceReport"]:
        """Coverage: how the last reading of each source ended; with `missing` only those that were not seen as a whole."""
        from keyward.inventory.reports import report

        where = "WHERE status NOT IN ('ok', 'disabled')" if missing else ""
        return [report(row) for row in self._named(f"SELECT * FROM source {where} ORDER BY id")]  # noqa: S608  # from above

    def chunks(self, first: int = _FIRST, more: int = _MORE) -> Iterator["Columns"]:
        """All keys in the order in which they are shown, as columns: a first window full, then so many at a time."""
        from keyward.inventory.columns import chunks

        return chunks(self, first, more)

    def columns(self, keys: Iterable[str] | None = None) -> "Columns":
        """All keys as columns, or those of these ids; an id that is not there is left out."""
        from keyward.inventory.columns import columns

        return columns(self, keys)

    # One by one

    def credential(self, key: str) -> "Credential | None":
        """The key of that id."""
        return next(self.credentials((key,)), None)

    def credentials(self, keys: Iterable[str] | None = None) -> Iterator["Credential"]:
        """Those keys, or all of them in the order in which they are shown."""
        from keyward.inventory.rows import credential

        if keys is None:
            yield from map(credential, self._named(f"{_KEY} ORDER BY ordinal"))
            return
        for key in keys:
            yield from map(credential, self._named(f"{_KEY} WHERE id = ?", (key,)))

    def stale(self, key: str) -> bool:
        """Whether what is known of that key is from an earlier scan than its source's last one."""
        return any(row[0] for row in self.rows("SELECT stale FROM key WHERE id = ?", (key,)))

    def placements(
        self, key: str | None = None, *, secret: str | None = None, accepted: frozenset[str] = frozenset()
    ) -> list["Placement"]:
        """Where keys are kept: all placements, or those of one key or in one secret.

        Args:
            key: only those of this key.
            secret: only those in this secret.
            accepted: targets of the ledger, as place ids without a version.
        """
        from keyward.inventory.rows import placement

        wanted = {"p.key = ?": key, "p.secret = ?": secret}
        terms = " AND ".join(term for term, value in wanted.items() if value is not None) or "1"
        values = [value for value in wanted.values() if value is not None]
        statement = f"{_PLACEMENT} WHERE {terms} ORDER BY p.key, p.secret, p.version, p.part"  # made of the terms above
        return [placement(row, accepted) for row in self._named(statement, values)]

    def secret(self, secret: str) -> "SecretInfo | None":
        """The secret of that id."""
        from keyward.inventory.rows import secret_info

        return next(map(secret_info, self._named("SELECT * FROM secret WHERE id = ?", (secret,))), None)

    def secrets(self) -> Iterator["SecretInfo"]:
        """Every secret."""
        from keyward.inventory.rows import secret_info

        return map(secret_info, self._named("SELECT * FROM secret ORDER BY id"))

    def by_fingerprint(self, fingerprint: str) -> list[str]:
        """Ids of the keys with that value."""
        return [row[0] for row in self.rows("SELECT id FROM key WHERE fingerprint = ? ORDER BY id", (fingerprint,))]

    def uses(self, key: str) -> list[tuple[float, float, int, str, str]]:
        """(start, end, count, service, response class) of every bucket in which that key was used, newest first; times in seconds."""
        import json

        return [
            tuple(bucket)
            for row in self.rows("SELECT buckets FROM use WHERE key = ?", (key,))
            for bucket in json.loads(row[0])
        ]

    def changes(self, since: "datetime") -> list[tuple[float, str, str, str, str]]:
        """(when, key, what, before, after) of everything that scans found different since then, oldest first; new keys as `new`."""
        at = since.timestamp()
        logged = self.rows("SELECT at, key, what, before, after FROM change WHERE at >= ?", (at,))
        new = self.rows("SELECT first_seen, id, 'new', '', state FROM key WHERE first_seen >= ?", (at,))
        return sorted((*logged, *new))
