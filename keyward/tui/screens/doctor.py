"""What is missing or wrong, line by line as it is found, and the exact command that mends it."""

import threading
from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message

from keyward.model.errors import KeywardError
from keyward.tui import surface
from keyward.tui.actions import Where, bindings
from keyward.tui.copying import hand_over
from keyward.tui.messages import Answer
from keyward.tui.screens.page import Page
from keyward.tui.widgets.grid import Column, Grid
from keyward.tui.widgets.pane import Fact, FactList
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyward.desk import Desk
    from keyward.desk.wish import Check

WORDS = {"yes": "ok", "no": "MISSING", "unknown": "?"}
"""The same words as `keyward doctor` prints."""
TONES = {"yes": "grid--good", "no": "grid--bad", "unknown": "grid--warn"}
_COLUMNS = (
    Column("ready", "STATE", 7, 0),
    Column("area", "AREA", 9, 3),
    Column("what", "WHAT", 18, 0, grows=True),
    Column("found", "FOUND", 22, 1, grows=True),
    Column("fix", "FIX", 3, 2),
)


class Looked(Message):
    """The lines of one area are known; `run` is the look that they belong to."""

    def __init__(self, run: int, lines: "Sequence[Check]") -> None:
        super().__init__()
        self.run, self.lines = run, lines


class DoctorScreen(Page):
    """The doctor. Looking changes nothing; leaving stops it."""

    where = Where.DOCTOR
    heading = "Doctor"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.DOCTOR)

    def __init__(self) -> None:
        super().__init__()
        self._found: list[Check] = []
        self._surface: tuple[Check, ...] = ()
        self._run = 0
        self._looking = False
        self._stop = threading.Event()

    def content(self) -> ComposeResult:
        """Counts, lines, the whole of the one under the cursor."""
        yield Plain("", id="summary", classes="content name")
        yield Grid(_COLUMNS, self._cells, self._tone, id="checks")
        yield FactList(id="check", classes="content below")

    def on_mount(self) -> None:
        """Look."""
        self.query_one(Grid).focus()
        self._look()

    def on_unmount(self) -> None:
        """Nobody waits for the rest."""
        self._stop.set()

    def _look(self) -> None:
        self._stop.set()
        self._stop, self._run, self._looking = self.app.feed.stopper(), self._run + 1, True
        run, stop = self._run, self._stop
        self._found, self._surface = [], surface.look(self.app)
        self.say("")
        self._show()

        def hear(lines: "Sequence[Check]") -> None:
            self.post_message(Looked(run, lines))

        def ask(desk: "Desk") -> tuple[int, KeywardError | None]:
            try:
                desk.health.doctor(hear, stop)
            except KeywardError as error:
                return run, error
            return run, None

        self.app.feed.ask(self, ask)

    def on_looked(self, event: Looked) -> None:
        """One area is known."""
        if event.run == self._run:
            self._found += event.lines
            self._show()

    def on_answer(self, event: Answer) -> None:
        """Everything was looked at, or it could not go on: as a line, because the others still hold."""
        run, error = event.value
        if run != self._run:
            return
        self._looking = False
        if error is not None:
            from keyward.desk.wish import Check

            self._found.append(Check("keyward", error.title.lower(), "no", error.message, error.hint))
        self._show()

    @property
    def _lines(self) -> "list[Check]":
        """Those about the terminal, which are there at once, then the engine's as they came: a line keeps its number."""
        return [*self._surface, *self._found]

    def _show(self) -> None:
        counted = Counter(line.ready for line in self._found)
        pieces = [f"{counted[state]} {word}" for state, word in WORDS.items() if counted[state]]
        self.query_one("#summary", Plain).show(" · ".join([*pieces, *(["still looking ..."] if self._looking else [])]))
        grid = self.query_one(Grid)
        grid.repaint()
        known = len(self._surface)  # shown last: the engine's are to be mended first
        grid.show([*range(known, known + len(self._found)), *range(known)])
        self._tell()

    def _cells(self, row: int) -> tuple[str, ...]:
        line = self._lines[row]
        key = self.app.keymap.key_of("doctor.command") if line.fix else ""
        return (WORDS[line.ready], line.area, line.what, line.found, key)

    def _tone(self, row: int, column: str) -> str | None:
        if column == "ready":
            return TONES[self._lines[row].ready]
        return "grid--dim" if column == "area" else None

    def on_resize(self) -> None:
        """The size is one of the lines."""
        if self._surface:
            self._surface = surface.look(self.app)
            self._show()

    def on_grid_moved(self) -> None:
        """The whole of the line under the cursor."""
        self._tell()

    def _chosen(self) -> "Check | None":
        row = self.query_one(Grid).row
        return self._lines[row] if row is not None and row < len(self._lines) else None

    def _tell(self) -> None:
        if (line := self._chosen()) is not None:
            facts = [Fact(line.area, f"{line.what}: {WORDS[line.ready]}"), Fact("found", line.found)]
            facts += [Fact("" if number else "fix", text) for number, text in enumerate(line.fix.splitlines())]
            self.query_one("#check", FactList).tell([fact for fact in facts if fact.text])

    # Actions

    def action_command(self) -> None:
        """Hand over what mends the line under the cursor."""
        line = self._chosen()
        if line is None or not self.is_active:
            return
        if line.fix:
            hand_over(self.app, f"{line.area}, {line.what}", line.fix)
        else:
            self.app.notify("There is nothing to mend in this line.")

    def action_mend(self) -> None:
        """What could be mended around rotations."""
        if self.is_active:
            from keyward.tui.screens.mending import MendingScreen

            self.app.push_screen(MendingScreen())

    def action_again(self) -> None:
        """Look at everything anew."""
        self._look()
