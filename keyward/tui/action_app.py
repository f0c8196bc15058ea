"""An app whose every action, by key, palette or click, is looked up in the registry first: one that cannot be done now says why."""

import os
import time
from typing import TYPE_CHECKING, Any

from textual import actions as textual_actions
from textual.screen import ModalScreen, Screen

from keyward.tui.actions import Action, Where, found
from keyward.tui.keymap import Keymap
from keyward.tui.lastdoor import LastDoor
from keyward.tui.offered import why_not
from keyward.tui.safe_app import SafeApp
from keyward.tui.widgets.keysbar import KeysBar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.dom import DOMNode
    from textual.driver import Driver
    from textual.filter import LineFilter


class ActionApp(SafeApp):
    """An app with the keys of the registry, or the user's own."""

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self.keymap = Keymap()
        self._said = ("", 0.0)
        self._last_door = LastDoor()

    def get_line_filters(self) -> "Sequence[LineFilter]":
        """Textual's, and after them the last door."""
        return [*super().get_line_filters(), self._last_door]

    def get_driver_class(self) -> "type[Driver]":
        """The reader of this terminal, unless the environment names one."""
        from textual.constants import DRIVER

        if DRIVER is not None:
            return super().get_driver_class()
        from keyward.tui.driver import Terminal  # what it needs is loaded with Textual's own

        return Terminal

    @property
    def write(self) -> bool:
        """Whether something may be changed."""
        return False

    def take_keys(self, keymap: Keymap) -> None:
        """From now on the keys are these."""
        self.keymap = keymap
        self.set_keymap(keymap.overrides)
        self.keys_follow()

    async def run_action(
        self,
        action: "str | textual_actions.ActionParseResult",
        default_namespace: "DOMNode | None" = None,
        namespaces: "Mapping[str, DOMNode] | None" = None,
    ) -> bool:
        """Do it; one of the registry that cannot be done now says why instead. Keys, palette and clicks all come here."""
        screen, entry = self._asked(action, default_namespace)
        if entry is not None:
            if self._covered(screen, entry):
                return True
            if reason := why_not(self, screen, entry):
                self._say_once(f"{entry.title}: {reason}.")
                return True
        done = await super().run_action(action, default_namespace, namespaces)
        self.keys_follow()
        return done

    def _say_once(self, reason: str) -> None:
        """Show it, unless it still stands there: a key that is held down covers the screen with nothing."""
        now = time.monotonic()
        if reason != self._said[0] or now - self._said[1] >= self.NOTIFICATION_TIMEOUT:
            self._said = reason, now
            self.notify(reason, severity="warning")

    def _asked(
        self, action: "str | textual_actions.ActionParseResult", node: "DOMNode | None"
    ) -> "tuple[Screen[Any], Action | None]":
        """The screen of which it is asked, and its entry in the registry; None for what is no entry."""
        space, name, _ = textual_actions.parse(action) if isinstance(action, str) else action
        screen = node if isinstance(node, Screen) and not space else self.screen
        if space == "app" or (not space and (node is None or node is self)):
            return screen, found(Where.APP, name)
        where = getattr(screen, "where", None)  # dialogs have none
        return screen, found(where, name) if where is not None and (space == "screen" or screen is node) else None

    def _covered(self, screen: "Screen[Any]", entry: Action) -> bool:
        """Whether another screen opened meanwhile: a key typed in the same burst was meant for the one below, and does nothing there."""
        if entry.where is Where.APP:
            return isinstance(self.screen, ModalScreen) and not entry.first
        return screen is not self.screen

    def keys_follow(self) -> None:
        """Have the bottom line say what can be done now."""
        for child in self.screen.children if self.screen_stack else ():
            if isinstance(child, KeysBar):
                child.follow()

    def why_not(self, action: str) -> str:
        """Why an action of everywhere cannot be done now; empty when it can."""
        return "no shell started it that could bring it back" if action == "suspend_process" and _alone() else ""

    def action_help_quit(self) -> None:
        """What ^C does elsewhere has a key of its own here."""
        self.notify(f"{self.keymap.key_of('app.leave')} quits.")

    def action_command_palette(self) -> None:
        """Every action by name."""
        from keyward.tui.palette import Palette  # loaded when it opens

        self.push_screen(Palette())

    def search_themes(self) -> None:
        """Every theme by name; not above a dialog, and not twice."""
        from textual.theme import ThemeProvider

        from keyward.tui.palette import Palette

        if not isinstance(self.screen, ModalScreen):
            self.push_screen(Palette(providers=[ThemeProvider], placeholder="theme"))


def _alone() -> bool:
    """Whether the terminal was opened for this process: a shell gives each job a group of its own, and nobody else has it go on."""
    return os.getpgrp() == os.getsid(0)
