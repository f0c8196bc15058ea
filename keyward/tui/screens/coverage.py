"""What was read, what was not, and why."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from keyward.tui import coverage
from keyward.tui.actions import Where, bindings
from keyward.tui.messages import Answer
from keyward.tui.screens.page import Page
from keyward.tui.widgets.grid import Column, Grid
from keyward.tui.widgets.head import Standing
from keyward.tui.widgets.pane import Fact, FactList

_COLUMNS = (
    Column("source", "SOURCE", 26, 0, grows=True),
    Column("status", "STATUS", 11, 0),
    Column("items", "ITEMS", 6, 4, right=True),
    Column("looked", "VALUES READ", 11, 5, right=True),
    Column("unread", "NOT READ", 8, 2, right=True),
    Column("why", "WHY", 20, 1, grows=True),
)
_TONES = {"ok": "grid--good", "disabled": "grid--dim", "asking": "grid--dim", "waiting": "grid--dim"}


_NUMBERS = ("items", "looked", "not_looked")
_OFTEN = 0.5
"""Seconds between two looks at a scan that is under way."""


class CoverageScreen(Page):
    """Every source, the unread ones first; while a scan goes on, how far it is."""

    where = Where.COVERAGE
    heading = "Coverage"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.COVERAGE)

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[coverage.Line] = []
        self._live = False
        self._blind: tuple[str, ...] = ()

    def content(self) -> ComposeResult:
        """A line for each kind of source, the list, and the whole story of the line under the cursor."""
        yield FactList(id="kinds", classes="content")
        yield Grid(_COLUMNS, self._cells, self._tone, id="sources")
        yield FactList(id="source-facts", classes="content below")

    def on_mount(self) -> None:
        """Show them, and follow a scan."""
        self._show()
        self.call_after_refresh(self._show)  # how high its facts are is known when its width is
        self.set_interval(_OFTEN, self._follow)
        self.app.feed.ask(self, lambda desk: desk.blind())

    def _follow(self) -> None:
        if self._live or self.app.feed.scanning:
            self._show()

    def stand(self, standing: Standing) -> None:
        """The top line says something else; what was read may be something else too."""
        super().stand(standing)
        if self.is_mounted and not self.app.feed.scanning:
            self._show()

    def _show(self) -> None:
        if not (self.app.is_running and self.query(Grid)):  # the app ends while a scan is told of
            return
        tally, grid = self.app.feed.tally(), self.query_one(Grid)
        self._live = tally is not None
        # The cursor stays on its source, except at the top, where nobody has moved it: there the worst are to be seen.
        under = self._lines[grid.row].id if grid.row and grid.row < len(self._lines) else ""
        lines = coverage.lines(self.app.sources, self.app.gaps, tally)
        facts = coverage.by_kind(self.app.sources, tally, self.app.moment(), self.app.gaps)
        self.query_one("#kinds", FactList).tell(facts)
        if lines == self._lines and lines and tally is None:
            return
        self._lines = lines
        grid.display = bool(lines)
        if not lines:
            self.say("Nothing was asked yet.", f"{self.app.keymap.key_of('coverage.scan')} scans.")
            return
        self.say("")
        grid.repaint()
        grid.show(range(len(lines)))
        grid.go_to(next((row for row, line in enumerate(lines) if line.id == under), 0))
        self._tell()

    def on_answer(self, event: Answer) -> None:
        """What stands in no line of the list."""
        self._blind = event.value
        self._tell()

    def _cells(self, row: int) -> tuple[str, ...]:
        one = self._lines[row]
        numbers = (getattr(one, name) for name in _NUMBERS)
        return one.id, one.status, *("-" if number is None else f"{number:,}" for number in numbers), one.why

    def _tone(self, row: int, column: str) -> str | None:
        return _TONES.get(self._lines[row].status, "grid--warn") if column == "status" else None

    def on_grid_moved(self) -> None:
        """The story follows the cursor."""
        self._tell()

    def _tell(self) -> None:
        row = self.query_one(Grid).row
        if row is None or row >= len(self._lines):
            return
        one = self._lines[row]
        facts = [Fact("source", one.id), Fact("status", one.status), Fact("asked", one.asked)]
        why = [Fact("why", one.why)] if one.why else []
        beside = [Fact("" if number else "beside", line) for number, line in enumerate(self._blind)]
        self.query_one("#source-facts", FactList).tell([*facts, *why, *beside])

    def action_scan(self) -> None:
        """Ask every source again, or stop asking."""
        self.app.scan_or_stop()
