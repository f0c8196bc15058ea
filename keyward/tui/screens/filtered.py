"""A screen with one list that words narrow, and the whole of the line under the cursor below it."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from keyward.tui.screens.page import Page
from keyward.tui.widgets.filterfield import FilterField
from keyward.tui.widgets.grid import Column, Grid
from keyward.tui.widgets.pane import Fact, FactList
from keyward.tui.widgets.plain import Line, Plain


class FilteredPage(Page):
    """What such screens have in common. Entries are numbers from 0; `length` says how many there are.

    The class sets `columns`, what the filter's field says while it is empty, and what stands below where nothing matches.
    """

    AUTO_FOCUS = "Grid"
    columns: ClassVar[Sequence[Column]] = ()
    placeholder = ""
    nothing = ""

    def __init__(self) -> None:
        super().__init__()
        self._texts: list[str] = []

    # What the screen says

    @property
    def length(self) -> int:
        """How many entries there are."""
        return 0

    def haystack(self, entry: int) -> str:  # noqa: ARG002  # for screens that have entries
        """Everything of an entry that words are looked for in."""
        return ""

    def cells(self, entry: int) -> Sequence[str]:  # noqa: ARG002  # likewise
        """Its texts, one a column."""
        return ()

    def tone(self, entry: int, column: str) -> str | None:  # noqa: ARG002  # likewise
        """The component class of a cell that should stand out or stand back."""
        return None

    def facts(self, entry: int) -> Sequence[Fact]:  # noqa: ARG002  # likewise
        """The whole of it."""
        return ()

    def counted(self, shown: int, *, narrowed: bool) -> str:
        """What stands beside the filter."""
        return f"{shown:,} of {self.length:,}" if narrowed else f"{shown:,}"

    # The list

    def find_and_list(self) -> ComposeResult:
        """Filter, list, the one under the cursor."""
        with Horizontal(classes="content find"):
            yield Plain("/", classes="slash")
            yield FilterField(self._leave, self.placeholder, id="find")
            yield Line(id="count")
        yield Grid(self.columns, self.cells, self.tone, id="entries")
        yield FactList(id="entry", classes="content below")

    def content(self) -> ComposeResult:
        """The same."""
        yield from self.find_and_list()

    def listed(self) -> None:
        """The entries are there: show those that match."""
        self._texts = []
        self.say("")
        self.query_one(Grid).display = True
        self._find(self.query_one("#find", Input).value)
        if self.focused is None:
            self.query_one(Grid).focus()

    def _find(self, text: str) -> None:
        words = text.casefold().split()
        if words and not self._texts:
            self._texts = [self.haystack(entry).casefold() for entry in range(self.length)]
        shown = [
            entry for entry in range(self.length) if not words or all(word in self._texts[entry] for word in words)
        ]
        self.query_one("#count", Line).show(self.counted(len(shown), narrowed=bool(words)))
        grid = self.query_one(Grid)
        grid.repaint()
        grid.show(shown)
        self._tell()

    @property
    def chosen(self) -> int | None:
        """The entry under the cursor."""
        row = self.query_one(Grid).row
        return row if row is not None and row < self.length else None

    def _tell(self) -> None:
        entry = self.chosen
        back = self.app.keymap.key_of(f"{self.where.name.lower()}.back")
        missed = [Fact("", f"{self.nothing}; {back} clears the filter.", "dim")]
        self.query_one("#entry", FactList).tell(missed if entry is None else self.facts(entry))

    def on_grid_moved(self) -> None:
        """The story follows the cursor."""
        self._tell()

    # The filter

    def on_input_changed(self, event: Input.Changed) -> None:
        """Every letter narrows."""
        self._find(event.value)

    def _leave(self, text: str) -> None:
        """Enter goes to the list, which shows what these words leave by then."""
        self._find(text)
        self.set_focus(self.query_one(Grid))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's signature
        """A slash typed into the filter is a slash."""
        return not (action == "find" and isinstance(self.focused, Input))

    def action_find(self) -> None:
        """Type a filter."""
        self.set_focus(self.query_one("#find", Input))

    def action_back(self) -> None:
        """Clear the filter first; then back to where this was opened from."""
        field = self.query_one("#find", Input)
        if field.value or field.has_focus:
            field.value = ""
            self.query_one(Grid).focus()
        else:
            super().action_back()
