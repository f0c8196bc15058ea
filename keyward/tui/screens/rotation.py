"""A rotation while it happens: its steps, why it stands still, what was heard. Leaving it is safe; progress is on disk."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from keyward.model.events import Finished, StepDone, StepStarted, Waiting
from keyward.tui import planned, words
from keyward.tui.actions import Where, bindings
from keyward.tui.feed import Answer, Failed, Heard
from keyward.tui.screens.page import Page
from keyward.tui.widgets.grid import Column, Grid
from keyward.tui.widgets.pane import Fact, FactList
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from keyward.model.events import Event
    from keyward.rotation.outcome import Until
    from keyward.rotation.plan import Plan

DONE, FAILED, DOING, RESTS, LATER = "✓", "✗", "◐", "◷", "·"
_TONES = {DONE: "grid--good", FAILED: "grid--bad", DOING: "grid--warn", RESTS: "grid--warn", LATER: "grid--dim"}
_STEPS = (
    Column("mark", "", 1, 0),
    Column("key", "KEY", 16, 3),
    Column("what", "STEP", 30, 0, grows=True),
    Column("time", "TIME", 8, 2),
    Column("evidence", "EVIDENCE", 24, 1, grows=True),
)
_SAME = {"cut-over": "overlap"}
"""Steps that the engine and the plan call by different names."""


@dataclass(slots=True)
class _Line:
    key: str
    step: str
    target: str
    what: str
    mark: str = LATER
    time: str = ""
    evidence: str = ""


class RotationScreen(Page):
    """A plan being applied.

    Args:
        plan: the plan; None to go on with what is open.
        rotation: the id of the rotation to go on with; empty for all.
        key: the id of the key that this rotation replaces, where it is known.
        undo: bring the old key back instead of going on.
    """

    where = Where.ROTATION
    heading = "Rotation"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.ROTATION)

    def __init__(self, plan: "Plan | None" = None, rotation: str = "", *, key: str = "", undo: bool = False) -> None:
        super().__init__()
        self._key = key
        self._plan, self._rotation, self._undo = plan, rotation, undo
        self._lines: list[_Line] = []
        self._names: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self._waits: dict[str, Waiting] = {}
        self._ended: list[str] = []
        self._busy = True
        if plan is not None:
            self._names = {key.id: planned.name_of(key) for key in plan.keys}
            self._lines = [_Line(line.key, line.step, line.target, line.what) for line in planned.step_lines(plan)]

    def production(self) -> bool:
        """Whether a key of production is rotated."""
        return any(self.app.production(key) for key in {*self._names, *self._ids.values(), self._key} if key)

    def why_not(self, action: str) -> str:
        """Why an action of this screen cannot be done now; empty when it can."""
        return "it is at work" if action == "go_on" and self._busy else ""

    def content(self) -> ComposeResult:
        """Summary, steps, why it waits."""
        yield Plain("", id="summary", classes="content name")
        several = len(self._names) != 1
        yield Grid(
            [column for column in _STEPS if several or column.name != "key"], self._cells, self._tone, id="steps"
        )
        yield FactList(id="waits", classes="content below")

    def on_mount(self) -> None:
        """Begin."""
        self.say("")
        self.query_one(Grid).show(range(len(self._lines)))
        self.query_one(Grid).focus()
        self._say("begins ...")
        self._begin()

    def _begin(self) -> None:
        plan, rotation = self._plan, self._rotation
        if plan is not None:
            self.app.feed.act(self, lambda desk, report: desk.apply(plan, report, wait=_until()))
        elif self._undo:
            self.app.feed.act(self, lambda desk, report: desk.undo(rotation, "undone in the app", report, wait=True))
        else:
            self._go_on([rotation] if rotation else [])

    def _go_on(self, rotations: list[str]) -> None:
        self.app.feed.act(self, lambda desk, report: desk.go_on(rotations, report, wait=_until()))

    # What the table asks for

    def _cells(self, row: int) -> tuple[str, ...]:
        line = self._lines[row]
        name = self._names.get(line.key, line.key.rpartition("/")[2])
        name = words.scope(name, production=bool(line.key) and self.app.production(line.key))
        return (line.mark, *([name] if len(self._names) != 1 else []), line.what, line.time, line.evidence)

    def _tone(self, row: int, column: str) -> str | None:
        if column == "mark":
            return _TONES[self._lines[row].mark]
        return "grid--dim" if column in {"key", "time"} or self._lines[row].mark == LATER else None

    # What happens

    def on_heard(self, event: Heard) -> None:
        """One thing happened."""
        heard: Event = event.event
        now = datetime.fromtimestamp(self.app.now(), UTC).strftime("%H:%M:%S")
        if isinstance(heard, StepStarted):
            self._waits.pop(heard.rotation, None)
            self._mark(heard, heard.what, DOING, now)
        elif isinstance(heard, StepDone):
            mark = DONE if heard.ok else FAILED
            self._mark(heard, "", mark, now, evidence=heard.detail)
        elif isinstance(heard, Waiting):
            self._waits[heard.rotation] = heard
        elif isinstance(heard, Finished):
            self._ended.append(f"{heard.state} {heard.detail}".rstrip())
        self._say("at work")

    def _mark(self, event: StepStarted | StepDone, what: str, mark: str, time: str, *, evidence: str = "") -> None:
        key, target = self._key_of(event.rotation), event.target
        step = _SAME.get(event.step, event.step)
        line = next(
            (one for one in self._lines if (one.step, one.target) == (step, target) and key in ("", one.key)), None
        )
        if line is None:
            line = _Line(key, step, target, what or step)
            self._lines.append(line)
        if step == "overlap":
            mark, evidence = RESTS, evidence or "every place has the new key"
        line.mark, line.time, line.evidence = mark, time, evidence or line.evidence
        grid = self.query_one(Grid)
        grid.show(range(len(self._lines)))
        grid.repaint()
        grid.go_to(self._lines.index(line))

    def _key_of(self, rotation: str) -> str:
        if rotation not in self._ids:
            free = [key for key in self._names if key not in self._ids.values()]
            self._ids[rotation] = free[0] if len(self._names) == 1 and free else ""
            if len(self._names) != 1:
                self.app.feed.ask(self, lambda desk: list(desk.rotations()))
        return self._ids[rotation]

    def on_answer(self, event: Answer) -> None:
        """The run came to the end of what it could do now, or somebody said which rotation is of which key."""
        if isinstance(event.value, list) and not self._is_outcomes(event.value):
            for row in event.value:
                self._ids[row.id] = row.credential
            return
        self._busy = False
        outcomes = list(event.value or ())
        for outcome in outcomes:
            self._ids[outcome.rotation] = outcome.credential
        self.stand(self.app.standing)
        self._ended = [self._ended_words(outcome) for outcome in outcomes]
        self._say(_rests(outcomes))
        self.app.reload()
        self._show_facts(outcomes)

    @staticmethod
    def _is_outcomes(found: list[Any]) -> bool:
        return all(hasattr(one, "exit_code") for one in found)

    @staticmethod
    def _ended_words(outcome: Any) -> str:
        whom = ", ".join(outcome.awaits) or outcome.waiting_on.value
        waits = f", waits for {whom}" if whom else ""
        return f"{outcome.state.value}{waits}"

    def on_failed(self, event: Failed) -> None:
        """It stopped: why, and what to do. What was done is on disk."""
        self._busy = False
        self.app.reload()
        self._say("stopped")
        self.query_one("#waits", FactList).tell(
            [
                Fact(f"✗ {event.error.title}", event.error.message, "$text-error"),
                *([Fact("do", event.error.hint)] if event.error.hint else []),
                _safe(self._ids),
            ]
        )

    # What is said

    def _say(self, doing: str) -> None:
        done = sum(1 for line in self._lines if line.mark == DONE)
        total = len(self._lines)
        width = 20
        filled = round(width * done / total) if total else 0
        bar = "█" * filled + "░" * (width - filled)
        self.query_one("#summary", Plain).show(f"{done} of {total} steps  {bar}  {doing}")
        if self._busy:
            self._show_facts(())

    def _show_facts(self, outcomes: Iterable[Any]) -> None:
        facts = []
        for wait in self._waits.values():
            until = f" · until {words.moment(wait.until)} UTC" if wait.until is not None else ""
            facts.append(Fact(f"◷ {wait.waiting_on}", f"{wait.why}{until}", "$text-warning"))
        for outcome in outcomes:
            facts.append(Fact("state", self._ended_words(outcome)))
            if outcome.due is not None:
                facts.append(Fact("goes on", f"from {words.moment(outcome.due)} UTC"))
            if outcome.successor:
                facts.append(Fact("new key", outcome.successor))
            facts += [Fact("loose end", note, "$text-warning") for note in outcome.notes]
        self.query_one("#waits", FactList).tell([*facts, _safe(self._ids)])

    def action_go_on(self) -> None:
        """Do what can be done now."""
        if self._busy:
            self.app.notify("It is at work.")
        elif self.app.may_write():
            self._busy = True
            self._waits.clear()
            self._say("goes on ...")
            self._go_on([self._rotation] if self._rotation else list(self._ids))


def _until() -> "Until":
    from keyward.rotation.outcome import Until  # called in a thread, which loads the engine

    return Until.CUT_OVER


def _rests(outcomes: list[Any]) -> str:
    """Where it stands, in a few words."""
    if not outcomes:
        return "nothing was open"
    dues = [outcome.due for outcome in outcomes if outcome.due is not None]
    states = ", ".join(dict.fromkeys(outcome.state.value for outcome in outcomes))
    return f"{states}; rests until {words.moment(min(dues))} UTC" if dues else states


def _safe(ids: Iterable[str]) -> Fact:
    names = list(ids)
    which = f" {names[0]}" if len(names) == 1 else ""
    return Fact("", f"Closing this window is safe: progress is on disk. keyward resume{which}", "dim")
