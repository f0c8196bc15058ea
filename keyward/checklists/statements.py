"""What people stated about an item at a subject, and whether that still holds. Pure: rows and the present are handed in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

from keyward.checklists.item import Item, Subject
from keyward.ledger.records import AttestationRow, Statement


class State(StrEnum):
    """Where the statements stand. `unsigned`: another person has to agree; `changed`: the item means something else since."""

    NONE = "none"
    VALID = "valid"
    UNSIGNED = "unsigned"
    EXPIRED = "expired"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Stated:
    """Where they stand: the newest statement, who agreed to it, and a skip that holds now."""

    state: State
    row: AttestationRow | None = None
    signed_by: str = ""
    skipped: AttestationRow | None = None


VERSION = "version"
"""The name in a statement's data that keeps which version of the item it was about."""


def concerns(row: AttestationRow, subject: Subject | str) -> bool:
    """Whether a statement is about that subject; its scope may be a pattern such as `project:acme-*`."""
    return row.scope == str(subject) or fnmatchcase(str(subject), row.scope)


def stated(item: Item, subject: Subject, rows: Iterable[AttestationRow], now: datetime) -> Stated:
    """Where the statements about the item stand at that subject.

    Args:
        item: which; statements count in whatever list it was when they were made.
        subject: what it is asked of.
        rows: all statements, oldest first.
        now: the present (UTC).
    """
    newest: AttestationRow | None = None
    skipped: AttestationRow | None = None
    signed = ""
    for row in rows:
        if row.item != item.id or not concerns(row, subject):
            continue
        if row.kind is Statement.ATTESTED:
            newest, signed, skipped = row, "", None
        elif row.kind is Statement.WITHDRAWN:
            newest, signed, skipped = None, "", None
        elif row.kind is Statement.SKIPPED:
            skipped = row
        elif newest is not None and row.actor != newest.actor:
            signed = row.actor
    skip = skipped if skipped is not None and skipped.expires > now else None
    return Stated(_state(item, newest, signed, now), newest, signed, skip)


def _state(item: Item, row: AttestationRow | None, signed: str, now: datetime) -> State:
    if row is None:
        return State.NONE
    if row.expires <= now:
        return State.EXPIRED
    if row.data.get(VERSION, item.version) != item.version:
        return State.CHANGED
    return State.UNSIGNED if item.sign_off and not signed else State.VALID
