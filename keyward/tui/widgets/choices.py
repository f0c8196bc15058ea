"""A list to choose from that bears what comes too early or too late: a page before there are lines, a click on a line that is gone."""

from typing import Literal

from textual import events
from textual.widgets import OptionList


class Choices(OptionList):
    """An OptionList that passes over what it has no line for."""

    def _move_page(self, direction: Literal[-1, 1]) -> None:
        if self.scrollable_content_region:
            super()._move_page(direction)

    def on_click(self, event: events.Click) -> None:
        """A click: OptionList's own handler is next."""
        if event.style.meta.get("option", 0) >= self.option_count:
            event.prevent_default()
