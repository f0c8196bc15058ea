"""How the rows are sorted: values by what they are, and behind them each kind of "no value" in a fixed order, whichever way round."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keyward.model.finding import UNJUDGED, UNKNOWN
from keyward.model.ids import DECLARED, SHAPE
from keyward.tui.cells import identity_of
from keyward.tui.rows import Rows

Key = tuple[int, str | float]
"""A kind, 0 for values; and what is compared within it."""

LARGEST_FIRST = frozenset({"age", "places", "window", "findings"})
"""Columns that begin with the largest when they are not reversed."""

_USES = {"used": 0, "not_seen": 1, "never": 2, "unsupported": 3, "not_scanned": 4, "denied": 5, "failed": 6}


def sort_keys(rows: Rows, column: str) -> list[Key]:
    """A key for every row number, by which the column sorts."""
    fields, key = _by(column)
    return list(map(key, *(rows.columns[field] for field in fields)))


def keyed(rows: Rows, column: str) -> Callable[[int], Key]:
    """A function that gives the same key of one row."""
    fields, key = _by(column)
    columns = [rows.columns[field] for field in fields]
    return lambda row: key(*[values[row] for values in columns])


def ordered(numbers: Iterable[int], keys: Sequence[Key], *, reverse: bool) -> list[int]:
    """The row numbers in the order of their keys; rows that are equal stay in the order in which they are given."""
    if not reverse:
        return sorted(numbers, key=keys.__getitem__)
    kinds: dict[int, list[int]] = {}
    for row in numbers:
        kinds.setdefault(keys[row][0], []).append(row)
    return [row for kind in sorted(kinds) for row in sorted(kinds[kind], key=keys.__getitem__, reverse=True)]


@dataclass(frozen=True, slots=True)
class _Down:
    """A value that is less than those which it is greater than."""

    value: Any

    def __lt__(self, other: "_Down") -> bool:
        return bool(other.value < self.value)


Place = tuple[int, str | float | _Down, int]
"""Where a row stands among the others: no two are the same."""


def placed(row: int, key: Key, *, reverse: bool) -> Place:
    """The place of a row with that key."""
    kind, value = key
    return kind, _Down(value) if reverse else value, row


def _text(value: Any) -> Key:
    return (0, str(value).casefold()) if value else (1, "")


def _texts(values: Any) -> Key:
    return _text(", ".join(values))


def _name(name: Any, key: Any) -> Key:
    return (0, name.casefold()) if name else (1, key)


def _oldest(created: Any, seen: Any) -> Key:
    if created is not None:
        return 0, created
    return (1, seen) if seen is not None else (2, 0.0)


def _use(status: Any, at: Any, window: Any) -> Key:
    return _USES.get(status, 7), -at if at is not None else -float(window or 0)


def _end(at: Any, provider: Any) -> Key:
    if at is not None:
        return 0, at
    return 2 if provider in (SHAPE, DECLARED) else 1, 0.0


def _limits(held: Any) -> Key:
    return (2, "") if held is None else _texts(held)


_NO_RULES: Mapping[Any, Key] = {(): (1, 0.0), (UNKNOWN,): (2, 0.0), (UNJUDGED,): (3, 0.0)}


def _most(held: Any) -> Key:
    return _NO_RULES.get(held) or (0, float((held[-1] == UNKNOWN) - len(held)))


def _time(at: Any) -> Key:
    return (0, at) if at is not None else (1, 0.0)


_KEYS: Mapping[str, tuple[tuple[str, ...], Callable[..., Key]]] = {
    "name": (("name", "id"), _name),
    "age": (("created", "first_seen"), _oldest),
    "use": (("last_used_status", "last_used_at", "last_used_window"), _use),
    "expires": (("expires", "provider"), _end),
    "restricted": (("restrictions",), _limits),
    "created": (("created",), _time),
    "seen": (("first_seen",), _time),
    "places": (("places",), lambda count: (0, -count) if count else (1, 0.0)),
    "window": (("last_used_window",), lambda days: (0, -days) if days is not None else (1, 0.0)),
    "data": (("data",), lambda held: (1, "") if held == ("unknown",) else _texts(held)),
    "findings": (("findings",), _most),
    "stores": (("stores",), _texts),
    "secrets": (("secrets",), _texts),
    "source": (("source_status",), _text),
    "identity": (("id",), lambda key: _text(identity_of(key))),
}
"""The fields that a column sorts by, and what is made of their values; columns that are not here sort by their own field's text."""


def _by(column: str) -> tuple[tuple[str, ...], Callable[..., Key]]:
    return _KEYS.get(column, ((column,), _text))
