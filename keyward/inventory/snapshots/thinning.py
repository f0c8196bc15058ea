"""Which of many kept moments go as they grow old, with the rows that held in none of those that are left."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

_KEPT = timedelta(days=400)
_THIN = ((timedelta(days=7), timedelta(days=1)), (timedelta(days=60), timedelta(days=7)))
"""Of moments older than the first, one is kept in the second: about a hundred in 400 days, however often scans run."""


def thin(kept: "sqlite3.Connection", moments: str, tables: Sequence[str], now: datetime) -> bool:
    """Let go of old moments, inside a transaction of the caller; whether there were any.

    Args:
        kept: the file that has them.
        moments: the table of the moments, with `id` and `at`.
        tables: those whose rows hold from moment `first` to moment `last`.
        now: the present (UTC).
    """
    run = kept.execute
    everything = run(f"SELECT id, at FROM {moments} ORDER BY id").fetchall()  # noqa: S608  # a name of our own
    leaving = set(_superfluous(everything, now.timestamp()))
    if not leaving:
        return False
    kept.executemany(f"DELETE FROM {moments} WHERE id = ?", [(one,) for one in leaving])  # noqa: S608  # a name of our own
    left = [0, *(one for one, _ in everything if one not in leaving)]
    # Only a row that began and ended between two neighbours that are left held in neither.
    holes = [
        (before, after, before) for before, after in pairwise(left) if any(before < one < after for one in leaving)
    ]
    for table in tables:
        kept.executemany(f"DELETE FROM {table} WHERE last > ? AND last < ? AND first > ?", holes)  # noqa: S608  # a name of our own
    return True


def _superfluous(moments: list[tuple[int, float]], now: float) -> Iterator[int]:
    """Ids of the moments that go: the newest of each period stays, and so does the newest of all."""
    filled: set[tuple[float, float]] = set()
    for number, (one, at) in enumerate(reversed(moments)):
        age = now - at
        period = max((step.total_seconds() for since, step in _THIN if age > since.total_seconds()), default=0.0)
        place = (period, at // period) if period else None
        if number and (age > _KEPT.total_seconds() or place in filled):
            yield one
        elif place is not None:
            filled.add(place)
