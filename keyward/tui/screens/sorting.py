"""By which column the keys are sorted: a small list; Enter on the present one turns the order round."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from keyward.tui.columns import ALL
from keyward.tui.screens.lists import ListScreen
from keyward.tui.widgets.choices import Choices
from keyward.tui.widgets.plain import Plain


class SortScreen(ListScreen[str]):
    """Asks for a column; answers its name, or None.

    Args:
        shown: the columns of the table, which come first.
        column: the present one.
        down: whether its heading points down now.
    """

    def __init__(self, shown: Sequence[str], column: str, *, down: bool) -> None:
        super().__init__()
        self._shown, self._column, self._down = tuple(shown), column, down

    def compose(self) -> ComposeResult:
        """Columns of the table, a line, the others."""
        others = [name for name in ALL if name not in self._shown]
        with Vertical():
            yield Plain("Sort by", classes="title")
            yield Choices(*map(self._option, self._shown), *([None] if others else []), *map(self._option, others))
            leave = self.app.keymap.key_of("list.leave")
            yield Plain(f"Enter sorts; on the present one it turns the order round. {leave} leaves it.", classes="dim")

    def _option(self, name: str) -> Option:
        label, now = ALL[name].label, name == self._column
        text = f"{'▼' if self._down else '▲'} {label}  now" if now else f"  {label}"
        return Option(Content.styled(text, "bold" if now else ""), id=name)

    def on_mount(self) -> None:
        """Stand on the present one."""
        self.stand_on(self.entries.get_option_index(self._column))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """This one."""
        self.dismiss(event.option_id)
