"""Where to write a rotation's audit trail: a new file that the user names."""

import threading
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input

from keyward.tui.messages import Answer, Failed
from keyward.tui.widgets.deaf import Deaf
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from keyward.tui.app import KeywardApp


class ExportScreen(Deaf[None]):
    """Asks for a file and writes the trail there.

    Args:
        rotation: the rotation's full id.
    """

    AUTO_FOCUS = "#file"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]
    app: "KeywardApp"

    def __init__(self, rotation: str) -> None:
        super().__init__()
        self._rotation = rotation
        self._stop = threading.Event()

    def compose(self) -> ComposeResult:
        """What it will be, the file, buttons."""
        with Vertical(classes="box"):
            yield Plain("Export the audit trail of this rotation", classes="title")
            yield Plain(
                "JSON lines, each with its link of the chain; ids, versions and verdicts, never a value. A new file, "
                "readable by you alone; one that is there already is left alone."
            )
            yield Plain("File", classes="label")
            yield Input(f"~/keyward-{self._rotation}.jsonl", id="file", select_on_focus=False)
            yield Plain("", id="refused")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel")
                yield Button("Write", id="write", variant="primary", disabled=True)

    def listens(self) -> None:
        """It may be written now."""
        self.query_one("#write", Button).disabled = False

    def on_unmount(self) -> None:
        """Nobody waits for it any more."""
        self._stop.set()

    def on_input_submitted(self) -> None:
        """Enter writes."""
        self._write()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Write, or not."""
        if event.button.id == "write":
            self._write()
        else:
            self.dismiss()

    def action_cancel(self) -> None:
        """Leave without writing."""
        self.dismiss()

    def _write(self) -> None:
        if self.query_one("#write", Button).disabled:  # it opened just now, or is writing
            return
        file, rotation = self.query_one("#file", Input).value, self._rotation
        self._stop = stop = self.app.feed.stopper()
        self._writing(True)
        self.app.feed.ask(self, lambda desk: desk.record.export_trail(rotation, file, stop))

    def _writing(self, now: bool) -> None:
        write = self.query_one("#write", Button)
        write.disabled, write.label = now, "Writing ..." if now else "Write"

    def on_answer(self, event: Answer) -> None:
        """It is written."""
        path, count = event.value
        self.app.notify(f"{count:,} lines are in {path}", title="Exported")
        self.dismiss()

    def on_failed(self, event: Failed) -> None:
        """It could not be written."""
        self._writing(False)
        self.query_one("#refused", Plain).show(f"✗ {event.error}")
