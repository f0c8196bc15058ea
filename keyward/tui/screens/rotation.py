"""Rotations while they happen: each key with its steps, why it stands still, what was called. Leaving is safe; progress is on disk."""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from keyward.tui import words
from keyward.tui.actions import Where, bindings
from keyward.tui.live import DONE, FAILED, LATER, SAID, TONES, KeyLive, Live, why
from keyward.tui.runs import rests
from keyward.tui.screens.page import Page
from keyward.tui.widgets.grid import Column, Grid
from keyward.tui.widgets.pane import Fact, FactList
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_KEYS = (
    Column("name", "KEY", 18, 0, grows=True),
    Column("state", "STATE", 12, 0),
    Column("done", "STEPS", 7, 1, right=True),
    Column("marks", "", 14, 2),
    Column("why", "WHY", 20, 3, grows=True),
)
_STEPS = (
    Column("state", "STATE", 11, 0),
    Column("what", "STEP", 30, 0, grows=True),
    Column("time", "TIME", 8, 2),
    Column("evidence", "EVIDENCE", 24, 1, grows=True),
)
_CALLS = (
    Column("time", "TIME (UTC)", 10, 3),
    Column("method", "METHOD", 6, 0),
    Column("path", "REQUEST", 24, 0, grows=True),
    Column("status", "STATUS", 19, 0),
    Column("took", "MS", 6, 1, right=True),
    Column("host", "HOST", 24, 4),
)
_WIDTH = 20
_HERE = ("127.0.0.1", "localhost", "::1")


