"""The present, and how to wait for a later one.

On real Google it is this machine's clock. Where every endpoint is loopback it is the emulator's: that clock may run faster or be moved
while keyward waits, so waiting looks at it again and again.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

_RESYNC = 0.5
"""Real seconds after which an emulator's clock is asked again."""


def steady() -> float:
    """Seconds by a clock that goes on while the machine sleeps and that nobody sets; only differences mean something."""
    # macOS counts CLOCK_MONOTONIC through sleep, Linux only CLOCK_BOOTTIME.
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Clock(Protocol):
    """Tells the time in UTC and waits on it."""

    def now(self) -> datetime:
        """The present, UTC."""
        ...

    def wait(self, seconds: float, cancel: threading.Event) -> bool:
        """Wait so many seconds of this clock, or until cancelled; whether the time passed."""
        ...


class SystemClock:
    """This machine's clock."""

    def now(self) -> datetime:
        """The present, UTC."""
        return datetime.now(UTC)

    def wait(self, seconds: float, cancel: threading.Event) -> bool:
        """Wait so many seconds, or until cancelled; whether the time passed."""
        return not cancel.wait(max(0.0, seconds))


class FollowedClock:
    """A clock that another process keeps.

    Args:
        ask: returns its present (UTC) and how many times faster than real time it runs.
    """

    def __init__(self, ask: Callable[[], tuple[datetime, float]]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._base, self._rate = datetime.now(UTC), 1.0

    def now(self) -> datetime:
        """The present, UTC, at most half a real second after it was last asked."""
        with self._lock:
            here = time.monotonic()
            if here - self._asked >= _RESYNC:
                try:
                    self._base, self._rate = self._ask()
                except OSError:  # it is being restarted: go on from what is known
                    self._base += timedelta(seconds=max(0.0, here - self._asked) * self._rate)
                self._asked = here
            return self._base + timedelta(seconds=(here - self._asked) * self._rate)

    def wait(self, seconds: float, cancel: threading.Event) -> bool:
        """Wait so many seconds of that clock, or until cancelled; whether the time passed. A clock that is moved ends it early."""
        until = self.now() + timedelta(seconds=max(0.0, seconds))
        while (left := (until - self.now()).total_seconds()) > 0:
            if cancel.wait(min(_RESYNC, left / max(self._rate, 1e-6))):
                return False
        return not cancel.is_set()
