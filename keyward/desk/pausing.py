"""Pauses: set and lifted in the ledger, so that they hold on all hosts, and on the audit trail."""

import secrets
from typing import TYPE_CHECKING

from keyward.ledger.records import EventRow
from keyward.model.errors import UsageError
from keyward.rotation.pause import Pause, check, pauses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyward.desk.desk import Desk


def pause(desk: "Desk", query: str, reason: str) -> Pause:
    """Stop starts and retirements of the keys of a query, of all keys when it is empty, on all hosts.

    Raises:
        UsageError: the query cannot be read, or rests on what is not the same everywhere.
    """
    if query:
        check(query)
    parts, now = desk.parts, desk.parts.clock.now()
    ledger, _ = desk.books.writing()
    made = Pause(secrets.token_hex(4), query, parts.actor, parts.host, reason, now)
    ledger.set_meta(*made.fact)
    detail = {"pause": made.id, "query": query, "reason": reason}
    ledger.append([EventRow("paused", target=query, detail=detail, actor=parts.actor, host=parts.host, at=now)])
    return made


def unpause(desk: "Desk", named: str, reason: str, *, every: bool = False) -> tuple[Pause, ...]:
    """Lift pauses: the one of that id, those of that very query, or all.

    Raises:
        UsageError: there is none.
    """
    found = standing(desk)
    lifted = tuple(one for one in found if every or named in (one.id, one.query))
    if not lifted:
        if every:
            return ()
        known = "; ".join(f"{one.id}: {one.query or 'everything'}" for one in found) or "none"
        raise UsageError(f"There is no pause {named!r}.", hint=f"Pauses: {known}")
    parts, now = desk.parts, desk.parts.clock.now()
    ledger, _ = desk.books.writing()
    for one in lifted:
        ledger.set_meta(one.fact[0], None)
        detail = {"pause": one.id, "query": one.query, "reason": reason}
        ledger.append(
            [EventRow("unpaused", target=one.query, detail=detail, actor=parts.actor, host=parts.host, at=now)]
        )
    return lifted


def standing(desk: "Desk") -> "Sequence[Pause]":
    """Every pause that holds."""
    ledger = desk.books.reading()
    if ledger is None:
        return ()
    with ledger:
        return pauses(ledger)
