"""What is in view: the rows filtered by the query and sorted by a column. Knows when a longer query only narrows a shorter one."""

from typing import TYPE_CHECKING

from keyward.tui.cells import COLUMNS, sort_keys
from keyward.tui.filtering import parsed
from keyward.tui.rows import Rows

if TYPE_CHECKING:
    from keyward.tui.filtering import Filter

_FIRST = "age"


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
        self._filter: Filter | None = None

    def refresh(self, now: float) -> None:
        """Rows changed: sort and filter again."""
        keys = sort_keys(self.rows, self.column)
        self._sorted = sorted(self.rows.numbers, key=keys.__getitem__, reverse=self.reversed)
        self._again(now)

    def _again(self, now: float) -> None:
        self.order = self._sorted if self._filter is None else self._filter.hits(self.rows.queried, self._sorted, now)

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
        wanted = parsed(query) if query.strip() else None
        narrower = wanted is not None and self._filter is not None and wanted.narrows(self._filter)
        before, self.query, self._filter = self.order, query, wanted
        if wanted is None:
            self.order = self._sorted
        else:
            self.order = wanted.hits(self.rows.queried, before if narrower else self._sorted, now)

    @property
    def needle(self) -> str:
        """The one bare text that the query looks for, to underline it; empty when there is none."""
        return "" if self._filter is None else self._filter.needle
