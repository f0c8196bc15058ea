"""The app: which screens there are, how it ends, and what never happens on the way."""

from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import App
from textual.binding import BindingType

from keyward.tui.actions import Where, bindings

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel

    from keyward.wiring import Parts


class KeywardApp(App[None]):
    """keyward in a terminal.

    Args:
        parts: the real parts.
        write: start in write mode; without it nothing can be applied.
    """

    TITLE = "keyward"
    CSS_PATH = "styles/app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.APP)]
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]] | None] = [(0, "-narrow"), (80, "-normal"), (110, "-wide")]
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, parts: "Parts", *, write: bool = False) -> None:
        super().__init__()
        self.parts = parts
        self.write = write

    def on_mount(self) -> None:
        """Open the inventory: the shell first, cached rows next, the network last."""
        from keyward.tui.screens.inventory import InventoryScreen  # noqa: PLC0415  # each screen is loaded when it opens

        self.push_screen(InventoryScreen())

    # What never happens: locals on a crash, markup in a message

    def _fatal_error(self) -> None:
        """Leave with a trace that has no locals; Textual's own prints every local variable."""
        import sys  # noqa: PLC0415

        from keyward.model.trace import trace_text  # noqa: PLC0415  # the table of shapes is only needed here

        error = sys.exc_info()[1] or self._exception
        text = trace_text(error) if error is not None else "unknown"
        self.bell()
        self._exit_renderables.append(
            Text(f"keyward: unexpected error; please report it with these lines (they hold no values):\n{text}")
        )
        self._close_messages_no_wait()

    def panic(self, *renderables: Any) -> None:  # noqa: ARG002  # whatever would be rendered may hold values
        """Leave after an error that renders itself: as text without locals."""
        self._fatal_error()

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: "SeverityLevel" = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a message; brackets in it stay brackets."""
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)

    # Actions of everywhere

    def action_leave(self) -> None:
        """Quit. What is under way is on disk."""
        self.exit()

    def action_inventory(self) -> None:
        """Back to the list of keys."""
        while len(self.screen_stack) > 2:
            self.pop_screen()

    def action_history(self) -> None:
        """Rotations and their audit trail."""
        from keyward.tui.screens.history import HistoryScreen  # noqa: PLC0415

        if not isinstance(self.screen, HistoryScreen):
            self.push_screen(HistoryScreen())

    def action_help(self) -> None:
        """Keys of this screen."""
        from keyward.tui.screens.help import HelpScreen  # noqa: PLC0415

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(getattr(self.screen, "where", Where.APP)))
