"""Calls by day, drawn line by line."""

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from keyward.tui import dayplot

if TYPE_CHECKING:
    from textual import events

    from keyward.desk.using import KeyUsage


class DayPlot(Widget):
    """Bars by response class, and small ones by service."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"dayplot--{tone}" for tone in ("good", "warn", "bad", "dim", "strong")}
    DEFAULT_CSS = """
    DayPlot { height: auto; }
    DayPlot .dayplot--good { color: $text-success; }
    DayPlot .dayplot--warn { color: $text-warning; }
    DayPlot .dayplot--bad { color: $text-error; }
    DayPlot .dayplot--dim { color: $text-muted; }
    DayPlot .dayplot--strong { text-style: bold; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name for it
        super().__init__(id=id)
        self._found: KeyUsage | None = None
        self._lines: list[list[dayplot.Piece]] = []
        self._drawn_for = -1

    def show(self, found: "KeyUsage") -> None:
        """Draw these days."""
        self._found, self._drawn_for = found, -1
        self.refresh(layout=True)

    def on_resize(self, event: "events.Resize") -> None:
        """Another width has room for more or fewer days."""
        if event.size.width != self._drawn_for:
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002  # Textual's signature
        """As many lines as there are."""
        self._draw(width)
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        """One line of it."""
        width = self.content_size.width
        self._draw(width)
        pieces = self._lines[y] if y < len(self._lines) else []
        segments = [
            Segment(text, self.get_component_rich_style(f"dayplot--{tone}") if tone else self.rich_style)
            for text, tone in pieces
        ]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _draw(self, width: int) -> None:
        if width != self._drawn_for and self._found is not None:
            self._lines, self._drawn_for = (
                dayplot.draw(self._found, width, 5 if self.screen.size.height < 20 else 8),
                width,
            )
