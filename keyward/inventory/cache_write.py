"""Writes what a scan finds into the cache, one transaction a batch, so that readers see whole rows while it goes on.

One thread writes. Rows of a source that could not be read this time stay, marked stale.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyward.inventory import cache_open, texts
from keyward.inventory.cache_open import Warn
from keyward.inventory.link import Found
from keyward.inventory.relink import FirstSeen, Relink
from keyward.inventory.reports import report
from keyward.inventory.rows import credential, dump, haystack, key_more, key_row, last_use, says, secret_row
from keyward.inventory.times import moment, seconds
from keyward.model.credential import Credential, State
from keyward.model.secretinfo import SecretInfo
from keyward.model.source import SourceReport
from keyward.model.usage import UsageReport, UseStatus

if TYPE_CHECKING:
    import sqlite3

_KEY = "SELECT * FROM key JOIN detail USING (ordinal) WHERE "
_REMEMBERED = timedelta(days=400)
"""For how long it is kept what changed."""
_COUNT = "INSERT INTO meta VALUES ('written', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1"
"""How often something was written: by it those who kept what they made of the cache know whether it is another one now."""
_WATCHED = ("name", "state", "expires", "restricted", "identity")


class CacheWriter:
    """The cache, held open by the one thread that writes it.

    Args:
        path: the file; made when it is not there, made anew when it is damaged.
        world: what it is stamped with.
        warn: hears that it was damaged.

    Raises:
        AnotherWorld: it was made against other endpoints.
        NotAllowed: it belongs to somebody else, or others can write it.
    """

    def __init__(self, path: Path, world: str, warn: Warn) -> None:
        import sqlite3  # only who writes pays for it

        self.connection: sqlite3.Connection = cache_open.to_write(path, world, warn)
        self.connection.row_factory = sqlite3.Row
        self._path, self.world = path, world
        self.key_id = ""
        self.records: dict[str, UsageReport] = {}
        """The records of use that were written, by source, without their buckets."""

    def outdated(self) -> None:
        """What others made of the cache holds no more: the ledger knows something besides that it rests on."""
        self.connection.execute(_COUNT)

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Everything in the block is written together or not at all.

        Raises:
            KeywardError: the disk takes nothing: it is full, or can only be read.
        """
        import sqlite3

        try:
            self.connection.execute("BEGIN IMMEDIATE")
            before = self.connection.total_changes
            try:
                yield
                if self.connection.total_changes != before:
                    self.connection.execute(_COUNT)
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:  # SQLite may have rolled back by itself
                    self.connection.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError as error:
            if (closed := cache_open.unwritten(error, self._path)) is None:
                raise
            raise closed from None

    @contextmanager
    def one(self) -> Iterator[None]:
        """Inside a batch: what is in the block is left out of it when it fails."""
        self.connection.execute("SAVEPOINT one")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK TO one")
            raise
        finally:
            self.connection.execute("RELEASE one")

    # What no scan has to read again

    def use_key(self, key_id: str) -> None:
        """From now on fingerprints are made with that fingerprint key; those of another one are taken from the credentials."""
        self.key_id = key_id
        row = self.connection.execute("SELECT value FROM meta WHERE name = 'fingerprint_key_id'").fetchone()
        if row is None or row[0] != key_id:
            with self.batch():
                self.connection.execute("UPDATE key SET fingerprint = NULL WHERE provider != 'shape'")
                self.connection.execute("INSERT OR REPLACE INTO meta VALUES ('fingerprint_key_id', ?)", (key_id,))

    def looked(self, *, lasting: bool = True) -> set[tuple[str, str]]:
        """(secret or credential, version) of everything whose parts are known; with `lasting` only what can never change."""
        rows = self.connection.execute(
            "SELECT item, version FROM looked WHERE key_id = ? AND lasting >= ?", (self.key_id, int(lasting))
        )
        return {(item, version) for item, version in rows}

    def found(self, item: str, version: str, parts: Sequence[Found], *, lasting: bool) -> None:
        """Remember what is in a payload, which may be nothing; for good when it can never change."""
        at = (self.key_id, item, version)
        run = self.connection.execute
        if not lasting:
            run("DELETE FROM part WHERE key_id = ? AND item = ?", at[:2])
            run("DELETE FROM looked WHERE key_id = ? AND item = ?", at[:2])
        run("INSERT OR REPLACE INTO looked VALUES (?, ?, ?, ?)", (*at, int(lasting)))
        self.connection.executemany(
            "INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (*at, one.name, one.kind, one.fingerprint, one.value_id, one.inside, one.expires, one.traits)
                for one in parts
            ],
        )

    # Rows

    def keys(self, source: str, rows: Iterable[Credential], now: datetime) -> list[str]:
        """Insert or change credentials; the ids of those that are new or different."""
        changed = []
        for one in rows:
            before = self.connection.execute(f"{_KEY}id = ?", (one.id,)).fetchone()
            if self._key(source, self._merged(one, before, now), before, now):
                changed.append(one.id)
        return changed

    def _merged(self, one: Credential, before: "sqlite3.Row | None", now: datetime) -> Credential:
        """What is known from before and was not said now: when it was first seen, its fingerprint, its last use."""
        fingerprint = one.fingerprint or (before and before["fingerprint"]) or self._remembered(one.id)
        use = one.last_use
        if before is not None and use.status is UseStatus.NOT_SCANNED:
            use = last_use(before)
        first_seen = moment(before["first_seen"]) if before is not None else one.first_seen or now
        return replace(one, fingerprint=fingerprint, last_use=use, first_seen=first_seen)

    def _remembered(self, key: str) -> str | None:
        row = self.connection.execute(
            "SELECT fingerprint FROM part WHERE key_id = ? AND item = ? AND version = ''", (self.key_id, key)
        ).fetchone()
        return row[0] if row is not None else None

    def _key(self, source: str, one: Credential, before: "sqlite3.Row | None", now: datetime) -> bool:
        row = key_row(one, source) | {"stale": 0}
        more = key_more(one)
        row["haystack"] = haystack(row | {"secrets": before["secrets"] if before is not None else ""})
        if before is None:
            row |= {"stores": "", "secrets": "", "places": 0}
            ordinal = self._insert("key", row)
            detail = (ordinal, texts.key_head(one, row["created"]), texts.key_tail(one), "[]", more)
            self.connection.execute("INSERT INTO detail VALUES (?, ?, ?, ?, ?)", detail)
            return True
        if before["more"] == more and all(before[name] == value for name, value in row.items()):
            return False
        self._log(one.id, {name: (before[name], row[name]) for name in _WATCHED}, now)
        self._update("key", row, "ordinal", before["ordinal"])
        text = {"head": texts.key_head(one, row["created"]), "tail": texts.key_tail(one), "more": more}
        self._update("detail", text, "ordinal", before["ordinal"])
        return True

    def secrets(self, rows: Iterable[SecretInfo], host: str) -> None:
        """Insert or change secrets. `host` is this machine for stores that only it has, else empty."""
        for info in rows:
            row = secret_row(info) | {"host": host}
            before = self.connection.execute("SELECT * FROM secret WHERE id = ?", (row["id"],)).fetchone()
            if before is None or any(before[name] != value for name, value in row.items()):
                text = {"head": texts.secret_head(info), "tail": texts.secret_tail(info)}
                self._insert("secret", row | text, "INSERT OR REPLACE")

    def value(self, key: str, fingerprint: str) -> None:
        """Remember a credential's fingerprint for good: its value never changes."""
        self.found(key, "", [Found("", "", fingerprint)], lasting=True)
        self.connection.execute("UPDATE key SET fingerprint = ? WHERE id = ?", (fingerprint, key))

    def uses(self, source: str, report: UsageReport | None) -> list[str]:
        """Say of every credential of the source when it was last used, by that report; None: such use cannot be known.

        Returns:
            The ids of the credentials of which something else is known now.
        """
        from keyward.model.usage import UNSUPPORTED

        changed, kept = [], []
        if report is not None:
            self.records[source] = replace(report, by_key={}, second=None)
        for before in self.connection.execute(f"{_KEY}source = ?", (source,)).fetchall():
            uid, off = before["uid"], State(before["state"]).off
            known = UNSUPPORTED if report is None else report.last_use(uid, moment(before["created"]), off=off)
            if not says(before, known):
                self._used(replace(credential(before), last_use=known), before["ordinal"])
                changed.append(before["id"])
            if report is not None and report.status is UseStatus.USED:
                buckets = report.by_key.get(uid, ())
                times = [[seconds(it.start), seconds(it.end), it.count, it.service, it.response] for it in buckets]
                kept.append((before["id"], dump(times)))
        self.connection.executemany("INSERT OR REPLACE INTO use VALUES (?, ?)", kept)
        return changed

    def _used(self, one: Credential, ordinal: int) -> None:
        """Write what depends on the last use, and nothing else."""
        use = one.last_use
        row = {"use_status": use.status.value, "used": seconds(use.at), "window_days": use.window_days}
        self._update("key", row, "ordinal", ordinal)
        self._update("detail", {"tail": texts.key_tail(one), "more": key_more(one)}, "ordinal", ordinal)

    # The end of a source

    def end(self, report: SourceReport, side: str, seen: set[str], now: datetime, *, listed: bool) -> list[str]:
        """Close a source: what it no longer lists goes if it was read to its end, and stays marked stale if it was not.

        Args:
            report: how it ended.
            side: `provider` or `store`.
            seen: ids of the keys or secrets that it listed.
            now: the present.
            listed: whether it was listed to its end, though perhaps not every value in it could be read.

        Returns:
            The ids of keys that are gone.
        """
        plugin, _, scope = report.id.partition(":")
        table = "key" if side == "provider" else "secret"
        ids = [row[0] for row in self.connection.execute(f"SELECT id FROM {table} WHERE source = ?", (report.id,))]  # noqa: S608  # names of our own, never outside text
        missing = [one for one in ids if one not in seen]
        gone = missing if listed else []
        stale = (self._seen_at(report.id) or seconds(now)) if missing and not listed else None
        for one in gone:
            self._remove(table, one, now)
        if stale is not None and table == "key":
            self.connection.executemany("UPDATE key SET stale = 1 WHERE id = ?", [(one,) for one in missing])
        row = {
            "id": report.id, "side": side, "plugin": plugin, "scope": scope, "status": report.status.value,
            "detail": report.detail, "permission": report.permission, "api": report.api, "items": report.items,
            "looked": report.looked, "not_looked": report.not_looked, "at": seconds(now), "stale_since": stale,
        }  # fmt: skip
        self._insert("source", row, "INSERT OR REPLACE")
        return gone if table == "key" else []

    def report(self, source: str) -> SourceReport:
        """How the reading of that source ended, with the time from which its rows are."""
        return report(self.connection.execute("SELECT * FROM source WHERE id = ?", (source,)).fetchone())

    def _seen_at(self, source: str) -> float | None:
        row = self.connection.execute("SELECT coalesce(stale_since, at) FROM source WHERE id = ?", (source,)).fetchone()
        return row[0] if row is not None else None

    def forget(self, key: str, now: datetime) -> None:
        """Take a key out of the list that no source lists and that is in no place any more."""
        if self.connection.execute("SELECT 1 FROM key WHERE id = ?", (key,)).fetchone() is not None:
            self._remove("key", key, now)

    def _remove(self, table: str, one: str, now: datetime) -> None:
        if table == "key":
            row = self.connection.execute("SELECT ordinal, state FROM key WHERE id = ?", (one,)).fetchone()
            self.connection.execute("DELETE FROM detail WHERE ordinal = ?", (row["ordinal"],))
            self.connection.execute("DELETE FROM use WHERE key = ?", (one,))
            self._log(one, {"gone": (row["state"], "")}, now)
        self.connection.execute(f"DELETE FROM {table} WHERE id = ?", (one,))  # noqa: S608  # one of two names

    # Links and order

    def relink(self, waiting: frozenset[str], first_seen: FirstSeen, now: datetime) -> list[str]:
        """Find out again which secret holds which key; the ids of keys that changed. See `Relink`."""
        self.connection.execute("DELETE FROM change WHERE at < ?", ((now - _REMEMBERED).timestamp(),))
        return Relink(self.connection, self.key_id, self.keys, self._remove).run(waiting, first_seen, now)

    def order(self) -> None:
        """Give the keys ordinals in the order in which they are shown: by provider, scope, name, id."""
        run = self.connection.execute
        wanted = (
            "ORDER BY provider = 'shape', provider = 'declared', provider, scope, name IS NULL, name COLLATE NOCASE, id"
        )
        ids = [row[0] for row in run(f"SELECT ordinal FROM key {wanted}")]  # noqa: S608  # names of our own, never outside text
        if ids == list(range(1, len(ids) + 1)):
            return
        columns = ", ".join(row["name"] for row in run("PRAGMA table_info(key)") if row["name"] != "ordinal")
        numbered = f"SELECT row_number() OVER ({wanted}) AS n, * FROM key JOIN detail USING (ordinal)"  # noqa: S608  # names of our own, never outside text
        run(f"CREATE TEMP TABLE ordered AS {numbered}")
        run("DELETE FROM key")
        run("DELETE FROM detail")
        run(f"INSERT INTO key (ordinal, {columns}) SELECT n, {columns} FROM ordered ORDER BY n")  # noqa: S608  # names of our own, never outside text
        run("INSERT INTO detail SELECT n, head, tail, placements, more FROM ordered ORDER BY n")
        run("DROP TABLE ordered")

    def _insert(self, table: str, row: dict[str, Any], how: str = "INSERT") -> int:
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        run = self.connection.execute(f"{how} INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))
        return run.lastrowid or 0

    def _update(self, table: str, row: dict[str, Any], where: str, value: object) -> None:
        names = ", ".join(f"{name} = ?" for name in row)
        self.connection.execute(f"UPDATE {table} SET {names} WHERE {where} = ?", (*row.values(), value))  # noqa: S608  # names of our own, never outside text

    def _log(self, key: str, changes: dict[str, tuple[object, object]], now: datetime) -> None:
        rows = [
            (now.timestamp(), key, what, "" if before is None else str(before), "" if after is None else str(after))
            for what, (before, after) in changes.items()
            if before != after
        ]
        self.connection.executemany("INSERT INTO change VALUES (?, ?, ?, ?, ?)", rows)
