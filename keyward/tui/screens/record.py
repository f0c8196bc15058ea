"""What happened in one rotation, line by line."""

from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from keyward.tui import undoing, words
from keyward.tui.actions import Where, bindings
from keyward.tui.messages import Answer
from keyward.tui.screens.page import Page
from keyward.tui.widgets.grid import Column, Grid
from keyward.tui.widgets.pane import Fact, FactList
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from keyward.desk import Desk
    from keyward.ledger.records import RotationRow
    from keyward.rotation.history import History, Line

_COLUMNS = (
    Column("when", "WHEN (UTC)", 16, 1),
    Column("kind", "KIND", 9, 3),
    Column("step", "STEP", 9, 0),
    Column("what", "WHAT", 28, 0, grows=True),
    Column("result", "RESULT", 24, 0, grows=True),
    Column("actor", "BY", 10, 4),
)


class RecordScreen(Page):
    """The audit trail of one rotation.

    Args:
        rotation: its id.
    """

    where = Where.RECORD
    heading = "Rotation"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.RECORD)

    def __init__(self, rotation: str) -> None:
        super().__init__()
        self._rotation = rotation
        self._lines: tuple[Line, ...] = ()
        self._row: RotationRow | None = None
        self._key = ""

    def production(self) -> bool:
        """Whether the rotated key is one of production."""
        return bool(self._key) and self.app.production(self._key)

    def why_not(self, action: str) -> str:
        """Why an action of this screen cannot be done now; empty when it can."""
        if action == "back":
            return ""
        return undoing.why_not(self.app, self._row, action) if self._row is not None else "the rotation is not known"

    def content(self) -> ComposeResult:
        """Heading, lines, the whole of the one under the cursor."""
        yield Plain("", id="summary", classes="content name")
        yield Grid(_COLUMNS, self._cells, self._tone, id="lines")
        yield FactList(id="line", classes="content below")

    def on_mount(self) -> None:
        """Ask for it."""
        self.query_one(Grid).display = False
        self.say("Reading ...")
        self._ask()

    def on_screen_resume(self) -> None:
        """Something may have happened meanwhile."""
        if self._row is not None:
            self._ask()

    def _ask(self) -> None:
        rotation = self._rotation

        def both(desk: "Desk") -> Any:
            history = desk.record.history(rotation)
            return history, next((row for row in desk.record.rotations() if row.id == history.rotation.id), None)

        self.app.feed.ask(self, both)

    def on_answer(self, event: Answer) -> None:
        """Here it is."""
        history: History = event.value[0]
        self._row = event.value[1]
        self._lines = history.lines
        self.say("")
        rotation = history.rotation
        self._key = rotation.old.id
        self.stand(self.app.standing)
        waits = f", waits for {rotation.waiting_on.value}" if rotation.waiting_on.value else ""
        if rotation.awaits and rotation.awaited_since is not None:
            waits = f", waits for {', '.join(rotation.awaits)} since {words.moment(rotation.awaited_since)} UTC"
        way = undoing.way_back(self._row, self.app.now(), self.app.keymap) if self._row is not None else None
        undoes = f"{self.app.keymap.key_of('record.undo')} undoes it, "
        undo = f" · {undoes if way.open else ''}{way.said}" if way is not None else ""
        by = f" · by {rotation.actor} on {rotation.host}" if rotation.actor else ""
        self.query_one("#summary", Plain).show(
            f"{rotation.old.name or rotation.old.id}: {rotation.state.value}{waits}{by}{undo}"
        )
        grid = self.query_one(Grid)
        grid.display = True
        grid.repaint()
        grid.show(range(len(self._lines)))
        if self.focused is None:
            grid.focus()
        self._tell()

    def on_grid_moved(self) -> None:
        """The line under the cursor in full."""
        self._tell()

    def _cells(self, row: int) -> tuple[str, ...]:
        line = self._lines[row]
        what = line.what or line.target or line.gate or _moved(line)
        return (words.moment(line.at), line.kind, line.step, what, _result(line), line.actor)

    def _tone(self, row: int, column: str) -> str | None:
        line = self._lines[row]
        if column == "result" and line.ok is not None:
            return "grid--good" if line.ok else "grid--bad"
        return "grid--dim" if column in {"when", "kind", "actor"} else None

    def _tell(self) -> None:
        row = self.query_one(Grid).row
        if row is None or row >= len(self._lines):
            self.query_one("#line", FactList).tell(
                [Fact("", "Nothing was done yet: the trail has no line of it.", "dim")]
            )
            return
        line = self._lines[row]
        named = (
            (line.kind, f"{words.moment(line.at)} UTC" if line.at is not None else "at an unknown time"),
            ("target", line.target),
            ("before", line.before),
            ("after", line.after),
            ("verdict", line.verdict),
            ("evidence", line.evidence),
            ("reason", line.reason),
            ("waived", line.gate),
            ("by", f"{line.actor} on {line.host}".removesuffix(" on ")),
        )
        self.query_one("#line", FactList).tell([Fact(name, text) for name, text in named if text])

    def action_undo(self) -> None:
        """Ask for the phrase; with it, bring the old key back."""
        if self._row is not None and self.is_active:
            undoing.ask_undo(self.app, self._row)

    def action_go_on(self) -> None:
        """Do what can be done now for this rotation, or show the run that is at work on it."""
        if self._row is not None and self.is_active:
            undoing.go_on(self.app, self._row)

    def action_export(self) -> None:
        """Ask for a file; write the trail there."""
        if self._row is not None and self.is_active:
            from keyward.tui.screens.export import ExportScreen

            self.app.push_screen(ExportScreen(self._row.id))


def _moved(line: "Line") -> str:
    """From which state to which, for lines that say so."""
    before, after = line.more.get("from"), line.more.get("to")
    return f"{before} -> {after}" if before and after else ""


def _result(line: "Line") -> str:
    mark = {True: "✓ ", False: "✗ "}.get(line.ok, "") if line.ok is not None else ""
    versions = f"{line.before} -> {line.after}" if line.before and line.after else ""
    return mark + " ".join(piece for piece in (versions, line.verdict, line.evidence) if piece)
