"""Records to columns and back, the same for every database and for the reader without one."""

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from keyward.ledger.records import RotationState, WaitingOn
from keyward.ledger.writable import canonical, stamp, text
from keyward.model.errors import LedgerBroken
from keyward.model.text import clean

R = TypeVar("R")

_TIMES = frozenset({"at", "due", "created", "updated", "first_seen", "last_read", "gone", "until", "expires"})
_DATA = frozenset({"data", "detail"})
_WORDS: Mapping[str, type[Enum]] = {"state": RotationState, "waiting_on": WaitingOn}


def columns(row: Any) -> dict[str, object]:
    """A record as column values: times as text, data as canonical JSON, nothing key-shaped.

    Raises:
        TypeError: it holds what must not be written down.
    """
    return {item.name: _column(item.name, getattr(row, item.name)) for item in fields(row)}


def _column(name: str, value: object) -> object:
    if name in _DATA:
        return canonical(value)
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return text(value)
    if value is None or isinstance(value, int):
        return value
    raise TypeError(f"{type(value).__name__} is never written down")


def record(kind: type[R], found: Mapping[str, Any]) -> R:
    """A record from columns; columns that the record does not have are passed over.

    Raises:
        LedgerBroken: a column holds what it cannot hold.
    """
    try:
        return kind(**{item.name: _field(item.name, found[item.name]) for item in fields(kind)})  # type: ignore[arg-type]  # all kinds here are dataclasses
    except (KeyError, TypeError, ValueError) as error:
        raise LedgerBroken(
            f"The ledger holds a {kind.__name__} that cannot be read: {clean(str(error))}.",
            hint="It may be damaged or of a newer keyward; nothing was changed.",
        ) from None


def _field(name: str, value: Any) -> Any:
    if name in _TIMES:
        return None if value is None else datetime.fromisoformat(value)
    if name in _DATA:
        return json.loads(value)
    if name in _WORDS:
        return _WORDS[name](value)
    return value
