"""The days of Policy Analyzer, which begin at 07:00 UTC: midnight on the Pacific coast in summer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_BORDER = timedelta(hours=7)


def day(moment: datetime) -> datetime:
    """Give the beginning of the day that the moment is in."""
    shifted = moment.astimezone(UTC) - _BORDER
    return datetime(shifted.year, shifted.month, shifted.day, tzinfo=UTC) + _BORDER
