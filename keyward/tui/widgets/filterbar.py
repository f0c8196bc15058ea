"""The line with the query, how much of the inventory it leaves, and below it, while one types, what could come next or what is wrong."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from keyward.tui.widgets.filterfield import FilterField
from keyward.tui.widgets.plain import Line, Plain

Known = Mapping[str, Sequence[str]]
_REMEMBERED = 50
_HELP = "Tab completes · Up: earlier filters · project: kind: store: state: used: age> unused> or any text"


class Query(FilterField):
    """The query. Tab or the right arrow takes what is shown dim; up and down go through earlier queries."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False),
        Binding("up", "earlier(1)", "Earlier filter", show=False),
        Binding("down", "earlier(-1)", "Later filter", show=False),
    ]

    def __init__(self, known: Callable[[], Known], leave: Callable[[str], None]) -> None:
        super().__init__(leave, "filter: project:acme-prod age>90d used:never text", id="filter")
        self._known = known
        self._past: list[str] = []
        self._back = 0
        self._draft = ""

    def remember(self) -> None:
        """This query was meant: it can be fetched again."""
        self._back = 0
        text = self.value.strip()
        if text:
            self._past = [text, *(one for one in self._past if one != text)][:_REMEMBERED]

    def offer(self) -> str:
        """Show dim what the word could become; gives the words that could stand there."""
        if not self.value:
            return ""
        from keyward.tui.completing import (
            after,
            suggestions,
            words,
        )  # the language loads with the first letter of a query

        found = suggestions(self.value, len(self.value), self._known())
        self._suggestion = after(self.value, found)
        return words(found)

    async def action_submit(self) -> None:
        """Go to the rows; the query can be fetched again."""
        await super().action_submit()
        self.call_later(self.remember)

    def action_complete(self) -> None:
        """Take the suggestion; without one Tab goes on to the table."""
        self.offer()  # the letters before it may have come in the same burst
        if not (self._suggestion and self.cursor_at_end):
            raise SkipAction
        self.action_cursor_right()

    def action_earlier(self, by: int) -> None:
        """Fetch an earlier query, or a later one; below the last stands what was being typed."""
        to = self._back + by
        if 0 <= to <= len(self._past):
            if self._back == 0:
                self._draft = self.value
            self._back = to
            self.value = self._past[to - 1] if to else self._draft
            self.cursor_position = len(self.value)


class FilterBar(Vertical):
    """A query, its count, and a line of help while one types.

    Args:
        known: gives the values that exist, by field.
        leave: shows the rows of this query, and goes there.
    """

    DEFAULT_CSS = """
    FilterBar { height: auto; background: $surface; }
    FilterBar > Horizontal { height: 1; }
    FilterBar .slash { width: 3; padding: 0 1; color: $text-muted; }
    FilterBar Input, FilterBar Input:focus { border: none; height: 1; padding: 0; width: 1fr; background: $surface; }
    FilterBar Input:focus { background: $boost; }
    FilterBar #count { width: 60%; max-width: 60; padding: 0 1; color: $text-muted; text-align: right; }
    FilterBar > #hint { display: none; padding: 0 1 0 3; color: $text-muted; }
    FilterBar.-asked > #hint { display: block; }
    FilterBar.-wrong > #hint { display: block; color: $text-error; }
    """

    class Wants(Message):
        """Another query was typed."""

        def __init__(self, query: str) -> None:
            super().__init__()
            self.query = query

    def __init__(self, known: Callable[[], Known], leave: Callable[[str], None]) -> None:
        super().__init__()
        self._known, self._leave = known, leave
        self._values: Known | None = None
        self._typed = ""
        self._left: str | None = None
        self._wrong = ""

    def compose(self) -> ComposeResult:
        """A slash, the query, the count; the hint."""
        with Horizontal():
            yield Plain("/", classes="slash")
            yield Query(self._values_known, self._meant)
            yield Line(id="count")
        yield Line(id="hint")

    @property
    def field(self) -> Query:
        """Where the query is typed."""
        return self.query_one(Query)

    def tell(self, text: str) -> None:
        """Say how much is in view."""
        self.query_one("#count", Line).show(text)

    # What could come next

    def _values_known(self) -> Known:
        if self._values is None:
            self._values = self._known()
        return self._values

    def forget(self) -> None:
        """Rows came: other values may exist."""
        self._values = None

    def say(self, wrong: str = "", *, meant: bool = False) -> None:
        """Say what is wrong with the query, or else what could come next. One that is not `meant` yet is being typed."""
        text, self._wrong = self.field.value, wrong if meant else ""
        hint = self.field.offer() if text else _HELP
        last = text.rpartition(" ")[2]
        if wrong and hint and ":" in last and not meant:  # not wrong yet: the word is being typed
            wrong = ""
        self.set_class(bool(wrong), "-wrong")
        self.query_one("#hint", Line).show(wrong or hint or "Enter: to the keys · Esc: clear")

    # What was typed

    def on_descendant_focus(self) -> None:
        """Somebody types: the line of help appears."""
        self.add_class("-asked")
        self.say(self._wrong, meant=True)  # in a burst, Enter comes before this
        self.call_after_refresh(self._values_known)  # the first letter need not wait for it

    def on_descendant_blur(self) -> None:
        """It is not needed any more, unless it says what is wrong."""
        self.remove_class("-asked")

    def on_input_changed(self, event: Input.Changed) -> None:
        """The letter shows at once, the rows a frame later; what was typed over is never looked for."""
        event.stop()
        if event.value != self._left:
            self._left, self._typed = None, event.value
            self.call_after_refresh(self._want, event.value)

    def _want(self, query: str) -> None:
        if query == self._typed and self._left is None:
            self.post_message(self.Wants(query))

    def _meant(self, query: str) -> None:
        """Enter was pressed, maybe before anybody was told of the last letters: nobody need be told of them any more."""
        self._left = query
        self._leave(query)

    def show_query(self, query: str) -> None:
        """Show a query that is looked for already."""
        with self.prevent(Input.Changed), self.field.prevent(Input.Changed):
            self.field.value = self._typed = query
            self.field.cursor_position = len(query)

    def clear(self) -> bool:
        """Clear the query, which can be fetched again; whether there was one."""
        self.field.remember()
        had = bool(self.field.value)
        self.field.value = ""
        return had
