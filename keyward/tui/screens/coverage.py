"""What was read, what was not, and why."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from keyward.model.source import SourceReport
from keyward.tui import coverage
from keyward.tui.actions import Where, bindings
from keyward.tui.screens.page import Page
from keyward.tui.widgets.grid import Column, Grid
from keyward.tui.widgets.pane import Fact, FactList

_COLUMNS = (
    Column("source", "SOURCE", 24, 0, grows=True),
    Column("status", "STATUS", 11, 0),
    Column("items", "ITEMS", 6, 4, right=True),
    Column("looked", "VALUES READ", 11, 5, right=True),
    Column("unread", "NOT READ", 8, 5, right=True),
    Column("why", "WHY", 20, 1, grows=True),
)
_TONES = {"ok": "grid--good", "disabled": "grid--dim"}


class CoverageScreen(Page):
    """Every source, the unread ones first.

    Args:
        sources: how the reading of each ended.
    """

    where = Where.COVERAGE
    heading = "Coverage"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.COVERAGE)

    def __init__(self, sources: Sequence[SourceReport]) -> None:
        super().__init__()
        self._sources = coverage.worst_first(sources)

    def content(self) -> ComposeResult:
        """The list, and the whole story of the line under the cursor."""
        yield Grid(_COLUMNS, self._cells, self._tone, id="sources")
        yield FactList(id="source-facts", classes="content below")

    def on_mount(self) -> None:
        """Show them."""
        if not self._sources:
            self.query_one(Grid).display = False
            self.say("Nothing was asked yet.", "^R in the inventory scans.")
            return
        self.say("")
        self.query_one(Grid).show(range(len(self._sources)))
        self._tell()

    def _cells(self, row: int) -> tuple[str, ...]:
        one = self._sources[row]
        return (
            one.id,
            one.status.value,
            f"{one.items:,}",
            f"{one.looked:,}" if one.looked or one.not_looked else "-",
            f"{one.not_looked:,}" if one.looked or one.not_looked else "-",
            coverage.reason(one),
        )

    def _tone(self, row: int, column: str) -> str | None:
        return _TONES.get(self._sources[row].status.value, "grid--warn") if column == "status" else None

    def on_grid_moved(self) -> None:
        """The story follows the cursor."""
        self._tell()

    def _tell(self) -> None:
        row = self.query_one(Grid).row
        if row is None:
            return
        one = self._sources[row]
        reason = coverage.reason(one)
        facts = [Fact("source", one.id), Fact("status", one.status.value), Fact("asked", coverage.read_at(one))]
        self.query_one("#source-facts", FactList).tell([*facts, *([Fact("why", reason)] if reason else [])])
