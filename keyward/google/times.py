"""Times as Google writes them (RFC 3339, up to nanoseconds)."""

import re
from datetime import UTC, datetime

_FINER = re.compile(r"(\.\d{6})\d+")


def moment(text: object) -> datetime | None:
    """The time in UTC, cut to microseconds; None when there is none, or none that can be read."""
    if not isinstance(text, str) or not text:
        return None
    try:
        found = datetime.fromisoformat(_FINER.sub(r"\1", text))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def stamp(at: datetime) -> str:
    """The time as Google reads it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
