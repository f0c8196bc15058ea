"""How the rows are sorted: values by what they are, and behind them each kind of "no value" in a fixed order, whichever way round."""

from collections.abc import Callable, Mapping, Sequence

from keyward.model.ids import DECLARED, SHAPE
from keyward.model.query_rows import Columns
from keyward.tui.cells import identity
from keyward.tui.rows import Rows

Key = tuple[int, str | float]
"""A kind, 0 for values; and what is compared within it."""

LARGEST_FIRST = frozenset({"age", "places", "window"})
"""Columns that begin with the largest when they are not reversed."""

_USES = {"used": 0, "not_seen": 1, "never": 2, "unsupported": 3, "not_scanned": 4, "denied": 5, "failed": 6}
_TEXTS = {"source": "source_status"}


def ordered(rows: Rows, column: str, *, reverse: bool) -> list[int]:
    """Every row number in the order of that column; rows that are equal stay in the order in which they came."""
    keys = sort_keys(rows, column)
    order = sorted(rows.numbers, key=keys.__getitem__)
    if not reverse:
        return order
    kinds: dict[int, list[int]] = {}
    for row in rows.numbers:
        kinds.setdefault(keys[row][0], []).append(row)
    return [row for kind in sorted(kinds) for row in sorted(kinds[kind], key=keys.__getitem__, reverse=True)]


def sort_keys(rows: Rows, column: str) -> Sequence[Key]:
    """A key for every row number, by which the column sorts."""
    made = _KEYS.get(column)
    if made is not None:
        return made(rows.queried)
    if column == "identity":
        return [_text(identity(rows, row)) for row in range(len(rows.columns["id"]))]
    return [_text(str(value or "")) for value in rows.each(_TEXTS.get(column, column))]


def _text(value: str) -> Key:
    return (0, value.casefold()) if value else (1, "")


def _names(columns: Columns) -> list[Key]:
    return [(0, name.casefold()) if name else (1, key) for name, key in zip(columns.name, columns.id, strict=True)]


def _ages(columns: Columns) -> list[Key]:
    return [_oldest(*both) for both in zip(columns.created, columns.first_seen, strict=True)]


def _oldest(created: float | None, seen: float | None) -> Key:
    if created is not None:
        return 0, created
    return (1, seen) if seen is not None else (2, 0.0)


def _uses(columns: Columns) -> list[Key]:
    three = zip(columns.last_used_status, columns.last_used_at, columns.last_used_window, strict=True)
    return [(_USES.get(status, 7), -at if at is not None else -float(window or 0)) for status, at, window in three]


def _ends(columns: Columns) -> list[Key]:
    unknown = (SHAPE, DECLARED)
    both = zip(columns.expires, columns.provider, strict=True)
    return [(0, at) if at is not None else (2 if provider in unknown else 1, 0.0) for at, provider in both]


def _limits(columns: Columns) -> list[Key]:
    return [(2, "") if held is None else _text(", ".join(held)) for held in columns.restrictions]


def _times(values: Sequence[float | None]) -> list[Key]:
    return [(0, at) if at is not None else (1, 0.0) for at in values]


_KEYS: Mapping[str, Callable[[Columns], list[Key]]] = {
    "name": _names,
    "age": _ages,
    "use": _uses,
    "expires": _ends,
    "restricted": _limits,
    "created": lambda columns: _times(columns.created),
    "seen": lambda columns: _times(columns.first_seen),
    "places": lambda columns: [(0, -count) if count else (1, 0.0) for count in columns.places],
    "window": lambda columns: [(0, -days) if days is not None else (1, 0.0) for days in columns.last_used_window],
    "data": lambda columns: [(1, "") if held == ("unknown",) else _text(", ".join(held)) for held in columns.data],
    "stores": lambda columns: [_text(", ".join(held)) for held in columns.stores],
    "secrets": lambda columns: [_text(", ".join(held)) for held in columns.secrets],
}
