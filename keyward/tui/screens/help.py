"""The keys of a screen, from the registry of actions."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from keyward.tui.actions import Where, help_rows
from keyward.tui.widgets.plain import Plain


class HelpScreen(ModalScreen[None]):
    """What can be done here, and with which key."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q", "dismiss", "Close")]

    def __init__(self, where: Where) -> None:
        super().__init__()
        self._where = where

    def compose(self) -> ComposeResult:
        """One line an action."""
        rows = help_rows(self._where)
        wide = max(len(key) for key, _, _ in rows)
        named = max(len(title) for _, title, _ in rows)
        lines = [f"{key:<{wide}}  {title:<{named}}  {doc}" for key, title, doc in rows]
        with VerticalScroll(classes="box"):
            yield Plain(f"Keys: {self._where}", classes="title")
            yield Plain("\n".join(lines))
            yield Plain("\nEsc closes this page.", classes="dim")
