"""What is in view: the rows filtered by the query and sorted by a column. Knows when a longer query only narrows a shorter one."""

from itertools import compress
from typing import TYPE_CHECKING
from urllib.parse import unquote

from keyward.model.errors import QueryError
from keyward.model.query_rows import Columns, QueryRow
from keyward.tui.cells import COLUMNS, sort_keys
from keyward.tui.rows import FIELDS, Rows

if TYPE_CHECKING:
    from keyward.tui.filtering import Filter

_FIRST = "age"
_KEPT = 24
"""Queries whose rows are remembered until the rows or the order change."""


class View:
    """The rows in view, always in order.

    Args:
        rows: all rows; they may change as long as `refresh` is called afterwards.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.query = ""
        self.column, self.reversed = _FIRST, False
        self.order: list[int] = []
        self._sorted: list[int] = []
        self._found: dict[str, list[int]] = {}
        self._filter: Filter | None = None

    def refresh(self, now: float) -> None:
        """Rows changed: sort and filter again."""
        keys = sort_keys(self.rows, self.column)
        self._sorted = sorted(self.rows.numbers, key=keys.__getitem__, reverse=self.reversed)
        self._again(now)

    def _again(self, now: float) -> None:
        self._found.clear()
        self.order = self._sorted if self._filter is None else self._matching(self._filter, now)

    def _matching(self, wanted: "Filter", now: float) -> list[int]:
        """All rows that match, sorted. They are asked in the order in which they lie in memory, which is much faster."""
        flags = bytearray(len(self.rows.columns["id"]))
        for row in wanted.hits(self.rows.queried, self.rows.numbers, now):
            flags[row] = 1
        return list(compress(self._sorted, map(flags.__getitem__, self._sorted)))

    def sort(self, column: str, now: float, *, reverse: bool | None = None) -> None:
        """Sort by that column; by the same one again turns the order round."""
        if reverse is None:
            reverse = not self.reversed if column == self.column else False
        self.column, self.reversed = column, reverse
        self.refresh(now)

    def next_column(self) -> str:
        """The column after the present one."""
        names = [column.name for column in COLUMNS]
        return names[(names.index(self.column) + 1) % len(names)]

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
        elif before[0] is not None and wanted.narrows(before[0]):
            self.order = wanted.hits(self.rows.queried, before[1], now)
        else:
            self.order = self._matching(wanted, now)

    def production(self, query: str, now: float) -> frozenset[int]:
        """The rows that this query matches; none when it cannot be read, which the settings' own check says."""
        from keyward.tui.filtering import parsed

        try:
            return frozenset(parsed(query).hits(self.rows.queried, self.rows.numbers, now) if query.strip() else ())
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

    @property
    def needle(self) -> str:
        """The one bare text that the query looks for, to underline it; empty when there is none."""
        return "" if self._filter is None else self._filter.needle
