"""Every setting: what holds, where that came from, how far that place is trusted, and the line that would change it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from keyward.tui.actions import Where, bindings
from keyward.tui.copying import hand_over
from keyward.tui.messages import Answer
from keyward.tui.screens.filtered import FilteredPage
from keyward.tui.widgets.grid import Column, Grid
from keyward.tui.widgets.pane import Fact

if TYPE_CHECKING:
    from keyward.desk.configured import Setting

_COLUMNS = (
    Column("name", "SETTING", 24, 0),
    Column("value", "VALUE", 18, 0, grows=True),
    Column("origin", "FROM", 24, 1, grows=True),
    Column("trust", "TRUST", 26, 2, grows=True),
)


class SettingsScreen(FilteredPage):
    """The settings, to read. The app writes none of them."""

    where = Where.SETTINGS
    heading = "Settings"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.SETTINGS)
    columns = _COLUMNS
    placeholder = "filter: a part of a name, a value or a place"
    nothing = "No setting matches"

    def __init__(self) -> None:
        super().__init__()
        self._settings: Sequence[Setting] = ()

    def why_not(self, action: str) -> str:
        """Why an action of this screen cannot be done now; empty when it can."""
        if action in ("open", "line") and self._chosen() is None:
            return "no setting is listed"
        return "the settings are not known" if action == "find" and not self._settings else ""

    def on_mount(self) -> None:
        """Ask for them."""
        self.query_one(Grid).display = False
        self.say("Reading ...")
        self.app.feed.ask(self, lambda desk: desk.setup.configured())

    def on_answer(self, event: Answer) -> None:
        """Here they are."""
        self._settings = event.value
        self.listed()

    @property
    def length(self) -> int:
        """How many settings there are."""
        return len(self._settings)

    def haystack(self, entry: int) -> str:
        """Its name, value and place."""
        one = self._settings[entry]
        return f"{one.name} {one.value} {one.origin} {one.trust}"

    def counted(self, shown: int, *, narrowed: bool) -> str:
        """How many, and how many of all are set."""
        set_here = sum(one.origin != "default" for one in self._settings)
        return f"{super().counted(shown, narrowed=narrowed)}, {set_here} set"

    def cells(self, entry: int) -> tuple[str, ...]:
        """Name, value, place, trust."""
        one = self._settings[entry]
        return (one.name, one.value, one.origin, one.trust)

    def tone(self, entry: int, column: str) -> str | None:
        """What is as it is built in stands back."""
        if self._settings[entry].origin == "default":
            return "grid--dim" if column in {"origin", "trust"} else None
        return "grid--good" if column == "value" else None

    def facts(self, entry: int) -> Sequence[Fact]:
        """What it is for, in a line, and where it comes from."""
        one = self._settings[entry]
        return [Fact(one.name, one.doc.partition("\n")[0]), *_place(one)]

    def on_grid_opened(self) -> None:
        """A double click explains too."""
        self.action_open()

    def _chosen(self) -> "Setting | None":
        return None if self.chosen is None else self._settings[self.chosen]

    # Actions

    def action_open(self) -> None:
        """What the setting under the cursor means, and the line to write."""
        one = self._chosen()
        if one is not None and self.is_active:
            from keyward.tui.screens.leaf import Leaf

            means = [Fact("" if number else "means", text) for number, text in enumerate(one.doc.splitlines())]
            facts = [*means, Fact("value", one.value), *_place(one), _who(one), Fact("to write", "")]
            self.app.push_screen(Leaf(one.name, facts, one.line))

    def action_line(self) -> None:
        """Hand over the lines for keyward.toml."""
        one = self._chosen()
        if one is not None and self.is_active:
            hand_over(self.app, f"{one.name}, for keyward.toml", one.line)


def _place(one: "Setting") -> list[Fact]:
    return [Fact("from", f"{one.origin} ({one.trust})")]


def _who(one: "Setting") -> Fact:
    """Who may set it."""
    anyone = "also a keyward.toml in the working folder" if one.anyone else "only your own keyward.toml"
    return Fact("may be set", f"{anyone}; its value is never shown" if one.secret else anyone)
