"""What every call to a provider or store carries."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from keyward.model.errors import Interrupted
from keyward.model.events import Event

T = TypeVar("T")


def _silent(event: Event) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Ctx:
    """Deadline, cancellation, clock, quota project and listener of one call.

    `clock` returns the present in UTC (the emulator's, when every endpoint is loopback). `deadline` is on that clock. `wait` sleeps
    that many seconds of that clock or until cancelled, and returns whether the time passed. `quota_project` is charged where the API
    allows it. `changes` says that the call is part of a change of the world: whoever is named for changes asks then, else whoever is named for
    reading. `report` hears events; it may be called from any thread. `calls` has every single request told too (`CallMade`), for who shows them. `roots` are what may be asked about in place of each scope below it,
    such as `organizations/123`. `memo` is what `once` remembers.
    """

    clock: Callable[[], datetime]
    wait: Callable[[float], bool]
    cancel: threading.Event = field(default_factory=threading.Event)
    deadline: datetime | None = None
    quota_project: str | None = None
    report: Callable[[Event], None] = _silent
    changes: bool = False
    calls: bool = False
    roots: tuple[str, ...] = ()
    memo: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def now(self) -> datetime:
        """The present, UTC."""
        return self.clock()

    def check(self) -> None:
        """Stop here when cancelled.

        Raises:
            Interrupted: the work was cancelled.
        """
        if self.cancel.is_set():
            raise Interrupted("Cancelled.")

    def once(self, question: object, ask: Callable[[], T]) -> T:
        """What `ask` answers, asked once for all calls that share this context: for what holds while a plan is made."""
        lock: threading.Lock = self.memo.setdefault(("asking", question), threading.Lock())
        with lock:
            if question not in self.memo:
                self.memo[question] = ask()
            answer: T = self.memo[question]
        return answer

    def within(self, seconds: float) -> "Ctx":
        """The same context with a deadline so many seconds from now (never later than the present deadline)."""
        until = self.now + timedelta(seconds=seconds)
        return replace(self, deadline=until if self.deadline is None else min(until, self.deadline))
