"""An app whose every action, by key, palette or click, is looked up in the registry first: one that cannot be done now says why."""

import time
from typing import TYPE_CHECKING

from textual import actions as textual_actions
from textual.screen import ModalScreen, Screen

from keyward.tui.actions import Where, found
from keyward.tui.keymap import Keymap
from keyward.tui.offered import why_not
from keyward.tui.safe_app import SafeApp
from keyward.tui.widgets.keysbar import KeysBar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.dom import DOMNode


class ActionApp(SafeApp):
    """An app with the keys of the registry, or the user's own."""

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self.keymap = Keymap()
        self._said = ("", 0.0)

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
        if refused := self._refused(action, default_namespace):
            self._say_once(refused)
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

    def _refused(self, action: "str | textual_actions.ActionParseResult", node: "DOMNode | None") -> str:
        space, name, _ = textual_actions.parse(action) if isinstance(action, str) else action
        screen = node if isinstance(node, Screen) and not space else self.screen
        if space == "app" or (not space and (node is None or node is self)):
            where = Where.APP
        elif space == "screen" or screen is node:
            where = getattr(screen, "where", Where.APP)
        else:
            return ""
        entry = found(where, name)
        reason = why_not(self, screen, entry) if entry is not None else ""
        return f"{entry.title}: {reason}." if entry is not None and reason else ""

    def keys_follow(self) -> None:
        """Have the bottom line say what can be done now."""
        for keys in self.screen.query_children(KeysBar) if self.screen_stack else ():
            keys.follow()

    def why_not(self, action: str) -> str:  # noqa: ARG002  # for apps that have a reason
        """Why an action of everywhere cannot be done now; empty when it can."""
        return ""

    def action_help_quit(self) -> None:
        """What ^C does elsewhere has a key of its own here."""
        self.notify(f"{self.keymap.key_of('app.leave')} quits.")

    def action_command_palette(self) -> None:
        """Every action by name; not above a dialog, which is answered first."""
        if not isinstance(self.screen, ModalScreen):
            super().action_command_palette()
