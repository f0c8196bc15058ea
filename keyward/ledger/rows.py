"""Records to columns and back, the same for every database and for the reader without one.

Who can write the database may not be who reads it: texts come back harmless.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from keyward.ledger.records import AttestationRow, RotationState, Statement, WaitingOn
from keyward.ledger.writable import canonical, stamp, text
from keyward.model.errors import LedgerBroken
from keyward.model.text import clean, clean_lines

R = TypeVar("R")

_TIMES = frozenset({"at", "due", "created", "updated", "first_seen", "last_read", "gone", "until", "expires"})
_DATA = frozenset({"data", "detail"})
_SENT_BACK = "raw"
"""What a provider said in its own form and gets back as it is: never shown, never tidied up."""
_WORDS: Mapping[str, type[Enum]] = {"state": RotationState, "waiting_on": WaitingOn}
_OWN_WORDS: Mapping[type, Mapping[str, type[Enum]]] = {AttestationRow: {"kind": Statement}}
"""Words of one record, where others have a text of that name."""


def columns(row: Any) -> dict[str, object]:
    """A record as column values: times as text, data as canonical JSON, nothing key-shaped.

    Raises:
        TypeError: it holds what must not be written down.
    """
    return {name: _column(name, getattr(row, name)) for name in _names(type(row))}


def _named(kind: Any) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind))


_names: Callable[[Any], tuple[str, ...]] = cache(_named)


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
        own = _OWN_WORDS.get(kind, {})
        return kind(
            **{name: own[name](found[name]) if name in own else _field(name, found[name]) for name in _names(kind)}
        )
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise LedgerBroken(
            f"The ledger holds a {kind.__name__} that cannot be read: {clean(str(error))}.",
            hint="It may be damaged or of a newer keyward; nothing was changed.",
        ) from None


def _mapping(value: Any) -> dict[str, Any]:
    found = json.loads(value)
    if not isinstance(found, dict):
        raise ValueError("no JSON object")  # noqa: TRY004  # one error type for whatever a column cannot hold
    tidied: dict[str, Any] = _harmless(found)
    return tidied


def _harmless(value: Any) -> Any:
    """The value with nothing in its texts that a terminal would take for an order."""
    if isinstance(value, str):
        return value if value.isascii() and value.isprintable() else clean_lines(value, len(value))
    if isinstance(value, list):
        return [_harmless(item) for item in value]
    if isinstance(value, dict):
        return {
            _harmless(name): item if name == _SENT_BACK and isinstance(item, dict) else _harmless(item)
            for name, item in value.items()
        }
    return value


def _field(name: str, value: Any) -> Any:
    if name in _TIMES:
        return None if value is None else datetime.fromisoformat(value)
    if name in _DATA:
        return _mapping(value)
    if name in _WORDS:
        return _WORDS[name](value)
    return _harmless(value)
