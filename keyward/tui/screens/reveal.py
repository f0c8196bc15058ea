"""A value on the screen: asked for in a dialog, read under audit, hidden by any key, a look elsewhere, or the time."""

import math
import threading
import time
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from keyward.tui.messages import Answer, Failed
from keyward.tui.widgets.deaf import Deaf
from keyward.tui.widgets.once import Dialog
from keyward.tui.widgets.plain import Plain
from keyward.tui.widgets.value import Value

if TYPE_CHECKING:
    from keyward.desk import Desk
    from keyward.desk.revealing import Revealed
    from keyward.tui.app import KeywardApp

SHOWN_FOR = 10.0
"""Seconds."""
_TICK = 0.2


class AskReveal(Deaf[bool]):
    """Says what showing a value does, and asks. It opens disarmed, with Cancel focused.

    Args:
        name: what the key is called.
        source: where its value is read.
    """

    AUTO_FOCUS = "#cancel"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel"),
        Binding("left,right", "other", "The other button"),
    ]

    def __init__(self, name: str, source: str) -> None:
        super().__init__()
        self._called, self._source = name, source

    def compose(self) -> ComposeResult:
        """What happens, and two buttons."""
        with Vertical(classes="box"):
            yield Plain("Show the value of this key", classes="title")
            yield Plain(
                f"{self._called}\n\nIt is read now from {self._source}: that is an audited read there, and it is written to the "
                f"audit trail of keyward (who, which key, when, where from) before it is shown.\n\n"
                f"It stays on the screen for {int(SHOWN_FOR)} seconds. Any key hides it; so does looking at another window, "
                "where the terminal tells."
            )
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel")
                yield Button(f"Show for {int(SHOWN_FOR)} s", id="show", variant="warning")

    def action_other(self) -> None:
        """Go to the other button."""
        self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Show, or not."""
        if self.armed:
            self.dismiss(event.button.id == "show")

    def action_cancel(self) -> None:
        """Leave without reading anything."""
        self.dismiss(False)


class ValueScreen(Dialog[None]):
    """One value for some seconds.

    Args:
        key: the key's id.
        name: what it is called.
    """

    app: "KeywardApp"

    def __init__(self, key: str, name: str) -> None:
        super().__init__()
        self._key, self._called = key, name
        self._until = 0.0
        self._busy = self._over = self._left = False
        self._stop = threading.Event()

    def compose(self) -> ComposeResult:
        """Name, value, what hides it."""
        with Vertical(classes="box"):
            yield Plain(self._called, classes="title")
            yield Value()
            yield Plain("Reading ...", id="said")

    def on_mount(self) -> None:
        """Read it, in a thread."""
        self.watch(self.app, "app_focus", self._focus_changed, init=False)
        self.app.app_suspend_signal.subscribe(self, lambda _: self._blank(), immediate=True)
        self.app.app_resume_signal.subscribe(self, lambda _: self._leave())
        self._stop = stop = self.app.feed.stopper()
        self.app.feed.ask(self, lambda desk: desk.values.reveal(self._key, stop))

    def on_answer(self, event: Answer) -> None:
        """Here it is, or it was copied."""
        found: Revealed | None
        found, event.value = event.value, None
        if found is None:  # it was copied
            self._busy = False
            return
        if self._over or not self.app.app_focus or not self.is_active:
            self.hide()
            return
        self.app.value_shown = True
        self._until = time.monotonic() + SHOWN_FOR
        self.query_one(Value).show(found.value)
        self.set_interval(_TICK, self._tick)
        self._tick()

    def on_failed(self, event: Failed) -> None:
        """It could not be read, or not be put down: nothing is shown."""
        self._busy = False
        self.query_one(Value).blank()
        self.app.value_shown = False
        self.query_one("#said", Plain).show(
            f"{event.error.title}: {event.error.message} {event.error.hint}\n\nAny key closes this."
        )

    def _tick(self) -> None:
        value, left = self.query_one(Value), self._until - time.monotonic()
        if not value.shows:
            return
        if left <= 0:
            self.hide()
            return
        self.query_one("#said", Plain).show(f"hidden in {math.ceil(left)} s · any key hides it · Y copies it for 30 s")

    def _focus_changed(self, focused: bool) -> None:
        if not focused:
            self.hide()

    def hide(self) -> None:
        """Blank it and go."""
        self._blank()
        self._leave()

    def _blank(self) -> None:
        self._over = True
        self.query_one(Value).blank()
        self.app.value_shown = False

    def _leave(self) -> None:
        if self.is_active and not self._left:
            self._left = True
            self.dismiss()

    def on_screen_suspend(self) -> None:
        """Something was put over it, such as the palette, whose key comes before every other: blank it now."""
        self._blank()

    def on_screen_resume(self) -> None:
        """What was over it is gone, and its time is too."""
        if self._over:
            self._leave()

    def on_unmount(self) -> None:
        """Whatever took it away, nothing stays, and nobody waits for it."""
        self._stop.set()
        self.app.value_shown = False
        for value in self.query(Value):
            value.blank()

    def on_key(self, event: events.Key) -> None:
        """Y copies; every other key hides."""
        event.stop()
        event.prevent_default()
        secret = self.query_one(Value).secret
        if event.character == "Y" and secret is not None:
            self._copy()
        else:
            self.hide()

    def _copy(self) -> None:
        secret = self.query_one(Value).secret
        if self._busy or secret is None:
            return
        self._busy = True
        copying = self.app.copying

        def copy(desk: "Desk") -> None:
            desk.values.copied(self._key, "to the clipboard of the terminal")
            copying.copy_value(secret)

        self.app.feed.ask(self, copy)
