"""Moments as the cache keeps them (seconds since 1970) and as JSON shows them."""

from datetime import UTC, datetime

DAY = 86_400.0


def seconds(moment: datetime | None) -> float | None:
    """Seconds since 1970, or None."""
    return moment.timestamp() if moment is not None else None


def moment(at: float | None) -> datetime | None:
    """The moment in UTC, or None."""
    return datetime.fromtimestamp(at, UTC) if at is not None else None


def stamp(at: float | None) -> str | None:
    """RFC 3339 in UTC to the second, such as `2026-11-20T12:00:00Z`, or None."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at is not None else None


def days(since: float, now: float) -> int:
    """Whole days from then until now, never negative."""
    return max(0, int((now - since) // DAY))
