"""How far a scan is, as one line that is written over on a terminal, and as a few lines that stay."""

import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from keyward.cli import words
from keyward.model.events import QuotaWait, ScanStarted, SourceDone
from keyward.model.source import SourceStatus
from keyward.model.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keyward.model.events import Event

_LINES = 5
"""Sources that are told one by one for each way of ending badly; the rest is counted."""
_AGAIN = 30.0
"""Seconds that a wait must be longer than the one told before to be told again."""


class ScanProgress:
    """Counts a scan's events and puts them into words.

    Args:
        live: whether there is a line that is written over, so that waits need none of their own.
        now: the present (UTC), by the clock of the scan.
    """

    def __init__(self, *, live: bool, now: "Callable[[], datetime] | None" = None) -> None:
        self.tally = Tally()
        self._live = live
        self._now = now or (lambda: datetime.now(UTC))
        self._began = time.monotonic()
        self._told: Counter[SourceStatus] = Counter()
        self._waits: dict[tuple[str, str], float] = {}

    @property
    def running(self) -> bool:
        """Whether a scan is under way."""
        return bool(self.tally.sources) and not self.tally.over

    def hear(self, event: "Event") -> str:
        """Count it; the line that stays, or nothing."""
        if isinstance(event, ScanStarted) and not self.running:
            self._began = time.monotonic()
        self.tally.hear(event)
        if isinstance(event, SourceDone):
            return self._ended(event)
        if isinstance(event, QuotaWait) and not self._live:
            return self._waits_for(event)
        return ""

    def _ended(self, event: SourceDone) -> str:
        report = event.report
        if report.covered or report.status is SourceStatus.CANCELLED:
            return ""
        self._told[report.status] += 1
        if self._told[report.status] > _LINES:
            return ""
        needs = f" (needs {report.permission})" if report.permission else ""
        return f"{report.status.value:<12} {report.id}{needs}"

    def _waits_for(self, event: QuotaWait) -> str:
        until, wait = event.until.timestamp(), (event.api, event.project)
        if until < self._waits.get(wait, float("-inf")) + _AGAIN:
            return ""
        self._waits[wait] = until
        return quota_line(event)

    def rest(self) -> "Iterator[str]":
        """How many more ended badly than were told one by one; one line for each way."""
        for status, number in self._told.items():
            if number > _LINES:
                yield f"{status.value:<12} and {words.count(number - _LINES, 'more source')}"

    def line(self, columns: int) -> str:
        """The line that is written over, in so many columns: what matters most comes first, what has no room is left out."""
        tally = self.tally
        elapsed = time.monotonic() - self._began
        pieces = [f"{len(tally.reports):,}/{words.count(len(tally.sources), 'source')}"]
        pieces += [
            f"waiting for quota: {api} until {until.astimezone(UTC):%H:%M:%S} UTC"
            for api, until in sorted(tally.held(self._now()).items())
        ]
        errors = tally.errors()
        if errors:
            pieces.append(", ".join(f"{number:,} {status.value}" for status, number in sorted(errors.items())))
        pieces.append(f"{sum(tally.items.values()):,} found")
        left = tally.seconds_left(elapsed)
        if left is not None:
            pieces.append(f"about {round(left)} s left")
        pieces += [f"{kind.name} {kind.done:,}/{kind.total:,}" for kind in tally.kinds()]
        return fitted(pieces, columns)


def quota_line(event: QuotaWait) -> str:
    """A wait in words."""
    what = f"the minute's quota of {event.project} is used up" if event.project else "the minute's quota is used up"
    return f"quota        {event.api}: {what}; going on at {words.moment(event.until)}"


def fitted(pieces: list[str], columns: int) -> str:
    """As many of them as there is room for; the first is cut rather than left out."""
    from rich.cells import cell_len

    line = words.short(pieces[0], columns)
    for piece in pieces[1:]:
        if cell_len(f"{line}  {piece}") > columns:
            break
        line = f"{line}  {piece}"
    return line
