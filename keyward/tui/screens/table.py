"""The table of keys: what its rows say, how they are sorted, which columns there are and which keys are marked."""

from functools import partial
from typing import TYPE_CHECKING

from textual.screen import Screen

from keyward.tui import cells, words
from keyward.tui.columns import USUAL, Choice
from keyward.tui.flashing import differing, seen
from keyward.tui.judging import Judging
from keyward.tui.marking import Marking
from keyward.tui.rows import Rows
from keyward.tui.sorting import LARGEST_FIRST
from keyward.tui.view import View
from keyward.tui.widgets.filterbar import FilterBar
from keyward.tui.widgets.grid import Grid
from keyward.tui.widgets.keysbar import KeysBar

if TYPE_CHECKING:
    from collections.abc import Collection

    from keyward.model.query_rows import Columns
    from keyward.tui.app import KeywardApp


class KeyTable(Screen[None]):
    """A screen with the keys as a table."""

    app: "KeywardApp"

    def __init__(self) -> None:
        super().__init__()
        self.rows = Rows()
        self.view = View(self.rows)
        self.choice = Choice()
        self.grid = Grid(self.choice.columns(), self._cells, self._tone, id="grid")
        self.marking = Marking(self.grid, self.rows)
        self.judging = Judging(self)
        self._production_query = ""
        self._production: frozenset[int] = frozenset()

    # What the table asks for

    def _cells(self, row: int) -> tuple[str, ...]:
        return self._cells_at(row, self.app.now())

    def _cells_at(self, row: int, now: float) -> tuple[str, ...]:
        texts = cells.cells(self.rows, row, now, self.choice.names)
        if cells.is_stale(self.rows, row) and not {"state", "source"} & set(self.grid.shown):
            texts = (f"stale: {texts[0]}", *texts[1:])  # the column that says so has given way
        if row not in self._production:
            return texts
        at = self.choice.names.index(self._naming)
        return (*texts[:at], words.scope(texts[at], production=True), *texts[at + 1 :])

    @property
    def _naming(self) -> str:
        """The column that says of a key that it is one of production: its scope, or the first where that is not shown."""
        return "scope" if "scope" in self.grid.shown else self.choice.names[0]

    def _tone(self, row: int, column: str) -> str | None:
        if row in self._production and column == self._naming:
            return "grid--prod"
        return cells.tone(self.rows, row, column, self.app.now())

    def production(self, key: str) -> bool:
        """Whether the key of that id is one of production, as the settings say; also one that is in no row any more."""
        row = self.rows.number(key)
        if row is None:
            return self.view.would_match(self._production_query, key, self.app.now())
        return row in self._production

    def _follow_production(self, changed: "Collection[int]") -> None:
        """These rows changed: which of them are of production now."""
        found = self.view.production(self._production_query, self.app.now(), list(changed))
        if found != self._production.intersection(changed):
            self._production = self._production.difference(changed) | found

    # What is in view

    def _put(self, columns: "Columns", *, flash: bool) -> list[int]:
        """Rows came, new or changed; gives their numbers. What changes under one's eyes flashes once, where things may move."""
        now = self.app.now()
        at = partial(self._cells_at, now=now)
        coming = set(map(self.rows.number, columns.id)) if flash and self.app.animation_level != "none" else set()
        before = seen([row for row in self.grid.window if row in coming], at)
        changed = self.view.put(columns, now)
        if other := differing(before, changed, at, self.choice.names):
            self.grid.flash(other)
        return changed

    def _show_view(self) -> None:
        self.grid.sorted_by = (self.view.column, self._down)
        self.grid.show(self.view.order, self.view.needle)
        self.marking.follow()
        self._show_count()

    def _show_count(self) -> None:
        view, (marked, hidden) = self.view, self.marking.counted()
        shown, known = len(view.order), len(self.rows)
        said = [
            "range" if self.marking.ranging else "",
            f"{marked:,} marked" + (f" ({hidden:,} hidden)" if hidden else "") if marked else "",
            f"{shown:,} of {known:,}" if view.query else f"{known:,}",
            f"by {view.column}{' reversed' if view.reversed else ''}",
            f"columns: {self.choice.preset}" if self.choice.preset != USUAL else "",
            self.judging.said,
        ]
        self.query_one(FilterBar).tell(" · ".join(filter(None, said)))
        keys = f"{marked:,} key{'s' if marked > 1 else ''}"
        self.query_one(KeysBar).call({"rotate": f"Plan for {keys}"} if marked else {})

    # Marks, order, columns

    def action_mark(self) -> None:
        """Mark the key under the cursor and move on."""
        self.marking.toggle()
        self._show_count()

    def action_range(self) -> None:
        """Open a range of marks, or close it."""
        self.marking.begin_or_end()
        self._show_count()

    def action_mark_all(self) -> None:
        """Mark every key in view."""
        self.marking.mark_all()
        self._show_count()

    def action_unmark(self) -> None:
        """Take every mark away."""
        self.marking.clear()
        self._show_count()

    @property
    def _down(self) -> bool:
        return self.view.reversed is not (self.view.column in LARGEST_FIRST)

    def action_sort(self) -> None:
        """Ask by which column to sort."""
        if self.is_active:
            from keyward.tui.screens.sorting import SortScreen

            self.app.push_screen(SortScreen(self.choice.names, self.view.column, down=self._down), self._sort)

    def _sort(self, column: str | None) -> None:
        if column is not None:
            self.marking.end()
            self.view.sort(column, self.app.now())
            self._show_view()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._sort(self.view.column)

    def action_preset(self) -> None:
        """Show the next set of columns."""
        self._choose(self.choice.following())
        self._show_count()

    def action_choose(self) -> None:
        """Ask which columns to show."""
        if self.is_active:
            from keyward.tui.screens.choosing import ChooseScreen

            self.app.push_screen(ChooseScreen(self.choice), self._chosen)

    def _chosen(self, choice: Choice | None) -> None:
        if choice is not None:
            self._choose(choice)
            self._show_count()

    def _choose(self, choice: Choice) -> None:
        self.choice = choice
        self.grid.set_columns(choice.columns())
        self.judging.follow()

    def on_grid_header_clicked(self, event: Grid.HeaderClicked) -> None:
        """Sort by the heading that was clicked."""
        self._sort(event.column)
