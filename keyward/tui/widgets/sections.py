"""The sections of a screen in one line, the one that is shown marked by brackets as well as by colour."""

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget


class Sections(Widget):
    """Names side by side. A click on one chooses it; keys are the screen's.

    Args:
        names: what is written, in order.
    """

    DEFAULT_CSS = """
    Sections { height: 1; padding: 0 1; }
    """

    class Chosen(Message):
        """A section was clicked; its place in the order."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._names = tuple(names)
        self._spans: list[tuple[int, int]] = []
        self.place = 0

    def choose(self, place: int) -> None:
        """Mark another one."""
        self.place = place % len(self._names)
        self.refresh()

    def render(self) -> Content:
        """The names."""
        pieces: list[tuple[str, str]] = []
        at, self._spans = 0, []
        for place, name in enumerate(self._names):
            chosen = place == self.place
            pieces.append((f"[{name}]" if chosen else f" {name} ", "bold $text-accent" if chosen else "$text-muted"))
            self._spans.append((at, at + len(name) + 2))
            at += len(name) + 2
        return Content.assemble(*pieces)

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked."""
        for place, (start, end) in enumerate(self._spans):
            if start <= event.x - 1 < end:  # the padding is a cell
                self.post_message(self.Chosen(place))
