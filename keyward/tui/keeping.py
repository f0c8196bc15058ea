"""Takes up what was kept of the last run, and keeps what is there now: every few seconds and at the end, only when it changed."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from keyward.tui.actions import ACTIONS, Where
from keyward.tui.kept import Kept, Unreadable, load, save

if TYPE_CHECKING:
    from keyward.tui.app import KeywardApp

EVERY = 2.0
"""Seconds between two looks at what changed."""


class Restored(Message):
    """What was kept is known; None when nothing was. `trouble` says why it could not be read."""

    def __init__(self, kept: Kept | None, trouble: str = "") -> None:
        super().__init__()
        self.kept, self.trouble = kept, trouble


class Keeping:
    """The memory of the app.

    Args:
        app: what is remembered.
        path: gives the file; called in a thread.
    """

    def __init__(self, app: "KeywardApp", path: Callable[[], Path]) -> None:
        self._app, self._path = app, path
        self._saved: Kept | None = None
        self._latest: Kept | None = None
        self._theme, self._chosen = app.theme, ""
        self._ready = self._refused = False

    def read(self) -> Restored:
        """What was kept. Blocks; for a thread."""
        try:
            self._saved = load(self._path())
        except Unreadable as error:
            return Restored(None, f"How the app was left is not known, {self._path()}: {error}. It is written anew.")
        return Restored(self._saved)

    def take_up(self, event: Restored) -> None:
        """The screens have what was kept; take the theme, unless this terminal was given one."""
        self._ready, kept = True, event.kept
        forced = self._app.theme != self._theme  # by what this terminal can show: nobody chose it
        self._theme = self._app.theme
        if kept is None:
            self.look()
            self._saved = None if event.trouble else self._latest  # a fresh start alone is nothing to write down
            return
        self._chosen = kept.theme
        given = os.environ.get("TEXTUAL_THEME") or os.environ.get("NO_COLOR")
        if kept.theme in self._app.available_themes and not given and not forced:
            self._app.theme = self._theme = kept.theme

    def reopen(self, screen: str) -> None:
        """Open the screen on which the app was left, when it opens from anywhere."""
        named = {action.id for action in ACTIONS if action.where is Where.APP} & {str(where) for where in Where}
        if screen in named - {str(Where.INVENTORY)} and len(self._app.screen_stack) == 2:
            self._app.call_later(self._app.run_action, f"app.{screen}")

    def look(self) -> None:
        """See what there is to keep; cheap."""
        if not self._ready or len(self._app.screen_stack) < 2:
            return
        if self._app.theme != self._theme:  # chosen by hand
            self._chosen = self._theme = self._app.theme
        where = [str(getattr(screen, "where", "")) for screen in self._app.screen_stack[1:3]]
        self._latest = self._app.inventory.left_as(self._chosen, where[-1])

    def pulse(self) -> None:
        """Keep what changed, in a thread."""
        self.look()
        if self._latest is not None and self._latest != self._saved:
            self._app.run_worker(self._write, thread=True, name="keep", group="keep", exclusive=True)

    def _write(self) -> None:
        from keyward.model.errors import KeywardError

        latest = self._latest
        if latest is None or latest == self._saved:
            return
        self._saved = latest
        try:
            save(self._path(), latest)
        except KeywardError as error:
            if not self._refused:
                self._refused = True
                self._app.call_from_thread(self._app.notify, str(error), title="Not kept", severity="warning")

    def end(self) -> None:
        """The app is gone: keep how it was left. What cannot be kept is not worth a word any more."""
        self._refused = True
        self._write()
