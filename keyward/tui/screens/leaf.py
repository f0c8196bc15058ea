"""A page on top of a screen: a title, facts, and a text that stands alone so that it can be copied. It changes nothing."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll

from keyward.tui.widgets.once import Dialog
from keyward.tui.widgets.pane import Fact, FactList
from keyward.tui.widgets.plain import Plain


class Leaf(Dialog[None]):
    """What there is to read. The top line of the screen below it stays in sight, however much that is.

    Args:
        title: what it is about.
        facts: shown first; may be none.
        text: lines as they are to be typed or written elsewhere; no frame stands beside them.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "dismiss", "Close")]
    DEFAULT_CSS = """
    Leaf > Vertical { width: 100%; height: auto; max-height: 90%; border-top: solid $primary; border-bottom: solid $primary;
      background: $surface; }
    Leaf VerticalScroll { height: auto; }
    Leaf .title { padding: 0 1; }
    Leaf FactList { height: auto; margin-bottom: 1; padding: 0 1; }
    Leaf .verbatim { height: auto; background: $boost; }
    Leaf .end { padding: 0 1; }
    """

    def __init__(self, title: str, facts: Sequence[Fact], text: str) -> None:
        super().__init__()
        self._title, self._facts, self._text = title, facts, text

    def compose(self) -> ComposeResult:
        """Title, facts, text."""
        with Vertical():
            yield Plain(self._title, classes="title")
            with VerticalScroll():
                if self._facts:
                    yield FactList(self._facts)
                yield Plain(self._text, classes="verbatim")
            yield Plain("Esc closes.", classes="dim end")

    def on_mount(self) -> None:
        """The keys that scroll are heard at once."""
        self.query_one(VerticalScroll).focus()
