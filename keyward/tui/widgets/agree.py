"""A question before something that can be taken back: shows all of it, disarmed at first, Cancel focused."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button

from keyward.tui.widgets.deaf import Deaf
from keyward.tui.widgets.plain import Plain


class Agree(Deaf[bool]):
    """Answers True only when the other button than Cancel was chosen, and not in the first moment.

    Args:
        title: what would be done, in a few words.
        text: what it means.
        shown: what would be written, line by line; may be empty.
        verb: the word on the button that does it.
    """

    AUTO_FOCUS = "#cancel"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]
    DEFAULT_CSS = """
    Agree .shown { height: auto; background: $boost; padding: 0 1; }
    Agree VerticalScroll { height: auto; max-height: 30vh; margin-top: 1; }
    Agree.-low VerticalScroll { max-height: 5; margin: 0; }
    Agree.-low .buttons { margin: 0; }
    """

    def __init__(self, title: str, text: str, shown: str, verb: str) -> None:
        super().__init__()
        self._title, self._text, self._shown, self._verb = title, text, shown, verb

    def compose(self) -> ComposeResult:
        """Title, text, what would be written, buttons."""
        with Vertical(classes="box"):
            yield Plain(self._title, classes="title")
            yield Plain(self._text)
            if self._shown:
                with VerticalScroll(id="shown"):
                    yield Plain(self._shown, classes="shown")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel")
                yield Button(self._verb, id="agree", variant="primary", disabled=True)

    def listens(self) -> None:
        """It may be agreed to now."""
        self.query_one("#agree", Button).disabled = False

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do it, or not."""
        if self.armed:
            self.dismiss(event.button.id == "agree")

    def action_cancel(self) -> None:
        """Leave without doing anything."""
        self.dismiss(False)
