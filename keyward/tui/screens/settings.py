"""Every setting: what holds, where that came from, how far that place is trusted, and the line that would change it."""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from keyward.tui.actions import Where, bindings
from keyward.tui.copying import hand_over
from keyward.tui.feed import Answer
from keyward.tui.screens.page import Page
from keyward.tui.widgets.grid import Column, Grid
from keyward.tui.widgets.pane import Fact, FactList
from keyward.tui.widgets.plain import Line, Plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyward.desk.configured import Setting

_COLUMNS = (
    Column("name", "SETTING", 24, 0),
    Column("value", "VALUE", 18, 0, grows=True),
    Column("origin", "FROM", 24, 1, grows=True),
    Column("trust", "TRUST", 26, 2, grows=True),
)


class SettingsScreen(Page):
    """The settings, to read. The app writes none of them."""

    where = Where.SETTINGS
    heading = "Settings"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.SETTINGS)
    AUTO_FOCUS = "Grid"

    def __init__(self) -> None:
        super().__init__()
        self._settings: Sequence[Setting] = ()

    def why_not(self, action: str) -> str:
        """Why an action of this screen cannot be done now; empty when it can."""
        if action in ("open", "line") and self._chosen() is None:
            return "no setting is listed"
        return "the settings are not known" if action == "find" and not self._settings else ""

    def content(self) -> ComposeResult:
        """Filter, list, the one under the cursor."""
        with Horizontal(classes="content find"):
            yield Plain("/", classes="slash")
            yield Input(placeholder="filter: a part of a name, a value or a place", id="find", select_on_focus=False)
            yield Line(id="count")
        yield Grid(_COLUMNS, self._cells, self._tone, id="settings")
        yield FactList(id="setting", classes="content below")

    def on_mount(self) -> None:
        """Ask for them."""
        self.query_one(Grid).display = False
        self.say("Reading ...")
        self.app.feed.ask(self, lambda desk: desk.setup.configured())

    def on_answer(self, event: Answer) -> None:
        """Here they are."""
        self._settings = event.value
        self.say("")
        self.query_one(Grid).display = True
        self._find(self.query_one("#find", Input).value)
        self.query_one(Grid).focus()

    def _find(self, text: str) -> None:
        words = text.casefold().split()
        shown = [
            number
            for number, one in enumerate(self._settings)
            if all(word in f"{one.name} {one.value} {one.origin} {one.trust}".casefold() for word in words)
        ]
        set_here = sum(one.origin != "default" for one in self._settings)
        self.query_one("#count", Line).show(
            f"{len(shown)} of {len(self._settings)}, {set_here} set" if words else f"{len(shown)}, {set_here} set"
        )
        grid = self.query_one(Grid)
        grid.repaint()
        grid.show(shown)
        self._tell()

    def _cells(self, row: int) -> tuple[str, ...]:
        one = self._settings[row]
        return (one.name, one.value, one.origin, one.trust)

    def _tone(self, row: int, column: str) -> str | None:
        if self._settings[row].origin == "default":
            return "grid--dim" if column in {"origin", "trust"} else None
        return "grid--good" if column == "value" else None

    def on_grid_moved(self) -> None:
        """The story follows the cursor."""
        self._tell()

    def on_grid_opened(self) -> None:
        """A double click explains too."""
        self.action_open()

    def _chosen(self) -> "Setting | None":
        row = self.query_one(Grid).row
        return self._settings[row] if row is not None and self._settings else None

    def _tell(self) -> None:
        one = self._chosen()
        facts = [] if one is None else [Fact(one.name, one.doc.partition("\n")[0]), *_place(one)]
        back = self.app.keymap.key_of("settings.back")
        nothing = [Fact("", f"No setting matches; {back} clears the filter.", "dim")]
        self.query_one("#setting", FactList).tell(facts or nothing)

    # Actions

    def on_input_changed(self, event: Input.Changed) -> None:
        """Every letter narrows."""
        self._find(event.value)

    def on_input_submitted(self) -> None:
        """Enter goes to the list."""
        self.query_one(Grid).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's signature
        """A slash typed into the filter is a slash."""
        return not (action == "find" and isinstance(self.focused, Input))

    def action_find(self) -> None:
        """Type a filter."""
        self.set_focus(self.query_one("#find", Input))

    def action_back(self) -> None:
        """Clear the filter first; then back to where this was opened from."""
        field = self.query_one("#find", Input)
        if field.value or field.has_focus:
            field.value = ""
            self.query_one(Grid).focus()
        else:
            super().action_back()

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
