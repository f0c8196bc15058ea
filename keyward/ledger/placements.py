"""What is known of places, merged inside a transaction of the caller."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, case, update

from keyward.ledger.records import PlacementRow
from keyward.ledger.rows import columns
from keyward.ledger.schema import placement
from keyward.ledger.sqlite import SqliteDatabase
from keyward.ledger.writable import stamp, text

_KEY = ("secret", "version", "part", "host", "credential")
_NEWEST = ("role", "version_state", "store", "scope", "alias", "found_by", "gone")
_UNLESS_EMPTY = ("fingerprint", "written_by")


def merge(
    database: SqliteDatabase,
    connection: Connection,
    source: str | None,
    rows: Iterable[PlacementRow],
    at: datetime,
) -> None:
    """Add rows, or bring those that are there up to date: `first_seen` stays, `last_read` never goes back.

    Args:
        database: for its kind of insert.
        connection: in a transaction that writes.
        source: the source that saw them; None for what a rotation wrote, which leaves the source of known rows as it is.
        rows: what was seen or written; times that are missing become `at`.
        at: when, UTC.
    """
    lines = {}
    for row in rows:
        dated = replace(row, first_seen=row.first_seen or at, last_read=row.last_read or at)
        line = columns(dated) | {"source": text(source if source is not None else f"{row.store}:{row.scope}")}
        lines[tuple(line[name] for name in _KEY)] = line
    if not lines:
        return
    base = database.insert(placement)
    new = base.excluded
    settled: dict[str, object] = {name: new[name] for name in _NEWEST}
    if source is not None:
        settled["source"] = new["source"]
    for name in _UNLESS_EMPTY:
        settled[name] = case((new[name] == "", placement.c[name]), else_=new[name])
    later = new["last_read"] > placement.c.last_read
    settled["last_read"] = case((later, new["last_read"]), else_=placement.c.last_read)
    connection.execute(base.on_conflict_do_update(index_elements=_KEY, set_=settled), list(lines.values()))


def see(
    database: SqliteDatabase,
    connection: Connection,
    source: str,
    rows: Iterable[PlacementRow],
    at: datetime,
    *,
    host: str,
    complete: bool,
) -> None:
    """Merge what a scan found in a source; with `complete`, what it did not find there is gone."""
    if complete:
        # First all, then those that were seen come back, in one transaction: no list of the others is needed.
        of_source = (placement.c.source == text(source)) & (placement.c.host == text(host)) & placement.c.gone.is_(None)
        connection.execute(update(placement).where(of_source).values(gone=stamp(at)))
    merge(database, connection, source, rows, at)
