"""What an app that shows keys never does: keep a text for pasting, take a picture of a value, print locals, parse a message as markup."""

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.app import App, SystemCommand

from keyward.tui.copying import Copying, refused

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel
    from textual.screen import Screen


class SafeApp(App[None]):
    """Textual's app without what would give values away."""

    value_shown = False
    """Whether a value is on the screen."""

    @cached_property
    def copying(self) -> Copying:
        """The one way to a clipboard."""
        return Copying(self)

    def stop_work(self) -> None:
        """What is under way in threads stops at the next safe place."""

    def get_system_commands(self, screen: "Screen[Any]") -> Iterable[SystemCommand]:
        """Of Textual's own commands only the theme: the others have keys here, and a picture is made by the terminal."""
        yield from (command for command in super().get_system_commands(screen) if command.title == "Theme")

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text that was selected on the screen; Textual's own would keep it."""
        self.copying.copy(text)

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """A picture of the screen (SVG), for those who test the app.

        Raises:
            Refused: a value is shown.
        """
        refused(self.value_shown)
        return super().export_screenshot(title=title, simplify=simplify)

    def _fatal_error(self) -> None:
        """Leave with a trace that has no locals; Textual's own prints every local variable."""
        import sys

        from keyward.model.trace import trace_text  # the table of shapes is only needed here

        error = sys.exc_info()[1] or self._exception
        self._return_code = 1
        self.bell()
        if error is not None and not self._exit_renderables:  # of several the first: the others came from it
            self._exit_renderables.append(
                Text(
                    "keyward: unexpected error; please report it with these lines (they hold no values):\n"
                    f"{trace_text(error)}\nWhat was begun is on disk: start keyward again and go on with it."
                )
            )
        self.stop_work()
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
