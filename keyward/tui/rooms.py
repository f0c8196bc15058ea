"""The screens that open from anywhere, each once at most, and the ways back to those below."""

from typing import TYPE_CHECKING, Any

from textual.screen import ModalScreen

from keyward.tui.action_app import ActionApp
from keyward.tui.actions import Where

if TYPE_CHECKING:
    from textual.screen import Screen


_ROOMS = {
    "history": Where.HISTORY,
    "findings": Where.FINDINGS,
    "providers": Where.PROVIDERS,
    "checklists": Where.CHECKLISTS,
}


class RoomsApp(ActionApp):
    """An app with rooms: each screen is loaded when it opens."""

    def why_not(self, action: str) -> str:
        """Why an action of everywhere cannot be done now; empty when it can."""
        if action == "inventory" and len(self.screen_stack) == 2:
            return "you are there"
        if action in _ROOMS and getattr(self.screen, "where", None) is _ROOMS[action]:
            return "you are there"
        return super().why_not(action)

    def open_screens(self) -> "list[tuple[Screen[Any], str]]":
        """The screens below this one that can be gone back to, the nearest first, with what to call them (own words)."""
        below = [screen for screen in self.screen_stack[1:] if not isinstance(screen, ModalScreen)][:-1]
        return [(screen, str(getattr(screen, "heading", "") or "Inventory")) for screen in reversed(below)]

    def go_to(self, screen: "Screen[Any]") -> None:
        """Back to that screen; those above it are left."""
        while screen in self.screen_stack and self.screen is not screen:
            self.pop_screen()

    def _enter(self, room: "type[Screen[None]]") -> None:
        """Open this screen, or go back to it where it is open already."""
        below = next((screen for screen in self.screen_stack if isinstance(screen, room)), None)
        if below is None:
            self.push_screen(room())
        else:
            self.go_to(below)

    def action_inventory(self) -> None:
        """Back to the list of keys."""
        while len(self.screen_stack) > 2:
            self.pop_screen()

    def action_findings(self) -> None:
        """What the rules find."""
        from keyward.tui.screens.findings import FindingsScreen

        self._enter(FindingsScreen)

    def action_providers(self) -> None:
        """What providers do with what is sent."""
        from keyward.tui.screens.providers import ProvidersScreen

        self._enter(ProvidersScreen)

    def action_history(self) -> None:
        """Rotations and their audit trail."""
        from keyward.tui.screens.history import HistoryScreen

        self._enter(HistoryScreen)

    def action_doctor(self) -> None:
        """What is missing or wrong."""
        from keyward.tui.screens.doctor import DoctorScreen

        self._enter(DoctorScreen)

    def action_settings(self) -> None:
        """Every setting."""
        from keyward.tui.screens.settings import SettingsScreen

        self._enter(SettingsScreen)

    def action_checklists(self) -> None:
        """Lists to go through."""
        from keyward.tui.screens.checklists import ChecklistsScreen

        self._enter(ChecklistsScreen)

    def action_help(self) -> None:
        """Keys of this screen."""
        from keyward.tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    def open_welcome(self) -> None:
        """Say what is on this machine, and ask what of it to look at."""
        from keyward.tui.screens.welcome import WelcomeScreen

        self.push_screen(WelcomeScreen())

    def open_local(self) -> None:
        """Ask for a folder, and whether the keyring is read."""
        from keyward.tui.screens.local import LocalScreen

        self.push_screen(LocalScreen())

    def open_plan(self, ids: list[str]) -> None:
        """Show what rotating these keys would do."""
        from keyward.tui.screens.plan import PlanScreen

        self.push_screen(PlanScreen(ids))
