"""The emulator's time: it can start anywhere, jump forward and run faster than real time."""

from __future__ import annotations

import re
import threading
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """A thread-safe clock in UTC.

    Args:
        start: first reading; None starts at the real time.
        rate: emulated seconds per real second; 0 stands still until `advance`.
    """

    def __init__(self, start: datetime | None = None, rate: float = 1.0) -> None:
        self._lock = threading.Lock()
        self._base = (start or datetime.now(UTC)).astimezone(UTC)
        self._mark = time.monotonic()
        self._rate = rate

    @property
    def rate(self) -> float:
        """Emulated seconds per real second."""
        return self._rate

    def now(self) -> datetime:
        """Give the emulated time in UTC."""
        with self._lock:
            return self._read()

    def advance(self, seconds: float) -> datetime:
        """Jump forward (or, with a negative number, back) and give the new time."""
        with self._lock:
            self._rebase(self._read() + timedelta(seconds=seconds))
            return self._base

    def set_now(self, now: datetime) -> None:
        """Continue from another time."""
        with self._lock:
            self._rebase(now.astimezone(UTC))

    def set_rate(self, rate: float) -> None:
        """Run `rate` times as fast as real time from here on."""
        with self._lock:
            self._rebase(self._read())
            self._rate = rate

    def _read(self) -> datetime:
        return self._base + timedelta(seconds=(time.monotonic() - self._mark) * self._rate)

    def _rebase(self, now: datetime) -> None:
        self._base = now
        self._mark = time.monotonic()


def micros(moment: datetime) -> str:
    """Spell a time as RFC 3339 with microseconds, as most Google APIs do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def nanos(moment: datetime, rest: int = 0) -> str:
    """Spell a time as RFC 3339 with nanoseconds; `rest` (0 to 999) gives the last three digits."""
    return moment.astimezone(UTC).strftime(f"%Y-%m-%dT%H:%M:%S.%f{rest:03d}Z")


def seconds(moment: datetime) -> str:
    """Spell a time as RFC 3339 with whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(text: str) -> datetime:
    """Read an RFC 3339 time; digits beyond microseconds are cut off.

    Raises:
        ValueError: the text is no such time.
    """
    short = re.sub(r"(\.\d{1,6})\d*", lambda digits: digits[1].ljust(7, "0"), text.strip())
    moment = datetime.fromisoformat(short)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
