"""The audit trail's lines in the database, inside a transaction of the caller."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from keyward.ledger.chain import link, noted
from keyward.ledger.records import EventRow
from keyward.ledger.rows import columns
from keyward.ledger.schema import event, meta
from keyward.ledger.writable import stamp
from keyward.model.errors import FingerprintKeyMissing, LedgerBroken
from keyward.model.secret import Secret

HEAD = "head"
_PAGE = 500
_BELOW_ALL = -(2**63)  # a line that somebody gave an impossible number must show too


def append(connection: Connection, key: Secret | None, events: Sequence[EventRow]) -> None:
    """Append lines, each bound to the one before. Their `seq` and `chain` are given here.

    Raises:
        FingerprintKeyMissing: without the key no line can be bound.
        LedgerBroken: lines were removed from outside.
    """
    if not events:
        return
    if key is None:
        raise FingerprintKeyMissing(
            "Without the fingerprint key nothing can be added to the audit trail, so nothing was changed.",
            hint="`keyward doctor` says where the key is expected.",
        )
    note = head(connection, lock=True)
    seq, _, before = note.partition(":")
    number = int(seq or 0)
    if number != (connection.execute(select(func.max(event.c.seq))).scalar_one() or 0):
        raise LedgerBroken(
            "Lines of the audit trail were added or removed from outside; nothing was written.",
            hint="`keyward audit verify` shows where. Restore the ledger from a backup.",
        )
    lines = []
    for row in events:
        number += 1
        line = columns(row) | {"seq": number, "at": stamp(row.at or datetime.now(UTC))}
        before = link(key, before, line)
        lines.append(line | {"chain": before})
    connection.execute(insert(event), lines)
    connection.execute(update(meta).where(meta.c.name == HEAD).values(value=noted(number, before)))


def head(connection: Connection, *, lock: bool = False) -> str:
    """The note of the newest line, `<seq>:<link>`; empty before the first.

    Args:
        connection: in a transaction.
        lock: let nobody else append before this transaction ends.
    """
    query = select(meta.c.value).where(meta.c.name == HEAD)
    return str(connection.execute(query.with_for_update() if lock else query).scalar_one_or_none() or "")


def stored(connection: Connection, *, rotation: str | None = None, after: int = 0) -> list[dict[str, Any]]:
    """The next lines as they are stored, a page of them."""
    query = select(event).where(event.c.seq > after).order_by(event.c.seq).limit(_PAGE)
    if rotation is not None:
        query = query.where(event.c.rotation == rotation)
    return [dict(row) for row in connection.execute(query).mappings()]


def everything(connection: Connection) -> Iterator[dict[str, Any]]:
    """All lines as they are stored, in order."""
    after = _BELOW_ALL
    while page := stored(connection, after=after):
        yield from page
        after = page[-1]["seq"]
