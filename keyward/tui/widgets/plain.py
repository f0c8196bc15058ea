"""Text that is never parsed as markup."""

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static


class Plain(Static):
    """A Static for text from outside: brackets stay brackets."""

    def __init__(self, text: str = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # Textual's name for it
        super().__init__(Content(text), id=id, classes=classes, markup=False)

    def show(self, text: str) -> None:
        """Show another text."""
        self.update(Content(text))


class Line(Widget):
    """One line of text, to the right, in a place that never changes: another text is painted, nothing is laid out anew."""

    DEFAULT_CSS = """
    Line { height: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name for it
        super().__init__(id=id)
        self._text = ""

    def show(self, text: str) -> None:
        """Show another text."""
        if text != self._text:
            self._text = text
            self.refresh()

    def render(self) -> Content:
        """The text, cut where the place ends."""
        return Content(self._text).truncate(max(1, self.content_size.width), ellipsis=True)
