"""How far a scan has come, counted from its events: per source, per kind of source, and what is waited for."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from keyward.model.events import Event, Finished, QuotaWait, ScanStarted, SourceDone, SourceProgress
from keyward.model.source import SourceReport, SourceStatus

_ENOUGH = 20
_SECONDS = 2.0
"""Answers and seconds before their pace says anything."""


@dataclass(frozen=True, slots=True)
class Kind:
    """All sources of one provider or store: how many there are and have ended, and how; their entries so far.

    `found` is None where nothing came and none was read whole: there may be some.
    """

    name: str
    total: int
    done: int
    found: int | None
    ended: Mapping[SourceStatus, int]


@dataclass(slots=True)
class Tally:
    """Counts; the one who owns it keeps threads apart.

    `sources` are all that the scan asks, `reports` those that ended, `items` entries so far, `waiting` APIs whose quota is used up and
    when they go on (UTC). `left` counts questions that are known to be still without an answer.
    """

    sources: list[str] = field(default_factory=list)
    reports: dict[str, SourceReport] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, datetime] = field(default_factory=dict)
    over: bool = False
    _open: dict[str, int] = field(default_factory=dict)
    _listed: set[str] = field(default_factory=set)
    _answers: int = 0

    def hear(self, event: Event) -> None:
        """Count one event."""
        match event:
            case ScanStarted(sources=sources):
                self.sources += [one for one in sources if one not in self.items]
                self.items |= dict.fromkeys(sources, 0)
                self.over = False
            case SourceProgress():
                self.items[event.source] = event.items
                self._open[event.source] = event.open
                self._answers += event.answers
                if event.listed:
                    self._listed.add(event.source)
            case SourceDone(report=report):
                self.reports[report.id] = report
                self.items[report.id] = report.items
                self._open.pop(report.id, None)
            case QuotaWait(api=api, until=until):
                self.waiting[api] = max(until, self.waiting.get(api, until))
            case Finished(what="scan"):
                self.over = True
                self.waiting.clear()
            case _:
                pass

    @property
    def left(self) -> int | None:
        """How many questions are still without an answer; None while a source is listed, because its length is not known before its end."""
        if any(one not in self.reports and one not in self._listed for one in self.sources):
            return None
        return sum(self._open.values())

    def seconds_left(self, elapsed: float) -> float | None:
        """How long the rest takes at the pace so far; None when that is not known.

        Args:
            elapsed: seconds since the start.
        """
        left = self.left
        if not left or self.waiting or self._answers < _ENOUGH or elapsed < _SECONDS:
            return None
        return left * elapsed / self._answers

    def held(self, now: datetime) -> Mapping[str, datetime]:
        """The APIs that are waited for, and until when; a wait that is over is forgotten."""
        self.waiting = {api: until for api, until in self.waiting.items() if until > now}
        return self.waiting

    def errors(self) -> Mapping[SourceStatus, int]:
        """How many sources ended otherwise than well, by how."""
        return Counter(one.status for one in self.reports.values() if one.status is not SourceStatus.OK)

    def kinds(self) -> Iterator[Kind]:
        """The sources by provider or store."""
        return kinds(self.sources, self.reports, self.items)


def kinds(sources: Sequence[str], reports: Mapping[str, SourceReport], items: Mapping[str, int]) -> Iterator[Kind]:
    """The sources by provider or store, in the order of their names."""
    by_name: dict[str, list[str]] = {}
    for one in sources:
        by_name.setdefault(one.partition(":")[0], []).append(one)
    for name, group in sorted(by_name.items()):
        ended = [reports[one] for one in group if one in reports]
        came = sum(items.get(one, 0) for one in group)
        how = Counter(one.status for one in ended)
        yield Kind(name, len(group), len(ended), came if came or how[SourceStatus.OK] else None, how)
