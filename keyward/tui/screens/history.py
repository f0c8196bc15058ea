"""Rotations, newest first: what became of them, whether the trail is whole, and the way back while there is one."""

import threading
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from keyward.model.errors import KeywardError
from keyward.tui import undoing, words
from keyward.tui.actions import Where, bindings
from keyward.tui.messages import Answer, Failed
from keyward.tui.screens.page import Page
from keyward.tui.widgets.filterfield import FilterField
from keyward.tui.widgets.grid import Column, Grid
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from keyward.desk import Desk
    from keyward.ledger.records import RotationRow

_COLUMNS = (
    Column("when", "WHEN (UTC)", 16, 2),
    Column("key", "KEY", 18, 0, grows=True),
    Column("scope", "PROJECT/SCOPE", 14, 5),
    Column("state", "STATE", 12, 0),
    Column("waits", "WAITS FOR", 9, 6),
    Column("why", "WHY", 20, 3, grows=True),
    Column("by", "BY", 10, 4),
    Column("undo", "UNDO", 19, 1),
)


_ENDS = {"overlap": "overlap_until", "disabled": "soak_until", "rollback-waiting": "back_until"}
"""Until when a rotation rests in that state."""


class HistoryScreen(Page):
    """Every rotation in the ledger."""

    where = Where.HISTORY
    heading = "History"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.HISTORY)

    def __init__(self) -> None:
        super().__init__()
        self._known: list[RotationRow] = []
        """Every rotation by its number in the table, which it keeps: the cursor stays on its rotation whatever comes and goes."""
        self._numbers: dict[str, int] = {}
        self._all: list[int] = []
        self._shown: list[int] = []
        self._audit = "audit chain: not looked at"
        self._audit_tone = ""
        self._trouble = ""
        self._stop = threading.Event()

    def content(self) -> ComposeResult:
        """What is said of the trail, the filter, the list."""
        yield Plain(self._audit, id="audit")
        yield FilterField(self._leave, "words: ana waiting maps", id="filter-history", classes="line")
        yield Grid(_COLUMNS, self._cells, self._tone, id="rotations")

    def on_mount(self) -> None:
        """They are asked for when it is shown, now and again."""
        self._stop = self.app.feed.stopper()
        self.query_one(Grid).display = self.query_one("#filter-history").display = False
        self.say("Reading ...")

    def on_unmount(self) -> None:
        """Nobody waits for the check any more."""
        self._stop.set()

    def on_screen_resume(self) -> None:
        """Something may have happened meanwhile, and the trail is checked beside."""
        self._ask()
        self.action_audit()

    def _ask(self) -> None:
        self.app.feed.ask(self, lambda desk: list(desk.record.rotations()))

    def on_answer(self, event: Answer) -> None:
        """Here they are, or what the check of the trail found."""
        if not isinstance(event.value, list):
            self._say_audit(event.value)
            return
        self._all, self._trouble = [self._number(one) for one in event.value], ""
        self._filter()
        if self._all and self.focused is None:
            self.query_one(Grid).focus()

    def on_failed(self, event: Failed) -> None:
        """They cannot be read, which the page says, and says once."""
        self._trouble = str(event.error)
        self._tell_audit(self._audit, self._audit_tone)

    def _number(self, row: "RotationRow") -> int:
        number = self._numbers.setdefault(row.id, len(self._known))
        self._known[number : number + 1] = [row]
        return number

    # The audit trail

    def action_audit(self) -> None:
        """Check every line of the trail."""
        stop = self._stop

        def check(desk: "Desk") -> Any:
            try:
                return desk.record.check_trail(stop)
            except KeywardError as error:
                return error

        self._tell_audit("audit chain: checking ...", "")
        self.app.feed.ask(self, check)

    def _say_audit(self, found: Any) -> None:
        if isinstance(found, KeywardError):
            self._tell_audit(f"audit chain not looked at: {found}", "-warn")
        elif found.fine:
            self._tell_audit(f"audit chain intact ({found.lines:,} lines)", "-good")
        else:
            self._tell_audit(f"audit chain BROKEN at line {found.misfit:,}: keyward audit verify", "-bad")

    def _tell_audit(self, text: str, tone: str) -> None:
        self._audit, self._audit_tone = text, tone
        line = self.query_one("#audit", Plain)
        line.set_classes(tone.split())
        line.display = not (self._trouble and self._trouble in text)
        opened = sum(1 for one in self._all if not self._known[one].state.closed)
        some = f"{len(self._shown)} of " if len(self._shown) != len(self._all) else ""
        count = f"{some}{words.number(len(self._all), 'rotation')}"
        line.show(f"{count}, {opened} open   ·   {text}" if self._all else text)

    # What is shown

    def _filter(self) -> None:
        wanted = self.query_one("#filter-history", Input).value.casefold().split()
        self._shown = [one for one in self._all if all(word in self._haystack(self._known[one]) for word in wanted)]
        grid = self.query_one(Grid)
        grid.display = bool(self._shown)
        if not self._all:
            key = self.app.keymap.key_of("inventory.rotate")
            self.say("Nothing was rotated yet.", f"{key} in the inventory shows a plan.")
        elif not self._shown:
            self.say("No rotation has these words.", f"{self.app.keymap.key_of('history.back')} clears the filter.")
        else:
            self.say("")
        grid.repaint()
        grid.show(self._shown)
        self._tell_audit(self._audit, self._audit_tone)

    def _haystack(self, one: "RotationRow") -> str:
        return " ".join((one.id, one.credential, one.host, one.reason, *self._texts(one))).casefold()

    def _texts(self, one: "RotationRow") -> tuple[str, ...]:
        name, scope = undoing.named(one)
        scope = words.scope(scope, production=self.app.production(one.credential))
        waits, undo = one.waiting_on.value or "-", undoing.way_back(one, self.app.now(), self.app.keymap).short
        return (words.moment(one.created), name, scope, one.state.value, waits, one.why or _next(one), one.actor, undo)

    def _cells(self, row: int) -> tuple[str, ...]:
        return self._texts(self._known[row])

    def _tone(self, row: int, column: str) -> str | None:
        one = self._known[row]
        if column == "scope":
            return "grid--prod" if self.app.production(one.credential) else None
        if column == "state":
            return {"done": "grid--good", "aborted": "grid--bad"}.get(one.state.value, "grid--warn")
        if column == "undo":
            return None if undoing.way_back(one, self.app.now()).open else "grid--dim"
        return "grid--dim" if column in {"when", "why", "by"} else None

    def _chosen(self) -> "RotationRow | None":
        row = self.query_one(Grid).row
        return self._known[row] if row is not None and self.is_active else None

    def why_not(self, action: str) -> str:
        """Why an action of this screen cannot be done now; empty when it can."""
        if action in ("back", "audit"):
            return ""
        if action == "filter":
            return "" if self._all else "nothing was rotated yet"
        row = self.query_one(Grid).row
        return "no rotation is listed" if row is None else undoing.why_not(self.app, self._known[row], action)

    # Actions

    def action_filter(self) -> None:
        """Type words; only rotations with all of them stay."""
        if self._all:
            line = self.query_one("#filter-history", Input)
            line.display = True
            self.set_focus(line)  # at once: the letters behind the key are for it

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's signature
        """A slash typed into the filter is a slash."""
        return not (action == "filter" and isinstance(self.focused, Input))

    def on_input_changed(self) -> None:
        """Rotations with these words."""
        self._filter()

    def _leave(self, _text: str) -> None:
        """Enter goes to the rows, which are those with these words by then."""
        self._filter()
        self.set_focus(self.query_one(Grid))

    def action_back(self) -> None:
        """Clear the filter; without one, back."""
        line = self.query_one("#filter-history", Input)
        if line.display:
            line.value = ""
            line.display = False
            self._filter()
            self.query_one(Grid).focus()
        else:
            super().action_back()

    def action_open(self) -> None:
        """The steps of the rotation under the cursor."""
        if (one := self._chosen()) is not None:
            from keyward.tui.screens.record import RecordScreen

            self.app.push_screen(RecordScreen(one.id))

    def on_grid_opened(self) -> None:
        """A double click opens too."""
        self.action_open()

    def action_go_on(self) -> None:
        """Do what can be done now for the rotation under the cursor."""
        if (one := self._chosen()) is not None:
            undoing.go_on(self.app, one)

    def action_undo(self) -> None:
        """Ask for the phrase; with it, bring the old key back."""
        if (one := self._chosen()) is not None:
            undoing.ask_undo(self.app, one)

    def action_export(self) -> None:
        """Ask for a file; write the trail of the rotation under the cursor there."""
        if (one := self._chosen()) is not None:
            from keyward.tui.screens.export import ExportScreen

            self.app.push_screen(ExportScreen(one.id))


def _next(one: "RotationRow") -> str:
    """When it goes on, where it only waits for time."""
    due = one.due or words.read_time(one.data.get(_ENDS.get(one.state.value, "")))
    return f"goes on {words.moment(due)}" if due is not None and not one.state.closed else ""
