"""The audit trail's lines in the database, inside a transaction of the caller."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

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
_HEAD = select(meta.c.value).where(meta.c.name == HEAD)
_LOCKED_HEAD = _HEAD.with_for_update()
_NEWEST = select(func.coalesce(func.max(event.c.seq), 0)).scalar_subquery()
# Compared and moved in one statement: a round trip less under the lock.
_MOVED = update(meta).where(meta.c.name == HEAD, bindparam("known") == _NEWEST).values(value=bindparam("new_head"))
_APPENDED = insert(event)
_STORED = select(event).where(event.c.seq > bindparam("after")).order_by(event.c.seq).limit(_PAGE)
_STORED_OF_ONE = _STORED.where(event.c.rotation == bindparam("of"))
_BEFORE = event.alias("before")
_OF_KIND = (
    select(event, _BEFORE.c.chain.label("link"))
    .outerjoin(_BEFORE, _BEFORE.c.seq == event.c.seq - 1)
    .where(event.c.kind == bindparam("of_kind"))
    .order_by(event.c.seq)
)
_OF_TARGETS = _OF_KIND.where(event.c.target.in_(bindparam("of_targets", expanding=True)))


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
    # What takes time comes before the lock, for which everybody else has to wait.
    prepared = [columns(row) | {"at": stamp(row.at or datetime.now(UTC))} for row in events]
    note = head(connection, lock=True)
    seq, _, before = note.partition(":")
    known = int(seq or 0)
    lines = []
    for number, line in enumerate(prepared, known + 1):
        before = link(key, before, line | {"seq": number})
        lines.append(line | {"seq": number, "chain": before})
    moved = {"known": known, "new_head": noted(known + len(lines), before)}
    if connection.execute(_MOVED, moved).rowcount != 1:
        raise LedgerBroken(
            "Lines of the audit trail were added or removed from outside; nothing was written.",
            hint="`keyward audit verify` shows where. Restore the ledger from a backup.",
        )
    connection.execute(_APPENDED, lines)


def head(connection: Connection, *, lock: bool = False) -> str:
    """The note of the newest line, `<seq>:<link>`; empty before the first.

    Args:
        connection: in a transaction.
        lock: let nobody else append before this transaction ends.
    """
    return str(connection.execute(_LOCKED_HEAD if lock else _HEAD).scalar_one_or_none() or "")


def stored(connection: Connection, *, rotation: str | None = None, after: int = 0) -> list[dict[str, Any]]:
    """The next lines as they are stored, a page of them."""
    query, of = (_STORED, {}) if rotation is None else (_STORED_OF_ONE, {"of": rotation})
    return [dict(row) for row in connection.execute(query, {"after": after, **of}).mappings()]


def proved(
    connection: Connection, key: Secret, kind: str, targets: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """The lines of that kind that who has the key wrote: each fits the line before it. The rest of the trail is not looked at.

    Args:
        connection: in a transaction.
        key: the key of the chain.
        kind: such as `accepted`.
        targets: only lines about these; None for all.
    """
    query, of = (_OF_KIND, {}) if targets is None else (_OF_TARGETS, {"of_targets": list(targets)})
    found = connection.execute(query, {"of_kind": kind, **of}).mappings()
    lines = (dict(line) for line in found)
    return [line for line in lines if line["chain"] == link(key, line["link"] or "", line)]


def everything(connection: Connection) -> Iterator[dict[str, Any]]:
    """All lines as they are stored, in order."""
    after = _BELOW_ALL
    while page := stored(connection, after=after):
        yield from page
        after = page[-1]["seq"]
