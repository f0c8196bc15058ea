"""The counted days of all keys at once, for whoever compares a day with the days before it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from keyward.inventory.snapshots.days import tables_there

if TYPE_CHECKING:
    import sqlite3

Calls = tuple[tuple[str, str, int], ...]
"""(service, response class, how many)."""

_CALLED = """
    SELECT key.id, day, service, response, calls FROM called JOIN label ON label.id = label JOIN key USING (n) WHERE day BETWEEN ? AND ?
"""
_COUNTED = "SELECT source, day FROM counted WHERE final = 1 AND day BETWEEN ? AND ?"
_BEGUN = "SELECT key.id, day FROM begun JOIN key USING (n)"


def recent(
    kept: "sqlite3.Connection | None", keys: Iterable[tuple[str, str]], first: int, last: int
) -> Mapping[str, Mapping[int, Calls]]:
    """Of each key the days that were counted to their end, by day (since 1970-01-01, UTC), with its calls; keys without any are left out.

    Args:
        kept: the snapshots, opened to read; None when there are none.
        keys: (id, source whose record it is in) of the keys wanted.
        first: the first day.
        last: the last one.
    """
    if kept is None or not tables_there(kept):
        return {}
    counted: dict[str, list[int]] = defaultdict(list)
    for source, day in kept.execute(_COUNTED, (first, last)):
        counted[source].append(day)
    called: dict[tuple[str, int], list[tuple[str, str, int]]] = defaultdict(list)
    for key, day, service, response, calls in kept.execute(_CALLED, (first, last)):
        called[key, day].append((service, response, calls))
    begun = dict(kept.execute(_BEGUN).fetchall())
    found = {}
    for key, source in keys:
        since = begun.get(key)
        days = [day for day in counted.get(source, ()) if since is not None and day >= since]
        if days:
            found[key] = {day: tuple(sorted(called.get((key, day), ()))) for day in days}
    return found
