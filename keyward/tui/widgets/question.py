"""A question whose answer changes nothing anywhere: no phrase, but disarmed at first and the careful answer focused."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from keyward.tui.widgets.deaf import Deaf
from keyward.tui.widgets.plain import Plain


class Question(Deaf[bool]):
    """Answers True only when the second button was chosen.

    Args:
        title: the question.
        text: what the answer means; shown as plain text.
        no: the word on the button that is focused.
        yes: the word on the other one.
    """

    AUTO_FOCUS = "#no"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "no", "No"),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]

    def __init__(self, title: str, text: str, *, no: str, yes: str) -> None:
        super().__init__()
        self._title, self._text, self._no, self._yes = title, text, no, yes

    def compose(self) -> ComposeResult:
        """Question, text, buttons."""
        with Vertical(classes="box"):
            yield Plain(self._title, classes="title")
            yield Plain(self._text)
            with Horizontal(classes="buttons"):
                yield Button(self._no, id="no")
                yield Button(self._yes, id="yes", variant="warning")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The answer."""
        if self.armed:
            self.dismiss(event.button.id == "yes")

    def action_no(self) -> None:
        """The careful answer."""
        self.dismiss(False)
