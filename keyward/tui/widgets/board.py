"""What stands in the place of the table when there is nothing to list: why, and what to do."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from keyward.tui.widgets.plain import Plain


class Board(VerticalScroll, can_focus=False):
    """A heading and an explanation, in the middle of the place."""

    DEFAULT_CSS = """
    Board { align: center middle; height: 1fr; }
    Board > Plain { width: auto; max-width: 90%; }
    Board > .title { text-style: bold; margin-bottom: 1; }
    """

    def compose(self) -> ComposeResult:
        """Heading and text."""
        yield Plain(classes="title")
        yield Plain(classes="dim", id="board-text")

    def tell(self, title: str, text: str) -> None:
        """Say something else."""
        self.query_one(".title", Plain).show(title)
        self.query_one("#board-text", Plain).show(text)
