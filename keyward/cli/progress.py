"""What the engines tell while they work, as lines on stderr."""

import sys
import threading
from typing import TYPE_CHECKING

from keyward.cli import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyward.model import events
    from keyward.model.events import Event


class Progress:
    """Writes one line an event; may be called from any thread. Sources that are fine are only counted.

    Args:
        quiet: write nothing, as for output that only a program reads.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._lock = threading.Lock()
        self._live = sys.stderr.isatty() and not quiet
        self._done = self._all = 0
        self._shown: set[str] = set()
        self._last = ""

    def __call__(self, event: "Event") -> None:
        """Hear one event."""
        if self._quiet:
            return
        tellers: dict[str, Callable[..., str]] = {
            "ScanStarted": self._scan_started,
            "SourceDone": self._source_done,
            "QuotaWait": self._quota,
            "StepStarted": self._step_started,
            "StepDone": self._step_done,
            "Waiting": self._waiting,
        }
        teller = tellers.get(type(event).__name__)
        with self._lock:
            line = teller(event) if teller is not None else ""
            if line and line != self._last:  # the same probe again says nothing new
                self._last = line
                self._clear()
                sys.stderr.write(line + "\n")
            if self._live and self._done < self._all:
                sys.stderr.write(f"\r\x1b[K{self._done}/{words.count(self._all, 'source')}")
                sys.stderr.flush()

    def end(self) -> None:
        """Nothing more comes: take the running count away."""
        with self._lock:
            self._all = 0
            self._clear()

    def _clear(self) -> None:
        if self._live:
            sys.stderr.write("\r\x1b[K")

    def _scan_started(self, event: "events.ScanStarted") -> str:
        self._all += len(event.sources)
        return ""

    def _source_done(self, event: "events.SourceDone") -> str:
        self._done += 1
        report = event.report
        if report.status.value in {"ok", "disabled"}:
            return ""
        needs = f" (needs {report.permission})" if report.permission else ""
        return f"{report.status.value:<12} {report.id}{needs}"

    def _quota(self, event: "events.QuotaWait") -> str:
        return f"quota        {event.api} is full; going on at {words.moment(event.until)}"

    def _step_started(self, event: "events.StepStarted") -> str:
        return f"{event.step:<12} {event.what}"

    def _step_done(self, event: "events.StepDone") -> str:
        sign = "done" if event.ok else "not done"
        at = f" {event.target}" if event.target else ""
        return f"{'':<12} {sign}{at}{f': {event.detail}' if event.detail else ''}"

    def _waiting(self, event: "events.Waiting") -> str:
        until = f"; again at {words.moment(event.until)}" if event.until else ""
        line = f"{'waiting':<12} on {event.waiting_on}: {event.why}{until}"
        reason = f"{event.rotation} {event.waiting_on} {event.why}"
        if reason in self._shown:  # a run that waits asks again and again
            return ""
        self._shown.add(reason)
        return line
