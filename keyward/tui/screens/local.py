"""A folder or the keyring to look at from now on: asked for, written to keyward.toml, scanned."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Input

from keyward.tui.messages import Answer, Failed
from keyward.tui.widgets.deaf import Deaf
from keyward.tui.widgets.plain import Plain
from keyward.tui.widgets.tick import Tick

if TYPE_CHECKING:
    from keyward.tui.app import KeywardApp


class LocalScreen(Deaf[bool]):
    """Asks for a folder and the keyring, writes both to keyward.toml, and has them scanned. Answers whether it did."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "later", "Later")]
    AUTO_FOCUS = "#folder"
    app: "KeywardApp"

    def compose(self) -> ComposeResult:
        """What will be done, the folder, the keyring, buttons."""
        with VerticalScroll(classes="box", can_focus=False):
            yield Plain("Where should keyward look for keys?", classes="title")
            yield Plain(
                "It reads env files (.env, .envrc and the like) in a folder that you name, "
                "and the keyring if you say so. Values are compared by fingerprint and never kept or shown."
            )
            yield Plain("Folder with projects, such as ~/work (empty: none)", classes="label")
            yield Input(placeholder="~/work", id="folder")
            yield Plain("", id="refused")
            yield Tick("Look into the OS keyring too", id="keyring")
            yield Plain("Both are written to keyward.toml and can be changed there.", classes="dim")
            with Horizontal(classes="buttons"):
                yield Button("Later", id="later")
                yield Button("Look", id="look", variant="primary", disabled=True)

    def listens(self) -> None:
        """It may be agreed to now."""
        self.query_one("#look", Button).disabled = False

    def on_input_submitted(self) -> None:
        """Enter in the folder goes on to the keyring; it begins nothing."""
        self.query_one("#keyring", Tick).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Look, or later."""
        if event.button.id == "look":
            self._look()
        else:
            self.dismiss(False)

    def action_later(self) -> None:
        """Leave without changing anything."""
        self.dismiss(False)

    def _look(self) -> None:
        typed, keyring = self.query_one("#folder", Input).value.strip(), self.query_one("#keyring", Tick).value
        folder = Path(os.path.expanduser(typed)).absolute() if typed else None  # noqa: PTH111  # an unknown ~user stays as it is
        if folder is not None and not folder.is_dir():
            self._trouble(f"{folder} is not a folder.")
        elif folder is None and not keyring:
            self._trouble("Name a folder, or tick the keyring.")
        else:
            self._trouble("")
            self._writing(True)
            folders = [folder] if folder is not None else []
            self.app.feed.write_settings(self, lambda desk: desk.setup.remember_local(folders, keyring=keyring))

    def _writing(self, now: bool) -> None:
        look = self.query_one("#look", Button)
        look.disabled, look.label = now, "Writing ..." if now else "Look"

    def _trouble(self, text: str) -> None:
        self.query_one("#refused", Plain).show(text)

    def on_answer(self, _: Answer) -> None:
        """It is written down: look there, and only there, now."""
        self.app.feed.forget()
        self.dismiss(True)
        self.app.scan_local()

    def on_failed(self, event: Failed) -> None:
        """It could not be written down."""
        self._writing(False)
        self._trouble(str(event.error))