class RotationScreen(Page):
    """A run of rotations.

    Args:
        live: the run; it goes on without this screen.
    """

    where = Where.ROTATION
    heading = "Rotation"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.ROTATION)

    def __init__(self, live: Live) -> None:
        super().__init__()
        self.live = live
        self._shown: KeyLive | None = None
        self._painted = (-1, -1)
        self._about = -1

    def production(self) -> bool:
        """Whether a key of production is rotated."""
        return any(map(self.app.production, self.live.keys))

    def why_not(self, action: str) -> str:
        """Why an action of this screen cannot be done now; empty when it can."""
        if action != "go_on":
            return ""
        if self.live.busy:
            return "it is at work"
        if self.live.over:
            return "it is over: there is nothing to go on with"
        # To the desk no rotation means all that are open.
        return (
            "" if self.live.about else f"nothing was begun: {self.app.keymap.key_of('rotation.back')}, then plan again"
        )

    def content(self) -> ComposeResult:
        """Summary, keys, steps, requests, why it waits."""
        yield Plain("", id="summary", classes="content name")
        yield Grid(_KEYS, self._key_cells, self._key_tone, id="keys")
        yield Grid(_STEPS, self._step_cells, self._step_tone, shy=True, id="steps")
        yield Grid(_CALLS, self._call_cells, self._call_tone, shy=True, id="calls")
        yield FactList(id="waits", classes="content below")

    def on_mount(self) -> None:
        """Show it, and follow it."""
        self.say("")
        self.query_one("#calls").display = False
        self.paint()
        self.query_one("#keys" if len(self.live.keys) > 1 else "#steps", Grid).focus()
        self.set_interval(0.1, self.paint)

    # What is shown

    def paint(self) -> None:
        """Show what changed since the last time: at most ten times a second, however much happens."""
        now = (self.live.changes, int(self.live.elapsed))
        if now == self._painted:
            return
        changed = now[0] != self._painted[0]
        self._painted = now
        if len(self.live.keys) != self._about:  # the top line says whether one is of production
            self._about = len(self.live.keys)
            self.stand(self.app.standing)
        self.query_one("#summary", Plain).show(self._summary())
        if not changed:
            return
        keys = self.query_one("#keys", Grid)
        several = len(self.live.keys) > 1
        if several != keys.display or not several:
            keys.display = several
        keys.styles.height = min(len(self.live.keys), 8) + 1
        self._refill(keys, len(self.live.keys))
        self._choose()
        self._refill(self.query_one("#steps", Grid), len(self._shown.lines) if self._shown else 0)
        self._show_calls()
        self.query_one("#waits", FactList).tell(list(self._facts()))

    @staticmethod
    def _refill(grid: Grid, count: int) -> None:
        grid.repaint()
        grid.show(range(count))

    def _choose(self) -> None:
        """The key whose steps are shown: the one under the cursor."""
        row = self.query_one("#keys", Grid).row
        keys = list(self.live.keys.values())
        self._shown = keys[row] if row is not None and row < len(keys) else keys[0] if keys else None

    def on_grid_moved(self) -> None:
        """Another key or step under the cursor."""
        before = self._shown
        self._choose()
        if self._shown is not None and self._shown is not before:
            self._refill(self.query_one("#steps", Grid), len(self._shown.lines))
        self.query_one("#waits", FactList).tell(list(self._facts()))

    def on_descendant_focus(self) -> None:
        """Another table, another line in full."""
        self.query_one("#waits", FactList).tell(list(self._facts()))

    def _show_calls(self) -> None:
        grid = self.query_one("#calls", Grid)
        if grid.display:
            follows = grid.row is None or grid.cursor >= len(grid.order) - 1
            self._refill(grid, len(self.live.calls))
            if follows:
                grid.action_go(-1)

    def _summary(self) -> str:
        live = self.live
        done, total = live.done
        filled = round(_WIDTH * done / total) if total else 0
        keys = f"{len(live.keys)} keys   " if len(live.keys) > 1 else ""
        took = divmod(int(live.elapsed), 60)
        return f"{keys}{done} of {total} steps  {'█' * filled}{'░' * (_WIDTH - filled)}  {self._doing()}   elapsed {took[0]}:{took[1]:02}"

    def _doing(self) -> str:
        live = self.live
        if live.error is not None:
            return "stopped"
        if live.busy:
            return "at work"
        return rests([one.outcome for one in live.keys.values() if one.outcome is not None])

    def _facts(self) -> "Iterator[Fact]":
        live = self.live
        if live.error is not None:
            yield Fact(f"✗ {live.error.title}", live.error.message, "$text-error")
            again = f"{self.app.keymap.key_of('rotation.go_on')} goes on with it" if live.about else ""
            if live.error.hint or again:
                yield Fact("do", live.error.hint or again)
        yield from self._lines_in_full()
        for one in [self._shown] if self._shown is not None else []:
            if one.waits is not None and one.outcome is None:
                yield Fact(f"◷ waits for {one.waits.waiting_on}", why(one.waits, self.app.moment()), "$text-warning")
            elif one.outcome is not None:
                yield from _ended(one, self.app.moment())
        if not self.query_one("#calls").display and live.called:
            yield Fact(
                "requests", f"{live.called:,} were made · {self.app.keymap.key_of('rotation.calls')} shows them", "dim"
            )
        yield self._safe()
        if self._shown is not None and self._shown.outcome is not None and self._shown.outcome.successor:
            yield Fact("new key", self._shown.outcome.successor, "dim")

    def _lines_in_full(self) -> "Iterator[Fact]":
        """What failed, and the step or request under the cursor: the tables have no room for all of it."""
        lines = self._shown.lines if self._shown is not None else []
        for line in (line for line in lines if line.mark == FAILED):
            yield Fact(f"{FAILED} {SAID[FAILED]}", f"{line.what}: {line.evidence}".removesuffix(": "), "$text-error")
        steps = self.query_one("#steps", Grid)
        if steps.has_focus and steps.row is not None and steps.row < len(lines) and lines[steps.row].mark != FAILED:
            line = lines[steps.row]
            yield Fact(f"step {steps.row + 1}", " · ".join(filter(None, (line.what, line.evidence))))
        calls = self.query_one("#calls", Grid)
        if calls.has_focus and calls.row is not None:
            _, method, path, status, took, host = self._call_cells(calls.row)
            yield Fact("request", f"{method} {host}{' ' if host else ''}{path} · {status} · {took} ms")

    def _safe(self) -> Fact:
        names = " ".join(self.live.rotations or self.live.about)
        if self.live.over:
            return Fact("", f"It is over; the history keeps what was done. keyward history {names}".rstrip(), "dim")
        back, leave = map(self.app.keymap.key_of, ("rotation.back", "app.leave"))
        away = (
            f"{back} leaves it at work, {leave} stops it at the next safe place"
            if self.live.busy
            else "Closing this window is safe"
        )
        return Fact("", f"{away}: progress is on disk. keyward resume {names}".rstrip(), "dim")

    # What the tables ask for

    def _key_cells(self, row: int) -> tuple[str, ...]:
        one = list(self.live.keys.values())[row]
        said = one.waits is not None and one.outcome is None
        reason = (
            why(one.waits, self.app.moment())
            if said and one.waits is not None
            else one.outcome.why
            if one.outcome is not None
            else ""
        )
        name = words.scope(one.name, production=self.app.production(one.key))
        return (name, one.state, f"{one.done}/{len(one.lines)}", one.marks, reason)

    def _key_tone(self, row: int, column: str) -> str | None:
        one = list(self.live.keys.values())[row]
        if column == "name" and self.app.production(one.key):
            return "grid--prod"
        if column == "state":
            return TONES.get(one.state[:1], "grid--good" if one.outcome is not None else None)
        return "grid--dim" if column == "why" else None

    def _step_cells(self, row: int) -> tuple[str, ...]:
        line = self._shown.lines[row] if self._shown else None
        return (
            ("", "", "", "")
            if line is None
            else (f"{line.mark} {SAID[line.mark]}", line.what, line.time, line.evidence)
        )

    def _step_tone(self, row: int, column: str) -> str | None:
        mark = self._shown.lines[row].mark if self._shown else DONE
        if column == "state":
            return TONES[mark]
        return "grid--dim" if column == "time" or mark == LATER else None

    def _call_cells(self, row: int) -> tuple[str, ...]:
        call = self.live.calls[row]
        host = "" if call.host in _HERE else call.host
        return (f"{call.at:%H:%M:%S}", call.method, call.path, call.status, str(call.milliseconds), host)

    def _call_tone(self, row: int, column: str) -> str | None:
        if column == "status":
            status = self.live.calls[row].status
            return "grid--good" if status == "OK" or status.startswith("2") else "grid--bad"
        return "grid--dim" if column in {"time", "host"} else None

    # Actions

    def action_calls(self) -> None:
        """Show or hide the requests that were made: where to, how they ended, how long they took. Never a value."""
        grid = self.query_one("#calls", Grid)
        grid.display = not grid.display
        self._painted = (-1, -1)
        self.paint()
        if grid.display:
            grid.focus()
        else:
            self.query_one("#keys" if len(self.live.keys) > 1 else "#steps", Grid).focus()

    def action_go_on(self) -> None:
        """Do what can be done now."""
        if not self.live.busy and self.app.may_write():
            self.app.runs.again(self.live)


def _ended(one: KeyLive, now: "datetime") -> "Iterator[Fact]":
    outcome = one.outcome
    whom = ", ".join(outcome.awaits) or outcome.waiting_on.value
    yield Fact("state", f"{outcome.state.value}{f', waits for {whom}' if whom else ''}")
    if whom and outcome.why:
        yield Fact("why", outcome.why, "$text-warning")
    if outcome.due is not None:
        yield Fact("goes on", f"from {words.until(outcome.due, now)}")
    for note in outcome.notes:
        yield Fact("loose end", note, "$text-warning")
