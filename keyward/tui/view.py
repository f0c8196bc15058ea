"""What is in view: the rows filtered by the query and sorted by a column. Knows when a longer query only narrows a shorter one."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

from keyward.model.errors import QueryError
from keyward.model.query_rows import Columns, QueryRow
from keyward.tui.rows import FIELDS, Rows
from keyward.tui.sorting import Key, Place, keyed, ordered, placed, sort_keys

if TYPE_CHECKING:
    from keyward.tui.filtering import Filter

_FIRST = "age"
_KEPT = 24
"""Queries whose rows are remembered until the rows or the order change."""
_FEW = 50
"""One row in so many that changes its place is put where it belongs; if more do, all are sorted anew, which is quicker then."""

_PART = 4
"""Only a part so small of all rows is asked in the order in which it stands; more are asked in that in which they lie in memory."""


class View:
    """The rows in view, always in order.

    Args:
        rows: all rows; they may change by `put`, and otherwise as long as `refresh` is called afterwards.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.query = ""
        self.column, self.reversed = _FIRST, False
        self.order: list[int] = []
        self._sorted: list[int] = []
        self._keys: list[Key] = []
        self._found: dict[str, list[int]] = {}
        self._filter: Filter | None = None

    def refresh(self, now: float) -> None:
        """Rows changed: sort and filter again."""
        self._keys = sort_keys(self.rows, self.column)
        self._sort(self.rows.numbers, now)

    def _sort(self, numbers: Iterable[int], now: float) -> None:
        self._sorted = ordered(numbers, self._keys, reverse=self.reversed)
        self._again(now)

    def put(self, found: Columns, now: float) -> list[int]:
        """Rows came, new or changed: take them, and put those where they belong that moved. Few of many cost little.

        Returns:
            The numbers of those that are new or different now.
        """
        gone, known = frozenset(self.rows.gone), len(self._keys)
        changed = self.rows.put(found)
        if not changed:
            return []
        self._found.clear()
        key = keyed(self.rows, self.column)
        news = {row: key(row) for row in changed}
        moved = [row for row in changed if row >= known or row in gone or self._keys[row] != news[row]]
        if len(moved) * _FEW <= len(self._sorted):
            self._move(news, moved, now)
        else:
            self._take(news)
            # What is in order already is not compared again; of equal rows the one that came first stands first.
            new = all(row >= known for row in moved)
            self._sort([*self._sorted, *moved] if new and not self.reversed else self.rows.numbers, now)
        return changed

    def _move(self, news: Mapping[int, Key], moved: Sequence[int], now: float) -> None:
        """Put these rows where they belong, and those in view that match; all others stay where they are."""
        old = [row for row in news if row < len(self._keys)]
        everything = _without(self._sorted, [row for row in moved if row < len(self._keys)], self._place)
        kept = _without(self.order, old, self._place) if self._filter is not None else []
        self._take(news)
        self._sorted = _with(everything, moved, self._place)
        if self._filter is None:
            self.order = self._sorted
        else:
            self.order = _with(kept, self._filter.hits(self.rows.queried, list(news), now), self._place)

    def _take(self, news: Mapping[int, Key]) -> None:
        """The keys by which these rows are sorted from now on."""
        self._keys += [(0, "")] * (len(self.rows.columns["id"]) - len(self._keys))
        for row, key in news.items():
            self._keys[row] = key

    def _place(self, row: int) -> Place:
        return placed(row, self._keys[row], reverse=self.reversed)

    def _again(self, now: float) -> None:
        self._found.clear()
        self.order = self._sorted if self._filter is None else self._matching(self._filter, now)

    def _matching(self, wanted: "Filter", now: float) -> list[int]:
        """All rows that match, sorted. They are asked in the order in which they lie in memory, which is much faster."""
        hits = wanted.hits(self.rows.queried, self.rows.numbers, now)
        if len(hits) == len(self._sorted):
            return self._sorted
        flags = bytearray(len(self.rows.columns["id"]))
        for row in hits:
            flags[row] = 1
        return [row for row in self._sorted if flags[row]]

    def sort(self, column: str, now: float, *, reverse: bool | None = None) -> None:
        """Sort by that column; by the same one again turns the order round."""
        if reverse is None:
            reverse = not self.reversed if column == self.column else False
        self.column, self.reversed = column, reverse
        self.refresh(now)

    def look_for(self, query: str, now: float) -> None:
        """Show only what the query matches.

        Raises:
            QueryError: it cannot be read; the view stays as it was.
        """
        from keyward.tui.filtering import parsed  # the language loads with the first letter of a query

        wanted = parsed(query) if query.strip() else None
        before, known = (self._filter, self.order), self._found.get(query)
        if self._filter is not None and len(self._found) < _KEPT:
            self._found[self.query] = self.order
        self.query, self._filter = query, wanted
        if wanted is None:
            self.order = self._sorted
        elif known is not None:  # a letter was taken back
            self.order = known
        elif before[0] is not None and len(before[1]) * _PART <= len(self._sorted) and wanted.narrows(before[0]):
            self.order = wanted.hits(self.rows.queried, before[1], now)
        else:
            self.order = self._matching(wanted, now)

    def production(self, query: str, now: float, among: Sequence[int] | None = None) -> frozenset[int]:
        """The rows, or those among these, that this query matches; none when it cannot be read, which the settings' own check says."""
        if not query.strip():
            return frozenset()
        from keyward.tui.filtering import parsed

        try:
            return frozenset(parsed(query).hits(self.rows.queried, self.rows.numbers if among is None else among, now))
        except QueryError:
            return frozenset()

    def would_match(self, query: str, key: str, now: float) -> bool:
        """Whether a key that is in no row, such as one that is gone, matches by what its id tells."""
        from keyward.tui.filtering import parsed

        provider, _, local = key.partition(":")
        one = QueryRow(key, provider=provider, scope=unquote(local.partition("/")[0]), haystack=key.casefold())
        made = Columns(**{field: [getattr(one, field)] for field in FIELDS})
        try:
            return bool(query.strip() and parsed(query).hits(made, [0], now))
        except QueryError:
            return False

    def asks(self, field: str) -> bool:
        """Whether the query is about that field."""
        return self._filter is not None and self._filter.asks(field)

    @property
    def needle(self) -> str:
        """The one bare text that the query looks for, to underline it; empty when there is none."""
        return "" if self._filter is None else self._filter.needle


def _without(order: list[int], rows: Collection[int], place: Callable[[int], Place]) -> list[int]:
    """The order without these rows, those of them that are in it; `place` is by what it is sorted."""
    gone = []
    for row in rows:
        at = bisect_left(order, place(row), key=place)
        if at < len(order) and order[at] == row:
            gone.append(at)
    if not gone:
        return order
    kept, begin = [], 0
    for at in sorted(gone):
        kept += order[begin:at]
        begin = at + 1
    return kept + order[begin:]


def _with(order: list[int], rows: Collection[int], place: Callable[[int], Place]) -> list[int]:
    """The order with these rows, none of which is in it."""
    if not rows:
        return order
    made: list[int] = []
    begin = 0
    for row in sorted(rows, key=place):
        at = bisect_left(order, place(row), begin, key=place)
        made += order[begin:at]
        made.append(row)
        begin = at
    return made + order[begin:]
