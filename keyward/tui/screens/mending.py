"""What `doctor --fix` would mend, before anything is done; then, after a typed phrase, what came of it."""

import threading
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from keyward.model.errors import KeywardError
from keyward.tui.actions import Where, bindings
from keyward.tui.messages import Answer, Failed
from keyward.tui.screens.page import Page
from keyward.tui.widgets.grid import Column, Grid
from keyward.tui.widgets.pane import Fact, FactList
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyward.desk import Desk
    from keyward.desk.wish import Mended
    from keyward.rotation.mend.troubles import Trouble
    from keyward.tui.widgets.head import Standing

_COLUMNS = (
    Column("wrong", "WRONG", 9, 0),
    Column("what", "WHAT", 24, 0, grows=True),
    Column("mending", "WHAT IS DONE", 22, 1, grows=True),
    Column("result", "RESULT", 13, 2),
)
A_PERSON = "a person"
_LOOKING, _MENDING = "looking", "mending"


class MendingScreen(Page):
    """Loose ends of rotations. Looking changes nothing; only a typed phrase mends."""

    where = Where.MENDING
    heading = "Mend"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.MENDING)

    def __init__(self) -> None:
        super().__init__()
        self._troubles: Sequence[Trouble] = ()
        self._done: dict[str, Mended] = {}
        self._busy = ""
        """What it does just now."""
        self._stop = threading.Event()

    def why_not(self, action: str) -> str:
        """Why an action of this screen cannot be done now; empty when it can."""
        if action == "again":
            return f"it is {self._busy}" if self._busy == _MENDING else ""
        if action != "apply":
            return ""
        if self._busy:
            return f"it is {self._busy}"
        if self._mendable and not self._done:
            return ""
        return f"nothing is left to mend; {self.app.keymap.key_of('mending.again')} looks again"

    def content(self) -> ComposeResult:
        """Counts, lines, the whole of the one under the cursor."""
        yield Plain("", id="summary", classes="content name")
        yield Grid(_COLUMNS, self._cells, self._tone, id="troubles")
        yield FactList(id="trouble", classes="content below")

    def on_mount(self) -> None:
        """Look."""
        self.action_again()

    def on_unmount(self) -> None:
        """Nobody waits for what a look finds any more; mending goes on."""
        self._stop.set()

    def action_again(self) -> None:
        """Look for trouble anew; what was done before is told no more."""
        if self._busy == _MENDING:
            return
        self._stop.set()  # a look that is under way is for nobody
        self._stop = stop = self.app.feed.stopper()
        self._busy, self._troubles, self._done = _LOOKING, (), {}
        self.query_one(Grid).display = False
        self.say("Looking ...", "Reading rotations, keys and places. Nothing is changed.")

        def look(desk: "Desk") -> tuple[threading.Event, Any]:
            try:
                return stop, desk.health.troubles(stop)
            except KeywardError as error:
                return stop, error

        self.app.feed.ask(self, look)

    def stand(self, standing: "Standing") -> None:
        """Write mode may have been switched on."""
        super().stand(standing)
        if self.is_mounted and not self._busy:
            self._show()

    def on_answer(self, event: Answer) -> None:
        """What is wrong, or (of no look) what came of the mending."""
        look, found = event.value
        if look not in (None, self._stop):
            return  # it was looked again meanwhile
        if isinstance(found, KeywardError):
            self.on_failed(Failed(found))
            return
        self._busy = ""
        if look is None:
            self._done = {one.subject: one for one in found}
            self.app.reload()
        else:
            self._troubles = found
        self._show()

    def on_failed(self, event: Failed) -> None:
        """It could not be looked, or not be mended: why. It can be looked again; nothing is mended that is not listed."""
        self._busy, self._troubles = "", ()
        super().on_failed(event)

    def _show(self) -> None:
        grid = self.query_one(Grid)
        grid.display = bool(self._troubles)
        if not self._troubles:
            said = "No orphan, no leftover, nothing stuck, no drift."
            self.say("Nothing is wrong around rotations.", f"{said}\n{self._missing}".strip())
            return
        self.say("")
        self.query_one("#summary", Plain).show(self._summary())
        grid.repaint()
        grid.show(range(len(self._troubles)))
        grid.focus()
        self._tell()

    def _summary(self) -> str:
        if self._busy:
            return "at work ..."
        if self._done:
            failed = sum(not one.ok for one in self._done.values())
            return f"{len(self._done) - failed} mended" + (f", {failed} FAILED" if failed else "")
        mendable = len(self._mendable)
        key = self.app.keymap.key_of("app.write_mode")
        tail = "" if self.app.write else f"   ·   this app is read-only: {key} switches to write mode"
        missing = f"   ·   {self._missing}" if self._missing else ""
        return f"{len(self._troubles)} found, {mendable} can be mended: a plan, nothing has been changed{tail}{missing}"

    @property
    def _missing(self) -> str:
        """What a list without an end rests on: a key that cannot be listed is missed here."""
        missing = self.app.standing.coverage
        return f"What cannot be read is not looked at: {missing} at the last scan." if missing else ""

    @property
    def _mendable(self) -> "list[Trouble]":
        return [one for one in self._troubles if one.mending]

    def _cells(self, row: int) -> tuple[str, ...]:
        one = self._troubles[row]
        done = self._done.get(one.subject)
        result = ("mended" if done.ok else "FAILED") if done is not None else "-" if one.mending else A_PERSON
        return (one.wrong.value, one.what, f"-> {one.mending}" if one.mending else one.todo, result)

    def _tone(self, row: int, column: str) -> str | None:
        if column != "result":
            return "grid--warn" if column == "wrong" else None
        done = self._done.get(self._troubles[row].subject)
        return "grid--dim" if done is None else "grid--good" if done.ok else "grid--bad"

    def on_grid_moved(self) -> None:
        """The whole of the line under the cursor."""
        self._tell()

    def _tell(self) -> None:
        row = self.query_one(Grid).row
        if row is None or row >= len(self._troubles):
            return
        one = self._troubles[row]
        done = self._done.get(one.subject)
        named = (
            (one.wrong.value, one.what),
            ("subject", one.subject),
            ("->", one.mending),
            (A_PERSON, one.todo),
            ("result", done.said if done is not None else ""),
        )
        self.query_one("#trouble", FactList).tell([Fact(name, text) for name, text in named if text])

    def action_apply(self) -> None:
        """Ask for the phrase; with it, mend."""
        wanted = self._mendable
        if self.why_not("apply") or not self.is_active or not self.app.may_write():
            return
        from keyward.tui.widgets.dialog import Confirm

        def answered(yes: bool | None) -> None:
            if yes:
                self._busy = _MENDING
                self.query_one("#summary", Plain).show(self._summary())
                self.app.feed.act(self, lambda desk, _: (None, desk.health.mend(wanted)))

        text = "\n".join(f"{one.what}\n  -> {one.mending}" for one in wanted[:3])
        text += f"\nand {len(wanted) - 3} more, as listed" if len(wanted) > 3 else ""
        self.app.push_screen(Confirm(f"Mend {len(wanted)}", text, f"mend {len(wanted)}", "Mend"), answered)
