"""Marked keys: one by one, as a range that follows the cursor, or all in view. Marks belong to rows, whatever is in view."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyward.tui.rows import Rows
    from keyward.tui.widgets.grid import Grid


class Marking:
    """The marks of a table.

    Args:
        grid: the table, which shows them.
        rows: all rows.
    """

    def __init__(self, grid: "Grid", rows: "Rows") -> None:
        self._grid, self._rows = grid, rows
        self._anchor: int | None = None
        self._at = 0
        self._order: Sequence[int] = ()
        self._before: frozenset[int] = frozenset()

    @property
    def ranging(self) -> bool:
        """Whether a range follows the cursor."""
        return self._anchor is not None

    def chosen(self) -> list[int]:
        """The rows that an action is for: the marked ones, else the one under the cursor; in the order in which they came."""
        marked = sorted(self._grid.marks - self._rows.gone)
        return marked or ([self._grid.row] if self._grid.row is not None else [])

    def counted(self) -> tuple[int, int]:
        """(how many are marked, how many of these are not in view)."""
        marked = self._grid.marks - self._rows.gone
        if not marked or len(self._grid.order) == len(self._rows):
            return len(marked), 0
        return len(marked), len(marked) - len(marked.intersection(self._grid.order))

    def toggle(self) -> None:
        """Mark the row under the cursor or take its mark away, and move on; while a range is open: close it."""
        if self.ranging:
            self.end()
        elif self._grid.row is not None:
            self._grid.mark(self._grid.row)
            self._grid.action_move(1)

    def begin_or_end(self) -> None:
        """Open a range at the cursor, or close the one that is open."""
        grid = self._grid
        if self.ranging:
            self.end()
        elif grid.row is not None:
            self._anchor, self._at, self._order, self._before = grid.row, grid.cursor, grid.order, frozenset(grid.marks)
            self.follow()

    def follow(self) -> None:
        """The cursor moved, or other rows are in view: mark what lies between the begin of the range and the cursor."""
        grid = self._grid
        if self._anchor is None:
            return
        if self._order is not grid.order:
            try:
                self._at = grid.order.index(self._anchor)
            except ValueError:  # where it began is out of view: what is marked stays, and nothing follows any more
                self.end()
                return
            self._order = grid.order
        first, last = sorted((self._at, grid.cursor))
        grid.marks = set(self._before).union(grid.order[first : last + 1])
        grid.refresh()

    def end(self) -> None:
        """Close the range; its marks stay."""
        self._anchor, self._order, self._before = None, (), frozenset()

    def take_back(self) -> None:
        """Close the range; what was marked before it is marked again."""
        self._grid.marks = set(self._before)
        self._grid.refresh()
        self.end()

    def mark_all(self) -> None:
        """Mark every row in view."""
        self.end()
        self._grid.marks |= set(self._grid.order)
        self._grid.refresh()

    def clear(self) -> None:
        """Take every mark away."""
        self.end()
        self._grid.marks = set()
        self._grid.refresh()
