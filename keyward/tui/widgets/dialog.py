"""Questions before something irreversible: disarmed at first, Cancel focused, danger needs a typed phrase."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from keyward.tui.widgets.deaf import Deaf


class Confirm(Deaf[bool]):
    """Asks for a typed phrase and answers True only when it was typed and Apply was chosen.

    Args:
        title: what would be done, in a few words.
        text: what it means; shown as plain text.
        phrase: what must be typed, to the letter.
        verb: the word on the button that does it.
        production: whether it is about production, which its frame says.
    """

    AUTO_FOCUS = "#cancel"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]
    DEFAULT_CSS = """
    Confirm { align: center middle; }
    Confirm > Vertical { width: 76; max-width: 95%; height: auto; max-height: 90%; border: heavy $warning; background: $surface; padding: 1 2; }
    Confirm.-production > Vertical { border: double $error; border-title-color: $text-error; border-title-style: bold reverse;
      border-subtitle-color: $text-error; border-subtitle-style: bold reverse; }
    Confirm .title { text-style: bold; margin-bottom: 1; }
    Confirm Input { margin-top: 1; }
    Confirm Horizontal { height: auto; align-horizontal: right; margin-top: 1; }
    Confirm Button { margin-left: 2; }
    """

    def __init__(self, title: str, text: str, phrase: str, verb: str = "Apply", *, production: bool = False) -> None:
        super().__init__(classes="-production" if production else None)
        self._title, self._text, self._phrase, self._verb = title, text, phrase, verb

    def compose(self) -> ComposeResult:
        """Title, text, phrase, buttons."""
        with Vertical() as frame:
            if self.has_class("-production"):
                frame.border_title = frame.border_subtitle = Content(" PRODUCTION ")
            yield Static(Content(self._title), classes="title")
            yield Static(Content(self._text))
            yield Static(Content(f"Type  {self._phrase}  to go on:"))
            yield Input(id="phrase", select_on_focus=False)
            with Horizontal():
                yield Button("Cancel", id="cancel")
                yield Button(Content(self._verb), id="apply", variant="error", disabled=True)

    def listens(self) -> None:
        """The phrase may be typed now."""
        self._check()

    def _check(self) -> None:
        typed = self.query_one("#phrase", Input).value
        self.query_one("#apply", Button).disabled = not (self.armed and typed == self._phrase)

    def on_key(self, event: events.Key) -> None:
        """Letters typed while a button has the focus belong to the phrase; those that the field got never come here."""
        if self.armed and event.is_printable and event.character:
            field = self.query_one("#phrase", Input)
            event.stop()
            self.set_focus(field)
            field.insert_text_at_cursor(event.character)

    def on_input_changed(self) -> None:
        """The button wakes up when the phrase is complete; what was typed too early is forgotten."""
        if not self.armed:
            self.query_one("#phrase", Input).clear()
        self._check()

    def on_input_submitted(self) -> None:
        """Enter in the phrase only moves on: it never confirms."""
        if not self.query_one("#apply", Button).disabled:
            self.query_one("#apply", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Apply or cancel."""
        if not self.armed:
            return
        typed = self.query_one("#phrase", Input).value
        self.dismiss(event.button.id == "apply" and typed == self._phrase)

    def action_cancel(self) -> None:
        """Leave without doing anything."""
        self.dismiss(False)
