"""The line with the query, and how much of the inventory it leaves."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from keyward.tui.widgets.plain import Line, Plain


class FilterBar(Horizontal):
    """A query and its count."""

    DEFAULT_CSS = """
    FilterBar { height: 1; background: $surface; }
    FilterBar > .slash { width: 3; padding: 0 1; color: $text-muted; }
    FilterBar > Input, FilterBar > Input:focus { border: none; height: 1; padding: 0; width: 1fr; background: $surface; }
    FilterBar > Input:focus { background: $boost; }
    FilterBar > #count { width: 50%; max-width: 46; padding: 0 1; color: $text-muted; text-align: right; }
    """

    def compose(self) -> ComposeResult:
        """A slash, the query, the count."""
        yield Plain("/", classes="slash")
        yield Input(placeholder="filter: project:acme-prod age>90d used:never text", id="filter", select_on_focus=False)
        yield Line(id="count")

    def tell(self, text: str) -> None:
        """Say how much is in view."""
        self.query_one("#count", Line).show(text)
