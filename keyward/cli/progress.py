"""What the engines tell while they work, as lines on stderr."""

import shutil
import sys
import threading
from typing import TYPE_CHECKING

from keyward.cli import words
from keyward.cli.scan_progress import ScanProgress

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from keyward.model import events
    from keyward.model.events import Event


class Progress:
    """Writes one line an event; may be called from any thread. Sources are counted in one line that is written over.

    Args:
        quiet: write nothing, as for output that only a program reads.
        now: the present (UTC), by the clock of the scan.
    """

    def __init__(self, *, quiet: bool = False, now: "Callable[[], datetime] | None" = None) -> None:
        self._quiet = quiet
        self._lock = threading.Lock()
        self._live = sys.stderr.isatty() and not quiet
        self._scan = ScanProgress(live=self._live, now=now)
        self._shown: set[str] = set()
        self._last = ""

    def __call__(self, event: "Event") -> None:
        """Hear one event."""
        if self._quiet or type(event).__name__ == "CallMade":  # the app shows single requests
            return
        tellers: dict[str, Callable[..., str]] = {
            "StepStarted": self._step_started,
            "StepDone": self._step_done,
            "Waiting": self._waiting,
        }
        teller = tellers.get(type(event).__name__)
        with self._lock:
            line = teller(event) if teller is not None else self._scan.hear(event)
            if line and line != self._last:  # the same probe again says nothing new
                self._last = line
                self._clear()
                sys.stderr.write(line + "\n")
            if self._live and self._scan.running:
                columns = shutil.get_terminal_size().columns
                sys.stderr.write(f"\r\x1b[K{self._scan.line(columns - 1)}")
                sys.stderr.flush()

    def end(self) -> None:
        """Nothing more comes: take the running count away."""
        with self._lock:
            self._clear()
            if not self._quiet:
                sys.stderr.writelines(f"{line}\n" for line in self._scan.rest())

    def _clear(self) -> None:
        if self._live:
            sys.stderr.write("\r\x1b[K")

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
