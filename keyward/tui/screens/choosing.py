"""Which columns the table has, in which order and how wide: a list of all of them."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets.option_list import Option

from keyward.tui.actions import Where, bindings
from keyward.tui.columns import ALL, OWN, WIDEST, Choice
from keyward.tui.screens.lists import ListScreen
from keyward.tui.widgets.choices import Choices
from keyward.tui.widgets.plain import Plain

_ON, _OFF = "[x]", "[ ]"


class ChooseScreen(ListScreen[Choice]):
    """Asks for columns; answers a choice, or None when all stays as it was.

    Args:
        choice: the present one.
    """

    where = Where.COLUMNS
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.COLUMNS)

    def __init__(self, choice: Choice) -> None:
        super().__init__()
        self._choice = choice
        self._names = [*choice.names, *(name for name in ALL if name not in choice.names)]
        self._on = set(choice.names)
        self._widths = dict(choice.widths)

    def compose(self) -> ComposeResult:
        """Every column, those of the table first."""
        key = self.app.keymap.key_of
        with Vertical():
            yield Plain("Columns", classes="title")
            yield Choices(*(Option(self._prompt(name), id=name) for name in self._names))
            yield Plain("", id="refused")
            yield Plain(
                f"{key('columns.switch')}: on or off · {key('columns.later')} {key('columns.sooner')}: move · "
                f"{key('columns.narrower')} {key('columns.wider')}: width · Enter: take · {key('list.leave')}: as it was\n"
                "On a narrow screen the last ones give way first.",
                classes="dim",
            )

    def _prompt(self, name: str) -> Content:
        on = name in self._on
        width = (
            f"{self._widths[name]} wide"
            if name in self._widths
            else "as wide as there is room"
            if ALL[name].grows
            else ""
        )
        return Content.assemble(
            (f"{_ON if on else _OFF} {ALL[name].label:<15}", "bold" if on else ""), (f" {width}", "dim")
        )

    def on_mount(self) -> None:
        """Stand on the first."""
        self.stand_on(0)

    @property
    def _at(self) -> int:
        return self.entries.highlighted or 0

    def _show(self, *places: int) -> None:
        for place in places:
            self.entries.replace_option_prompt_at_index(place, self._prompt(self._names[place]))

    def action_switch(self) -> None:
        """Show the column, or do not."""
        self._on ^= {self._names[self._at]}
        self.query_one("#refused", Plain).show("" if self._on else "A table has one column at least.")
        self._show(self._at)

    def action_carry(self, by: int) -> None:
        """Give the column another place."""
        at, to = self._at, self._at + by
        if 0 <= to < len(self._names):
            self._names[at], self._names[to] = self._names[to], self._names[at]
            self._show(at, to)
            self.entries.highlighted = to

    def action_widen(self, by: int) -> None:
        """Another width, never one in which it cannot be read; at the least it is as wide as there is room."""
        name = self._names[self._at]
        width = self._widths.get(name, ALL[name].width) + by
        if width > ALL[name].width:
            self._widths[name] = min(WIDEST, width)
        else:
            self._widths.pop(name, None)
        self._show(self._at)

    def on_option_list_option_selected(self) -> None:
        """Take it; what is as a preset is that preset."""
        chosen = tuple(name for name in self._names if name in self._on)
        if not chosen:
            return
        if chosen == self._choice.names:
            self.dismiss(Choice(self._choice.preset, self._choice.own, self._widths))
        else:
            self.dismiss(Choice(OWN, chosen, self._widths))
