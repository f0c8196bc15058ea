"""A run of rotations while it happens, as data: the steps of each key, why it waits, what it called, how it ended. No widgets."""

import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from keyward.model.events import CallMade, Finished, StepDone, StepStarted, Waiting
from keyward.tui import words

if TYPE_CHECKING:
    from keyward.model.errors import KeywardError
    from keyward.model.events import Event
    from keyward.rotation.history import History

DONE, FAILED, DOING, RESTS, LATER = "✓", "✗", "◐", "◷", "·"
SAID = {DONE: "done", FAILED: "FAILED", DOING: "under way", RESTS: "waits", LATER: "later"}
TONES = {DONE: "grid--good", FAILED: "grid--bad", DOING: "grid--warn", RESTS: "grid--warn", LATER: "grid--dim"}
CALLS = 1_000
"""Requests that are remembered."""
_SAME = {"cut-over": "overlap", "revoke": "retire"}
"""Steps that the engine and the plan call by different names."""
_WORDS = {
    "create": "create the new key",
    "stage": "keep the values until all is done",
    "verify": "use the new key once",
    "overlap": "both keys work",
    "gate": "read every place again, prove the new key",
    "disable": "disable the old key",
    "retire": "delete the old key",
    "confirm": "probe the old key until it is dead",
    "tidy": "tidy up",
    "restore": "bring the old key back and prove it",
    "undo": "write the old key back",
    "delete-new": "delete the new key",
}
"""What a step is called of which only the machine's name was heard."""
WAY_BACK = ("restore", "undo", "delete-new")
_AFTER = ("gate", "disable", "retire", "confirm", "tidy", *WAY_BACK)
"""Steps that come when the overlap is over, or given up."""
_RESTING = {"time": "overlap", "use": "gate"}
"""The step that belongs to a kind of waiting; for the others it is the next one."""


@dataclass(slots=True)
class Line:
    """One step of one key."""

    step: str
    target: str
    what: str
    mark: str = LATER
    time: str = ""
    evidence: str = ""


@dataclass(slots=True)
class KeyLive:
    """One key: its steps in order, what it waits for, and how it stands once the run is over."""

    key: str
    name: str
    rotation: str = ""
    lines: list[Line] = field(default_factory=list)
    waits: Waiting | None = None
    outcome: Any = None
    _at: dict[tuple[str, str], Line] = field(default_factory=dict)

    def add(self, line: Line) -> Line:
        """One step more."""
        self.lines.append(line)
        self._at.setdefault((line.step, line.target), line)
        return line

    def line(self, step: str, target: str) -> Line | None:
        """The step of that name and place; a step that the plan has once is known without its place."""
        name = _SAME.get(step, step)
        return self._at.get((name, target)) or self._at.get((name, ""))

    @property
    def done(self) -> int:
        """How many steps are done."""
        return sum(1 for line in self.lines if line.mark == DONE)

    @property
    def state(self) -> str:
        """Where it stands, in one word and its mark."""
        if self.outcome is not None:
            return str(self.outcome.state.value)
        if any(line.mark == FAILED for line in self.lines):
            return f"{FAILED} {SAID[FAILED]}"
        if self.waits is not None:
            return f"{RESTS} {SAID[RESTS]}"
        doing = any(line.mark == DOING for line in self.lines)
        return f"{DOING} {SAID[DOING]}" if doing else f"{LATER} {SAID[LATER]}" if not self.done else f"{DOING} at work"

    @property
    def marks(self) -> str:
        """Its steps, a mark each."""
        return "".join(line.mark for line in self.lines)


