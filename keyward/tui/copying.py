"""Copying from the app: in threads, with a word on how, and values taken away from the clipboard again."""

import os
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.timer import Timer

    from keyward.model.secret import Secret
    from keyward.tui.clipboard import Clipboard, Token, Way
    from keyward.tui.safe_app import SafeApp

CLEARED_AFTER = 30.0
"""Seconds that a value stays in the clipboard."""


class Copying:
    """The app's clipboard. It keeps no text, and of a value a token.

    Args:
        app: whose terminal it is.
    """

    def __init__(self, app: "SafeApp") -> None:
        self._app = app
        self._lock = threading.Lock()
        self._ended = False
        self._token: Token | None = None
        self._timer: Timer | None = None

    @cached_property
    def clipboard(self) -> "Clipboard":
        """The way out; loaded when something is copied for the first time."""
        from keyward.tui.clipboard import Clipboard

        return Clipboard(os.environ, self._send)

    def _send(self, sequence: str) -> None:
        driver = self._app._driver  # noqa: SLF001  # Textual has no public way to write a sequence of one's own
        if driver is not None:
            driver.write(sequence)

    def copy(self, text: str, what: str = "") -> None:
        """Copy a text that is no secret, and say how: `what` names it."""

        def work() -> None:
            way = self.clipboard.copy(text)
            self._app.call_later(self._told, way, what)

        self._app.run_worker(work, thread=True, group="copy")

    def _told(self, way: "Way", what: str) -> None:
        named = f"{what}: " if what else ""
        if way.copied:
            self._app.notify(f"{named}{way.value}.")
        else:
            self._app.notify(f"{named}{way.value}.", severity="warning", timeout=10)

    # Values

    def copy_value(self, value: "Secret") -> None:
        """Copy a value, say so, and take it away after a while. It may take a second: for threads."""
        with self._lock:
            if self._ended:  # nobody would take it away again
                return
            token = self.clipboard.copy_secret(value)
            self._token = token if token.way.copied else None
        self._app.call_later(self._held, token)

    def _held(self, token: "Token") -> None:
        if not token.way.copied:
            self._app.notify(f"Value {token.way.value}.", severity="warning")
            return
        self._drop_timer()
        self._timer = self._app.set_timer(CLEARED_AFTER, self._clear)
        self._app.notify(f"Value {token.way.value}. It is cleared in {int(CLEARED_AFTER)} s.", timeout=8)

    def _clear(self) -> None:
        token = self._take()
        if token is None:
            return

        def work() -> None:
            said = self.clipboard.clear(token)
            self._app.call_later(self._app.notify, f"Clipboard: {said}.")

        self._app.run_worker(work, thread=True, group="copy")

    def end(self) -> None:
        """The app ends: what is still in the clipboard goes now."""
        self._ended = True
        with self._lock:  # a copy under way ends first
            token = self._take()
        if token is not None:
            self.clipboard.clear(token)

    def _take(self) -> "Token | None":
        self._drop_timer()
        token, self._token = self._token, None
        return token

    def _drop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None


def refused(shown: Any) -> None:
    """Refuse a picture of the screen while a value is shown on it.

    Raises:
        Refused: a value is shown.
    """
    if shown:
        from keyward.model.errors import Refused

        raise Refused("No picture is taken while a value is shown.")


def hand_over(app: "SafeApp", title: str, text: str) -> None:
    """Give the person the text, which is never a value: copied where that can be done, and shown in a place of its own.

    Args:
        app: on whose screen.
        title: what it is, in a few words.
        text: clean, any number of lines.
    """
    from keyward.tui.screens.leaf import Leaf

    app.copying.copy(text, title)
    app.push_screen(Leaf(title, (), text))
