"""What can be copied of one key: names and command lines, never its value."""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from keyward.tui.messages import Answer, Failed
from keyward.tui.widgets.choices import Choices
from keyward.tui.widgets.once import Dialog
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from keyward.tui.app import KeywardApp


class CopyScreen(Dialog[None]):
    """A small menu. Enter copies the chosen one; its whole text stands below, to be selected by hand where nothing else works.

    Args:
        key: the key's id.
        name: what it is called.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,y,q", "dismiss", "Close")]
    DEFAULT_CSS = """
    CopyScreen OptionList, CopyScreen OptionList:focus { height: auto; max-height: 8; border: none; padding: 0; background: $surface; }
    CopyScreen #whole { height: auto; max-height: 8; margin-top: 1; }
    CopyScreen.-low #whole { margin-top: 0; }
    """
    app: "KeywardApp"

    def __init__(self, key: str, name: str) -> None:
        super().__init__()
        self._key, self._called = key, name
        self._found: tuple[tuple[str, str], ...] = ()

    def compose(self) -> ComposeResult:
        """The choices, and the text of the chosen one."""
        with Vertical(classes="box"):
            yield Plain(f"Copy of {self._called}", classes="title")
            yield Choices()
            with VerticalScroll(id="whole", can_focus=False):
                yield Static(id="text", markup=False)
            yield Plain("Reading ...", classes="dim", id="said")

    def on_mount(self) -> None:
        """Ask for the texts."""
        self.app.feed.ask(self, lambda desk: desk.keys.copies(self._key))

    def on_answer(self, event: Answer) -> None:
        """Here they are."""
        self._found = tuple(event.value)
        choices = self.query_one(OptionList)
        choices.add_options([Option(Content(what)) for what, _ in self._found])
        choices.highlighted = 0
        choices.focus()
        shows = self.app.keymap.key_of("key.reveal")
        self.query_one("#said", Plain).show(
            f"Enter copies, Esc closes. Never a value: that is {shows} on the key's own screen."
        )

    def on_failed(self, event: Failed) -> None:
        """They could not be read."""
        self.query_one("#said", Plain).show(f"{event.error.title}: {event.error.message} {event.error.hint}")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Its text in full, marked as a selection is."""
        text = self._found[event.option_index][1]
        self.query_one("#text", Static).update(Content.styled(text, "reverse"))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Copy it; the menu stays, so that it can be selected by hand where the terminal takes no clipboard."""
        what, text = self._found[event.option_index]
        self.app.copying.copy(text, what)
