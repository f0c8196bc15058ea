"""What may be written down: never a value. The last door before the disk, whatever the engines hand over."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum

from keyward.model.detectors import find, identify
from keyward.model.redact import HIDDEN
from keyward.model.secret import Secret

_NUL = "\x00"


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
    data = value.encode("utf-8", "backslashreplace")
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
    if isinstance(value, (Secret, bytes, bytearray, memoryview)):
        raise TypeError("a value is never written down")
    if isinstance(value, Enum):
        return plain(value.value, name)
    if isinstance(value, str):
        return text(value, name)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, Mapping):
        return {text(str(key)): plain(item, str(key)) for key, item in value.items()}
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
