"""Text that is never parsed as markup."""

from textual.content import Content
from textual.widgets import Static


class Plain(Static):
    """A Static for text from outside: brackets stay brackets."""

    def __init__(self, text: str = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # Textual's name for it
        super().__init__(Content(text), id=id, classes=classes, markup=False)

    def show(self, text: str) -> None:
        """Show another text."""
        self.update(Content(text))
