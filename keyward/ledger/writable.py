"""What may be written down: never a value. The last door before the disk, whatever the engines hand over."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum

from keyward.model.secret import Secret

_NUL = "\x00"
_SHORT, _MANY = 200, 20_000
_harmless: set[tuple[str, str]] = set()
"""Short texts (and their fields) in which nothing is hidden: a rotation is written down many times, and most of it stays the same."""


def stamp(at: datetime) -> str:
    """A time as the ledger keeps it: ISO 8601 in UTC with microseconds, so that times sort as texts.

    Raises:
        ValueError: it has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time without a time zone is never written down")
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def text(value: str, name: str = "") -> str:
    """The text with every key-shaped part replaced by `[hidden]`, fit for any database.

    Args:
        value: any text.
        name: the field that holds it; a few shapes are known only by it.
    """
    if (value, name) in _harmless:
        return value
    from keyward.model.detectors import find, identify, may_hold  # who only reads a ledger needs no table of shapes
    from keyward.model.redact import HIDDEN

    data = value.encode("utf-8", "backslashreplace")
    if not may_hold(data, name):
        kept = data.decode().replace(_NUL, "\N{REPLACEMENT CHARACTER}")
        if kept == value and len(value) <= _SHORT:
            if len(_harmless) >= _MANY:
                _harmless.clear()
            _harmless.add((value, name))
        return kept
    whole = identify(data, name) if name else None
    if whole is not None and whole.is_secret:
        return HIDDEN
    pieces: list[bytes] = []
    at = 0
    for match in find(data):
        if match.detector.is_secret and match.start >= at:
            pieces += (data[at : match.start], HIDDEN.encode())
            at = match.end
    return b"".join((*pieces, data[at:])).decode().replace(_NUL, "\N{REPLACEMENT CHARACTER}")


def plain(value: object, name: str = "") -> object:
    """The value as JSON-ready data without key-shaped texts.

    Raises:
        TypeError: a `Secret`, bytes, or anything else that has no business in the ledger. This is a mistake in the caller.
    """
    if isinstance(value, str):
        return text(value.value if isinstance(value, Enum) else value, name)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (Secret, bytes, bytearray, memoryview)):
        raise TypeError("a value is never written down")
    if isinstance(value, Enum):
        return plain(value.value, name)
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, Mapping):
        return {
            text(str(key)): item if item is None or isinstance(item, (bool, int, float)) else plain(item, str(key))
            for key, item in value.items()
        }
    if isinstance(value, (tuple, list)):
        return [plain(item, name) for item in value]
    raise TypeError(f"{type(value).__name__} is never written down")


def canonical(value: object) -> str:
    """The value as the one JSON text that it has: sorted names, no blanks, ASCII.

    Raises:
        TypeError: it holds what must not be written down.
        ValueError: it holds a number that JSON lacks.
    """
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)
