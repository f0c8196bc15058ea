"""Cells that changed under one's eyes stand out for a moment."""

from collections.abc import Callable, Collection, Mapping, Sequence

Texts = Mapping[int, Sequence[str]]


def seen(rows: Sequence[int], cells: Callable[[int], Sequence[str]]) -> Texts:
    """What stands on the screen now, by row."""
    return {row: cells(row) for row in rows}


def differing(
    before: Texts, changed: Collection[int], cells: Callable[[int], Sequence[str]], names: Sequence[str]
) -> dict[int, frozenset[str]]:
    """The names of the columns in which a row of before says something else now, by row.

    Args:
        before: what stood there.
        changed: rows that may say something else.
        cells: what a row says now.
        names: the columns.
    """
    found: dict[int, frozenset[str]] = {}
    for row in before.keys() & set(changed):
        other = [name for name, old, new in zip(names, before[row], cells(row), strict=True) if old != new]
        if other:
            found[row] = frozenset(other)
    return found
