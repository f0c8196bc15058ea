"""Rotations, newest first: what became of them, and the way back while there is one."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from keyward.tui import words
from keyward.tui.actions import Where, bindings
from keyward.tui.feed import Answer
from keyward.tui.screens.page import Page
from keyward.tui.widgets.grid import Column, Grid

if TYPE_CHECKING:
    from keyward.ledger.records import RotationRow

_COLUMNS = (
    Column("when", "WHEN", 16, 0),
    Column("key", "KEY", 20, 0, grows=True),
    Column("scope", "PROJECT/SCOPE", 16, 4),
    Column("state", "STATE", 16, 0),
    Column("waits", "WAITS FOR", 9, 2),
    Column("why", "WHY", 20, 3, grows=True),
    Column("by", "BY", 10, 5),
    Column("undo", "UNDO UNTIL", 16, 4),
)


class HistoryScreen(Page):
    """Every rotation in the ledger."""

    where = Where.HISTORY
    heading = "History"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.HISTORY)

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[RotationRow] = []

    def content(self) -> ComposeResult:
        """The list."""
        yield Grid(_COLUMNS, self._cells, self._tone, id="rotations")

    def on_mount(self) -> None:
        """Ask for them."""
        self.query_one(Grid).display = False
        self.say("Reading ...")
        self._ask()

    def on_screen_resume(self) -> None:
        """Something may have happened meanwhile."""
        self._ask()

    def _ask(self) -> None:
        self.app.feed.ask(self, lambda desk: desk.rotations())

    def on_answer(self, event: Answer) -> None:
        """Here they are."""
        self._rows = list(event.value)
        grid = self.query_one(Grid)
        grid.display = bool(self._rows)
        key = self.app.keymap.key_of("inventory.rotate")
        self.say("" if self._rows else "Nothing was rotated yet.", f"{key} in the inventory shows a plan.")
        grid.repaint()
        grid.show(range(len(self._rows)))
        if self._rows:
            grid.focus()

    def _cells(self, row: int) -> tuple[str, ...]:
        one = self._rows[row]
        until = words.read_time(one.data.get("undo_until"))
        undo = "-" if until is None else words.moment(until) if until.timestamp() > self.app.now() else "over"
        if until is None and not one.state.closed:
            undo = "any time"
        name, scope = _named(one)
        scope = words.scope(scope, production=self.app.production(one.credential))
        waits = one.waiting_on.value or "-"
        return (words.moment(one.created), name, scope, one.state.value, waits, one.why or _next(one), one.actor, undo)

    def _tone(self, row: int, column: str) -> str | None:
        one = self._rows[row]
        if column == "scope":
            return "grid--prod" if self.app.production(one.credential) else None
        if column == "state":
            return {"done": "grid--good", "aborted": "grid--bad"}.get(one.state.value, "grid--warn")
        return "grid--dim" if column in {"when", "why", "by"} else None

    def _chosen(self) -> "RotationRow | None":
        row = self.query_one(Grid).row
        return self._rows[row] if row is not None and self._rows and self.is_current else None

    def why_not(self, action: str) -> str:
        """Why an action of this screen cannot be done now; empty when it can."""
        if action == "back":
            return ""
        row = self.query_one(Grid).row if self._rows else None
        if row is None:
            return "no rotation is listed"
        one = self._rows[row]
        return f"it is over: {one.state.value}" if action == "go_on" and one.state.closed else ""

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
        if (one := self._chosen()) is not None and self.app.may_write():
            from keyward.tui.screens.rotation import RotationScreen

            self.app.push_screen(RotationScreen(rotation=one.id, key=one.credential))

    def action_undo(self) -> None:
        """Ask for the phrase; with it, bring the old key back."""
        one = self._chosen()
        if one is None or not self.app.may_write():
            return
        from keyward.tui.widgets.dialog import Confirm

        last = one.credential.rpartition("/")[2]
        text = (
            f"{one.credential}\n\nThe old key is brought back and proved, written to every place again, "
            "and then the new key is deleted."
        )

        def answered(yes: bool | None) -> None:
            if yes:
                from keyward.tui.screens.rotation import RotationScreen

                self.app.push_screen(RotationScreen(rotation=one.id, key=one.credential, undo=True))

        where = f" in {words.PROD}" if self.app.production(one.credential) else ""
        self.app.push_screen(Confirm(f"Undo rotation {one.id}{where}", text, f"undo {last[-8:]}", "Undo"), answered)


def _named(one: "RotationRow") -> tuple[str, str]:
    """Name and scope of the key, for people."""
    old = one.data.get("old")
    name = old.get("name") if isinstance(old, Mapping) else None
    local = one.credential.partition(":")[2]
    return str(name or local.rpartition("/")[2]), local.partition("/")[0]


def _next(one: "RotationRow") -> str:
    return f"goes on {words.moment(one.due)}" if one.due is not None and not one.state.closed else ""
