"""The list of keys: cached rows at once, filtered and sorted in memory, refreshed by a scan that streams."""

from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from keyward.model.errors import QueryError
from keyward.tui import cells
from keyward.tui.actions import Where, bindings
from keyward.tui.columns import ALL
from keyward.tui.facts import of_row
from keyward.tui.keeping import Restored
from keyward.tui.kept import Kept
from keyward.tui.messages import Arrived, Failed, Judged, Knew, ScanEnded, Stood
from keyward.tui.screens.page import TOO_SMALL
from keyward.tui.screens.table import KeyTable
from keyward.tui.widgets.board import Board
from keyward.tui.widgets.filterbar import FilterBar, Known, Query
from keyward.tui.widgets.head import Head, Standing
from keyward.tui.widgets.keysbar import KeysBar
from keyward.tui.widgets.pane import Pane
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from textual.timer import Timer


_REST, _NEWS = 0.15, 1.0
"""Seconds after which the cursor rests, and between two looks at the key below it while a scan goes on."""


class InventoryScreen(KeyTable):
    """Every key that is known."""

    where = Where.INVENTORY
    AUTO_FOCUS = "Grid"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.INVENTORY)

    def __init__(self) -> None:
        super().__init__()
        self._left_on = ""
        self._resting: Timer | None = None
        self._noted: str | None = None
        self._loading = True

    def compose(self) -> ComposeResult:
        """Head, query, table with pane, note, keys."""
        yield Head(self.app.standing)
        yield FilterBar(self._known, self._to_rows_of)
        with Horizontal(id="body"):
            yield self.grid
            yield Board()
            yield Pane(id="pane")
        yield Plain("", id="note")
        yield KeysBar(Where.INVENTORY)
        yield Plain(TOO_SMALL, classes="too-small")

    def on_mount(self) -> None:
        """Nothing is listed yet; the rows come from a thread."""
        self._show_board("Reading what is known ...", "")
        self.app.feed.load(self)

    # What comes from threads

    def on_stood(self, event: Stood) -> None:
        """The world is known; it comes before the first row."""
        self._production_query = event.production
        self.app.stood(event)

    def on_arrived(self, event: Arrived) -> None:
        """Rows came: the first show at once, the others in steps."""
        changed = self._put(event.columns, flash=not self._loading)
        if not changed:
            return
        self.query_one(FilterBar).forget()
        if not self._loading:  # at the start it is asked once, when everything is here
            self._follow_production(changed)
        self.grid.rows_changed(changed)
        self._show_counted()

    def on_knew(self, event: Knew) -> None:
        """Everything that was known is here, or a scan is over and every row was read again."""
        if self._loading:
            self.app.garbage.begin()
        self._loading = False
        if event.ids is not None:
            self.rows.keep_only(event.ids)
        self.app.tell(sources=event.sources, gaps=event.gaps, scanned=event.scanned)
        self._production = self.view.production(self._production_query, self.app.now())
        self.judging.knew(event.judged)
        self.grid.repaint()
        self.show_rows()
        if self.app.keeping is not None and self._left_on:
            left_on, self._left_on = self._left_on, ""
            self.app.keeping.reopen(left_on)
        if not self.rows and not self.app.feed.scanning:
            self.app.nothing_known(self)

    def on_judged(self, event: Judged) -> None:
        """The rules looked at every key."""
        self.judging.over(event.standing)
        self._show_count()

    def on_failed(self, event: Failed) -> None:
        """Something could not be done: said in words, with what to do."""
        self.app.garbage.begin()
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
        self._show_counted()

    def _show_counted(self) -> None:
        self.app.tell(keys=len(self.rows) if self.rows or self.app.sources else None)
        self._show_view()

    def _show_view(self) -> None:
        super()._show_view()
        view = self.view
        if view.order:
            self._show_board("", "")
        elif not self.rows:
            if not self._loading:
                self._show_board(*self.app.empty_words())
        elif not self._loading:
            clears = self.app.keymap.key_of("inventory.clear")
            self._show_board("No key matches.", f"{clears} clears the filter: {view.query}")
        if isinstance(self.focused, Query):  # each letter brings another row below the cursor
            self._follow()
        elif self.app.feed.scanning:  # and so may each change
            self._resting = self._resting or self.set_timer(_NEWS, self._show_pane)
        else:
            self._show_pane()

    def _show_board(self, title: str, text: str) -> None:
        board = self.query_one(Board)
        board.display = bool(title)
        self.grid.display = not title
        if title:
            board.tell(title, text)
        elif self.focused is None:
            self._to_rows()

    def _show_pane(self) -> None:
        self._rest()
        row, pane = self.grid.row, self.query_one("#pane", Pane)
        if row is None:
            pane.tell("", ())
        elif pane.display:
            source = f"{self.rows.text(row, 'provider')}:{self.rows.text(row, 'scope')}"
            ended = next((one for one in self.app.sources if one.id == source), None)
            facts = of_row(self.rows, row, self.app.now(), production=row in self._production, source=ended)
            pane.tell(cells.shown_name(self.rows, row), facts)

    def _show_note(self) -> None:
        missing = self.app.standing.coverage
        key = self.app.keymap.key_of("inventory.coverage")
        text = f"{missing}: not everything was read; {key} shows what and why" if missing else ""
        if text == self._noted:
            return
        self._noted = text
        note = self.query_one("#note", Plain)
        note.set_class(not text, "-empty")
        note.show(text)

    def on_grid_moved(self) -> None:
        """The cursor stands on another row."""
        if self.marking.ranging:
            self.marking.follow()
            self._show_count()
        self._follow()

    def on_resize(self) -> None:
        """A wider screen has the pane, which nobody told anything while it was not shown."""
        self.call_after_refresh(self._show_pane)

    def _follow(self) -> None:
        """The pane follows when the cursor, or the letters of a query, rest: it costs more than the rows, and nobody reads it in passing."""
        self._rest()
        self._resting = self.set_timer(_REST, self._show_pane)

    def _rest(self) -> None:
        if self._resting is not None:
            self._resting.stop()
            self._resting = None

    # The query

    def _known(self) -> Known:
        from keyward.tui.completing import known  # with the language of queries

        return known(self.rows)

    def on_filter_bar_wants(self, event: FilterBar.Wants) -> None:
        """Another query was typed."""
        self._look_for(event.query)

    def _look_for(self, query: str, *, meant: bool = False) -> bool:
        """Show its rows, or what is wrong with it; whether it can be read. One that is not `meant` yet is being typed."""
        bar = self.query_one(FilterBar)
        if query == self.view.query:  # it was looked for already, or what was wrong was taken back
            bar.say()
            return True
        try:
            self.view.look_for(query, self.app.now())
        except QueryError as error:
            bar.say(f"column {error.column + 1}: {error.plain} {error.hint}".strip(), meant=meant)
            return False
        self.marking.end()  # its marks stay, also those that are hidden now
        self.judging.follow()
        self._show_view()
        bar.say()
        return True

    def _to_rows_of(self, query: str) -> None:
        """Out of the query, to the rows that it leaves; of one that cannot be read there are none to go to."""
        if self._look_for(query, meant=True):
            self._to_rows()

    def _to_rows(self) -> None:
        """Out of the query, also where there are no rows: letters are keys again."""
        self.set_focus(self.grid if self.grid.display else None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's signature
        """Letters typed into the query are letters."""
        return not (action == "filter" and isinstance(self.focused, Query))

    # From run to run

    def on_restored(self, event: Restored) -> None:
        """How the app was left is known; it comes before the first row."""
        kept, bar = event.kept, self.query_one(FilterBar)
        if kept is not None:
            self._left_on = kept.screen
            self._choose(kept.columns)
            self.query_one(Pane).set_class(kept.pane, "-off")
            self.view.sort(kept.sort if kept.sort in ALL else self.view.column, self.app.now(), reverse=kept.reversed)
            if not bar.field.value:
                with suppress(QueryError):  # a field that there is no more
                    self.view.look_for(kept.filter, self.app.now())
                    bar.show_query(kept.filter)
        if event.trouble:
            self.app.notify(event.trouble, title="Started afresh", severity="warning")
        if self.app.keeping is not None:
            self.app.keeping.take_up(event)

    def left_as(self, theme: str, screen: str) -> Kept:
        """How the inventory is shown now, to be kept."""
        view = self.view
        pane = self.query_one(Pane).has_class("-off")
        return Kept(view.query, view.column, view.reversed, self.choice, pane, theme, screen)

    # Actions

    def why_not(self, action: str) -> str:
        """Why an action of this screen cannot be done now; empty when it can."""
        if action in ("open", "copy", "mark", "mark_all", "range") and not self.view.order:
            return "no key is listed"
        if action == "rotate" and not self.view.order and not self.grid.marks - self.rows.gone:
            return "no key is listed, and none is marked"
        if action == "unmark" and not self.grid.marks:
            return f"no key is marked; {self.app.keymap.key_of('inventory.mark')} marks one"
        return ""

    def filter_by(self, query: str) -> None:
        """Show only what the query matches, as if somebody had typed it."""
        self.query_one(FilterBar).field.value = query

    def action_filter(self) -> None:
        """Type a query. The focus moves at once: `Widget.focus` would only do it after letters that are already waiting."""
        self.set_focus(self.query_one(FilterBar).field)

    def action_clear(self) -> None:
        """Take an open range back; else clear the filter; an empty one is left."""
        if self.marking.ranging:
            self.marking.take_back()
            self._show_count()
        elif not self.query_one(FilterBar).clear():
            self._to_rows()

    def action_open(self) -> None:
        """Everything known of the key under the cursor."""
        row = self.grid.row
        if row is not None and self.is_active:
            from keyward.tui.screens.key import KeyScreen  # each screen is loaded when it opens

            self.app.push_screen(KeyScreen(self.rows.text(row, "id")))

    def action_copy(self) -> None:
        """Copy something of the key under the cursor."""
        row = self.grid.row
        if row is not None and self.is_active:
            from keyward.tui.screens.copy import CopyScreen

            self.app.push_screen(CopyScreen(self.rows.text(row, "id"), cells.shown_name(self.rows, row)))

    def on_grid_opened(self) -> None:
        """A double click opens too."""
        self.action_open()

    def action_rotate(self) -> None:
        """Plan the rotation of the marked keys, or of the one under the cursor."""
        chosen = self.marking.chosen()
        if chosen and self.is_active:
            self.app.open_plan(self.rows.ids(chosen))

    def action_pane(self) -> None:
        """Show or hide the side pane."""
        self.query_one("#pane", Pane).toggle_class("-off")
        self.call_after_refresh(self._show_pane)

    def action_scan(self) -> None:
        """Ask every source again, or stop asking."""
        self.app.scan_or_stop()

    def action_coverage(self) -> None:
        """What was read, what was not, and why."""
        if self.is_active:
            from keyward.tui.screens.coverage import CoverageScreen

            self.app.push_screen(CoverageScreen())

    def action_local(self) -> None:
        """Name a folder and the keyring."""
        if self.is_active:
            self.app.open_local()