class Live:
    """One run: an applied plan, a resume, or an undo. Filled by the app's thread only.

    Args:
        title: what it is, in a few words.
        keys: id and name of each key, in order, where they are known; steps are added to them.
        rotation: the rotation that it goes on with; empty for all, or for a plan.
    """

    def __init__(self, title: str, keys: Iterable[KeyLive] = (), rotation: str = "") -> None:
        self.title, self.rotation = title, rotation
        self.keys: dict[str, KeyLive] = {one.key: one for one in keys}
        self.calls: deque[CallMade] = deque(maxlen=CALLS)
        self.called = 0
        self.busy = True
        self.error: KeywardError | None = None
        self.changes = 0
        """Grows with every change, so that a screen knows whether to paint."""
        self._of: dict[str, str] = {}
        self._early: list[tuple[Event, str]] = []
        self._began = time.monotonic()
        self._took: float | None = None

    @property
    def elapsed(self) -> float:
        """Seconds that it has been at work."""
        return time.monotonic() - self._began if self._took is None else self._took

    @property
    def rotations(self) -> list[str]:
        """The rotations that were heard of."""
        return [one.rotation for one in self.keys.values() if one.rotation]

    @property
    def about(self) -> list[str]:
        """The rotations that can be gone on with; none when nothing was begun."""
        return [self.rotation] if self.rotation else self.rotations

    @property
    def done(self) -> tuple[int, int]:
        """Steps that are done, of how many."""
        return sum(one.done for one in self.keys.values()), sum(len(one.lines) for one in self.keys.values())

    @property
    def over(self) -> bool:
        """Whether nothing is left that could be gone on with."""
        outcomes = [one.outcome for one in self.keys.values()]
        return bool(outcomes) and all(outcome is not None and outcome.state.closed for outcome in outcomes)

    # What happens

    def begin(self) -> None:
        """It is at work (again)."""
        self.busy, self.error, self._took, self._began = True, None, None, time.monotonic()
        for one in self.keys.values():
            one.waits = one.outcome = None
        self.changes += 1

    def hear(self, event: "Event", now: datetime) -> bool:
        """One thing happened. Gives whether it has to be asked which key a rotation belongs to."""
        self.changes += 1
        if isinstance(event, CallMade):
            self.calls.append(event)
            self.called += 1
            return False
        rotation = event.what if isinstance(event, Finished) else getattr(event, "rotation", "")
        one = self._key(rotation)
        if one is None:
            self._early.append((event, now.strftime("%H:%M:%S")))
            return len(self._early) == 1
        self._heard(one, event, now.strftime("%H:%M:%S"))
        return False

    def _key(self, rotation: str) -> KeyLive | None:
        # Never guessed, not even of one key: one that shares a secret with it may be worked on too.
        return self.keys[self._of[rotation]] if rotation in self._of else None

    def belongs(self, found: Mapping[str, str]) -> None:
        """These rotations are of these keys; what was heard of them before is sorted in now."""
        for rotation, key in found.items():
            one = self.keys.setdefault(key, KeyLive(key, key.rpartition("/")[2]))
            self._of[rotation] = key
            one.rotation = one.rotation or rotation
        early, self._early = self._early, []
        for event, at in early:
            rotation = event.what if isinstance(event, Finished) else getattr(event, "rotation", "")
            if rotation in self._of:
                self._heard(self.keys[self._of[rotation]], event, at)
            else:
                self._early.append((event, at))
        self.changes += 1

    def _heard(self, one: KeyLive, event: "Event", at: str) -> None:
        if isinstance(event, StepStarted):
            one.waits = None
            _mark(one, event, DOING, at, what=event.what)
        elif isinstance(event, StepDone):
            _mark(one, event, DONE if event.ok else FAILED, at, evidence=event.detail)
        elif isinstance(event, Waiting):
            one.waits = event
            _rest(one, event)

    def turn_back(self) -> None:
        """An undo: its steps, before any of them is heard of."""
        for one in self.keys.values():
            for step in WAY_BACK:
                if one.line(step, "") is None:
                    one.add(Line(step, "", _WORDS[step]))
        self.changes += 1

    def ended(self, outcomes: Iterable[Any]) -> None:
        """The run came to the end of what it could do now."""
        self.busy, self._took = False, self.elapsed
        for outcome in outcomes:
            self.belongs({outcome.rotation: outcome.credential})
            one = self.keys[outcome.credential]
            one.outcome = outcome
            probed = one.line("confirm", "")
            if probed is not None and probed.mark == DONE and not outcome.state.closed:
                probed.mark = RESTS  # one probe of several
        self._nothing_under_way()
        self.changes += 1

    def failed(self, error: "KeywardError") -> None:
        """It stopped: why. What was done is on disk."""
        self.busy, self._took, self.error = False, self.elapsed, error
        self._nothing_under_way()
        self.changes += 1

    def _nothing_under_way(self) -> None:
        for line in (line for one in self.keys.values() for line in one.lines if line.mark == DOING):
            line.mark = RESTS

    def remember(self, history: "History", now: datetime) -> None:
        """What was done before this run, from the audit trail."""
        rotation = history.rotation
        self.belongs({rotation.id: rotation.old.id})
        one = self.keys[rotation.old.id]
        one.name = rotation.old.name or one.name
        for line in history.lines:
            if line.kind not in ("intent", "outcome") or not line.step:
                continue
            at = words.clock(line.at, now) if line.at else ""
            if line.kind == "intent":
                _mark(one, StepStarted(rotation.id, line.step, line.what, line.target), DOING, at, what=line.what)
            else:
                mark = DONE if line.ok is not False else FAILED
                done = StepDone(rotation.id, line.step, mark == DONE, line.evidence, line.target)
                _mark(one, done, mark, at, evidence=line.evidence)
        self.changes += 1


def _mark(
    one: KeyLive, event: StepStarted | StepDone, mark: str, at: str, *, what: str = "", evidence: str = ""
) -> None:
    if event.step in _AFTER and (overlap := one.line("overlap", "")) is not None and overlap.mark != LATER:
        overlap.mark = DONE
    if event.step == "cut-over" and mark == DONE:
        mark, evidence = RESTS, evidence or "every place has the new key"
    line = one.line(event.step, event.target)
    if line is None:
        step = _SAME.get(event.step, event.step)
        line = one.add(Line(step, event.target, what or f"{_WORDS.get(step, step)} {event.target}".rstrip()))
    if mark == DONE and event.step == "undo" and event.target and not line.target:
        mark = DOING  # one place of all
    line.mark, line.time = mark, at
    line.evidence = evidence or line.evidence


def _rest(one: KeyLive, event: Waiting) -> None:
    """The step that it stands still before: the one under way, else the one that this kind of waiting belongs to."""
    doing = [line for line in one.lines if line.mark in (DOING, RESTS)]
    name = _RESTING.get(event.waiting_on, "")
    left = [line for line in one.lines if line.mark in (LATER, FAILED)]
    line = doing[-1] if doing else next((line for line in left if line.step == name), left[0] if left else None)
    if line is not None and line.mark != FAILED:
        line.mark = RESTS


def why(event: Waiting, now: datetime) -> str:
    """Why it waits, and until when."""
    until = f" · until {words.until(event.until, now)}" if event.until is not None else ""
    return f"{event.why}{until}"
