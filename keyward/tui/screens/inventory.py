"""The list of keys: cached rows at once, filtered and sorted in memory, refreshed by a scan that streams."""

import gc
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Input

from keyward.model.errors import QueryError
from keyward.tui import cells, coverage
from keyward.tui.actions import Where, bindings
from keyward.tui.facts import of_row
from keyward.tui.feed import Arrived, Failed, Knew, ScanEnded, Stood
from keyward.tui.rows import Rows
from keyward.tui.screens.page import TOO_SMALL
from keyward.tui.view import View
from keyward.tui.widgets.board import Board
from keyward.tui.widgets.filterbar import FilterBar
from keyward.tui.widgets.grid import Grid
from keyward.tui.widgets.head import Head, Standing
from keyward.tui.widgets.keysbar import KeysBar
from keyward.tui.widgets.pane import Pane
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from textual.timer import Timer

    from keyward.tui.app import KeywardApp

_REST = 0.15
"""Seconds after which the cursor rests."""


class InventoryScreen(Screen[None]):
    """Every key that is known."""

    where = Where.INVENTORY
    AUTO_FOCUS = "Grid"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.INVENTORY)
    app: "KeywardApp"

    def __init__(self) -> None:
        super().__init__()
        self.rows = Rows()
        self.view = View(self.rows)
        self._typed = ""
        self._resting: Timer | None = None
        self._production_query = ""
        self._production: frozenset[int] = frozenset()
        self._wrong = ""
        self._noted: str | None = None
        self._loading = True

    def compose(self) -> ComposeResult:
        """Head, query, table with pane, note, keys."""
        yield Head(self.app.standing)
        yield FilterBar()
        with Horizontal(id="body"):
            yield Grid(cells.COLUMNS, self._cells, self._tone, id="grid")
            yield Board()
            yield Pane(id="pane")
        yield Plain("", id="note")
        yield KeysBar(Where.INVENTORY)
        yield Plain(TOO_SMALL, classes="too-small")

    def on_mount(self) -> None:
        """Nothing is listed yet; the rows come from a thread."""
        self._show_board("Reading what is known ...", "")
        self.app.feed.load(self)

    # What the table asks for

    def _cells(self, row: int) -> tuple[str, ...]:
        said = cells.cells(self.rows, row, self.app.now())
        return cells.of_production(said) if row in self._production else said

    def _tone(self, row: int, column: str) -> str | None:
        if column == "scope" and row in self._production:
            return "grid--prod"
        return cells.tone(self.rows, row, column, self.app.now())

    def production(self, key: str) -> bool:
        """Whether the key of that id is one of production, as the settings say; also one that is in no row any more."""
        row = self.rows.number(key)
        if row is None:
            return self.view.would_match(self._production_query, key, self.app.now())
        return row in self._production

    @property
    def grid(self) -> Grid:
        """The table."""
        return self.query_one("#grid", Grid)

    # What comes from threads

    def on_stood(self, event: Stood) -> None:
        """The world is known; it comes before the first row."""
        self._production_query = event.production
        self.app.stood(event)

    def on_arrived(self, event: Arrived) -> None:
        """Rows came: the first show at once, the others in steps."""
        changed = self.rows.put(event.columns)
        if not self._loading:  # at the start it is asked once, when everything is here
            self._production = self.view.production(self._production_query, self.app.now())
        self.grid.rows_changed(changed)
        self.show_rows()

    def on_knew(self, event: Knew) -> None:
        """Everything that was known is here, or a scan is over and every row was read again."""
        if self._loading:
            # Rows and widgets stay until the end: the collector need not look at them again and again.
            gc.freeze()
            gc.enable()
        self._loading = False
        if event.ids is not None:
            self.rows.keep_only(event.ids)
        self.app.tell(sources=event.sources, gaps=event.gaps, scanned=event.scanned)
        self._production = self.view.production(self._production_query, self.app.now())
        self.grid.repaint()
        self.show_rows()
        if not self.rows and not self.app.feed.scanning:
            self.app.nothing_known(self)

    def on_failed(self, event: Failed) -> None:
        """Something could not be done: said in words, with what to do."""
        gc.enable()
        self._loading = False
        if self.rows:
            self.app.notify(str(event.error), title=event.error.title, severity="error", timeout=15)
        else:
            self._show_board(f"{event.error.title}: {event.error.message}", event.error.hint)

    def on_scan_ended(self, event: ScanEnded) -> None:
        """A scan came to its end."""
        self.app.tell(busy="")
        if event.said:
            self.app.notify(event.said, severity="information")
        self.show_rows()

    def stand(self, standing: Standing) -> None:
        """The top line says something else."""
        self.query_one(Head).tell(standing)
        self.query_one(KeysBar).follow()
        self._show_note()

    # What is in view

    def show_rows(self) -> None:
        """Rows or what is known of them changed."""
        self.view.refresh(self.app.now())
        self.app.tell(keys=len(self.rows) if self.rows or self.app.sources else None)
        self._show_view()

    def _show_view(self) -> None:
        grid, view = self.grid, self.view
        grid.sorted_by = (view.column, view.reversed is not (view.column in cells.LARGEST_FIRST))
        grid.show(view.order, view.needle)
        self._show_count()
        if view.order:
            self._show_board("", "")
        elif not self.rows:
            if not self._loading:
                self._show_board(*self.app.empty_words())
        else:
            self._show_board("No key matches.", f"Escape clears the filter  {view.query}")
        self._show_pane()

    def _show_board(self, title: str, text: str) -> None:
        board = self.query_one(Board)
        board.display = bool(title)
        self.grid.display = not title
        if title:
            board.tell(title, text)

    def _show_count(self) -> None:
        view = self.view
        shown, known = len(view.order), len(self.rows)
        pieces = [f"{shown:,} of {known:,}" if view.query else f"{known:,}"]
        marked = sum(1 for row in self.grid.marks if row not in self.rows.gone)
        if marked:
            pieces.append(f"{marked:,} marked")
        pieces.append(f"by {view.column}{' reversed' if view.reversed else ''}")
        self.query_one(FilterBar).tell(" · ".join(pieces))

    def _show_pane(self) -> None:
        row, pane = self.grid.row, self.query_one("#pane", Pane)
        if row is None:
            pane.tell("", ())
        elif pane.display:
            facts = of_row(self.rows, row, self.app.now(), production=row in self._production)
            pane.tell(cells.shown_name(self.rows, row), facts)

    def _show_note(self) -> None:
        missing = coverage.summary(self.app.sources, self.app.gaps)
        key = self.app.keymap.key_of("inventory.coverage")
        text = self._wrong or (f"{missing}: not everything was read; {key} shows what and why" if missing else "")
        if text == self._noted:
            return
        self._noted = text
        note = self.query_one("#note", Plain)
        note.set_class(not text, "-empty")
        note.set_class(bool(self._wrong), "-wrong")
        note.show(text)

    def on_grid_moved(self) -> None:
        """The pane follows when the cursor rests: it costs more than the cursor, and nobody reads it in passing."""
        self._follow()

    def _follow(self) -> None:
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(_REST, self._show_pane)

    # The query

    def on_input_changed(self, event: Input.Changed) -> None:
        """The letter shows at once, the rows a frame later; what was typed over is never looked for."""
        self._typed = event.value
        self.call_after_refresh(self._look_for, event.value)

    def _look_for(self, query: str) -> None:
        if query != self._typed:
            return
        try:
            self.view.look_for(query, self.app.now())
        except QueryError as error:
            self._wrong = f"column {error.column + 1}: {error.plain} {error.hint}".strip()
        else:
            self._wrong = ""
            self._show_view()
        self._show_note()

    def on_input_submitted(self) -> None:
        """Enter in the query goes to the rows."""
        self.set_focus(self.grid)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's signature
        """Letters typed into the query are letters."""
        return not (action == "filter" and isinstance(self.focused, Input))

    # Actions

    def why_not(self, action: str) -> str:
        """Why an action of this screen cannot be done now; empty when it can."""
        if action in ("open", "rotate", "mark", "mark_all") and not self.view.order:
            return "no key is listed"
        if action == "unmark" and not self.grid.marks:
            return f"no key is marked; {self.app.keymap.key_of('inventory.mark')} marks one"
        return ""

    def action_filter(self) -> None:
        """Type a query. The focus moves at once: `Widget.focus` would only do it after letters that are already waiting."""
        self.set_focus(self.query_one("#filter", Input))

    def action_clear(self) -> None:
        """Clear the filter, go back to the rows."""
        field = self.query_one("#filter", Input)
        if field.value:
            field.value = ""
        self.grid.focus()

    def action_open(self) -> None:
        """Everything known of the key under the cursor."""
        row = self.grid.row
        if row is not None and self.is_current:
            from keyward.tui.screens.key import KeyScreen  # each screen is loaded when it opens

            self.app.push_screen(KeyScreen(self.rows.text(row, "id")))

    def on_grid_opened(self) -> None:
        """A double click opens too."""
        self.action_open()

    def action_rotate(self) -> None:
        """Plan the rotation of the marked keys, or of the one under the cursor."""
        marked = sorted(row for row in self.grid.marks if row not in self.rows.gone)
        chosen = marked or ([self.grid.row] if self.grid.row is not None else [])
        if chosen and self.is_current:
            self.app.open_plan(self.rows.ids(chosen))

    def action_mark(self) -> None:
        """Mark the key under the cursor and move on."""
        if self.grid.row is not None:
            self.grid.mark(self.grid.row)
            self.grid.action_move(1)
            self._show_count()

    def action_mark_all(self) -> None:
        """Mark every key in view."""
        self.grid.marks |= set(self.view.order)
        self.grid.repaint()
        self._show_count()

    def action_unmark(self) -> None:
        """Take every mark away."""
        self.grid.marks.clear()
        self.grid.repaint()
        self._show_count()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.view.sort(self.view.next_column(), self.app.now(), reverse=False)
        self._show_view()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.view.sort(self.view.column, self.app.now())
        self._show_view()

    def on_grid_header_clicked(self, event: Grid.HeaderClicked) -> None:
        """Sort by the heading that was clicked."""
        self.view.sort(event.column, self.app.now())
        self._show_view()

    def action_pane(self) -> None:
        """Show or hide the side pane."""
        self.query_one("#pane", Pane).toggle_class("-off")
        self.call_after_refresh(self._show_pane)

    def action_scan(self) -> None:
        """Ask every source again, or stop asking."""
        self.app.scan_or_stop()

    def action_coverage(self) -> None:
        """What was read, what was not, and why."""
        if self.is_current:
            from keyward.tui.screens.coverage import CoverageScreen

            self.app.push_screen(CoverageScreen())

    def action_local(self) -> None:
        """Name a folder and the keyring."""
        if self.is_current:
            self.app.open_welcome()
