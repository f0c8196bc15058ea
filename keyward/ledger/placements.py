"""What is known of places, merged inside a transaction of the caller."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, update

from keyward.ledger.database import Database
from keyward.ledger.records import PlacementRow, Seen
from keyward.ledger.rows import columns
from keyward.ledger.schema import placement
from keyward.ledger.writable import stamp, text

_KEY = ("secret", "version", "part", "host", "credential")
_NEWEST = ("role", "version_state", "store", "scope", "alias", "found_by", "gone")
_UNLESS_EMPTY = ("fingerprint", "written_by")


def merge(
    database: Database,
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
    _put(database, connection, _lines(source, rows, at), _written if source is None else _seen)


def _lines(source: str | None, rows: Iterable[PlacementRow], at: datetime) -> Iterator[dict[str, object]]:
    for row in rows:
        dated = replace(row, first_seen=row.first_seen or at, last_read=row.last_read or at)
        yield columns(dated) | {"source": text(source if source is not None else f"{row.store}:{row.scope}")}


def _put(
    database: Database,
    connection: Connection,
    lines: Iterable[dict[str, object]],
    statement: Callable[[Database], Any],
) -> None:
    by_key = {tuple(str(line[name]) for name in _KEY): line for line in lines}
    if by_key:
        # In one order everywhere, so that two hosts that saw the same places do not wait for each other in a circle.
        connection.execute(database.statement(statement), [line for _, line in sorted(by_key.items())])


def _written(database: Database) -> Any:
    """What a rotation wrote leaves the source of known rows as it is."""
    return _merged(database, _NEWEST)


def _seen(database: Database) -> Any:
    return _merged(database, (*_NEWEST, "source"))


def _merged(database: Database, newest: tuple[str, ...]) -> Any:
    base = database.insert(placement)
    new = base.excluded
    settled: dict[str, object] = {name: new[name] for name in newest}
    for name in _UNLESS_EMPTY:
        settled[name] = case((new[name] == "", placement.c[name]), else_=new[name])
    later = new["last_read"] > placement.c.last_read
    settled["last_read"] = case((later, new["last_read"]), else_=placement.c.last_read)
    return base.on_conflict_do_update(index_elements=_KEY, set_=settled)


def see(database: Database, seen: Sequence[Seen], at: datetime, connection: Connection) -> None:
    """Merge what a scan found in sources; what it did not find in those that were seen whole is gone."""
    for host in sorted({one.host for one in seen if one.complete}):
        # First all, then those that were seen come back, in one transaction: no list of the others is needed.
        names = [text(one.source) for one in seen if one.complete and one.host == host]
        of_sources = placement.c.source.in_(names) & (placement.c.host == text(host)) & placement.c.gone.is_(None)
        connection.execute(update(placement).where(of_sources).values(gone=stamp(at)))
    _put(database, connection, (line for one in seen for line in _lines(one.source, one.rows, at)), _seen)
