"""When one key was called: the days that scans kept, what is known of the last use, and what that record cannot see."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from keyward.inventory.snapshots import file
from keyward.inventory.snapshots.days import DayCalls, DayState, moment_of, read
from keyward.inventory.times import DAY, seconds, stamp
from keyward.model.errors import UnknownKey
from keyward.model.usage import UseStatus

if TYPE_CHECKING:
    from keyward.desk.desk import Desk
    from keyward.model.usage import LastUse

SCHEMA = "keyward.usage/1"
WINDOW = 42
"""Days that are shown when nobody says how many."""

_WHY = {
    UseStatus.DENIED: "reading the record was denied",
    UseStatus.UNSUPPORTED: "nobody keeps a record of this key",
    UseStatus.FAILED: "reading the record failed",
    UseStatus.NOT_SCANNED: "nobody asked for the record yet",
}


@dataclass(frozen=True, slots=True)
class KeyUsage:
    """Calls of one key. Moments are UTC; `days` are all days of the window, oldest first; `created` is None when nobody knows it.

    `unknown` says in words why no use can be told at all, and is empty when it can.
    """

    key: str
    name: str | None
    world: str
    at: datetime
    scanned: datetime | None
    created: datetime | None
    last_use: "LastUse"
    days: tuple[DayCalls, ...]
    unknown: str = ""

    @property
    def total(self) -> int | None:
        """Calls in the window; None when no day of it was counted."""
        known = [one.total for one in self.days if one.state is not DayState.NOT_COUNTED]
        return sum(known) if known else None

    def by_service(self) -> Mapping[str, int]:
        """Calls by service, the most called first."""
        return self._sums(0)

    def by_response(self) -> Mapping[str, int]:
        """Calls by response class such as `2xx`, in their order."""
        return dict(sorted(self._sums(1).items()))

    def _sums(self, at: int) -> dict[str, int]:
        sums: Counter[str] = Counter()
        for day in self.days:
            for call in day.calls:
                sums[str(call[at])] += call[2]
        return dict(sums.most_common())

    def state(self, one: DayCalls) -> str:
        """What is known of one of the days: `counted`, `so_far`, `not_counted`, or `before_created`."""
        early = self.created is not None and moment_of(one.day + 1) <= self.created
        return "before_created" if early and not one.calls else one.state.value

    def cannot_see(self) -> Iterator[str]:
        """What is missing from these numbers, a sentence each."""
        if self.unknown:
            yield self.unknown + (f": {self.last_use.detail}" if self.last_use.detail else "")
            return
        if self.last_use.lag:
            yield f"a call can stay unseen for {_span(self.last_use.lag.total_seconds())}"
        yield "who called and from where: calls are counted by service and response class"
        if self.last_use.precision.total_seconds() >= DAY:
            yield "the hour: a day is the 24 hours that the record counts together and that lie mostly in that day (UTC)"
        missing = sum(self.state(one) == DayState.NOT_COUNTED for one in self.days)
        if missing:
            reach = f"; the record reaches {self.last_use.window_days} days back" if self.last_use.window_days else ""
            yield f"{missing} of {len(self.days)} days: no scan has counted them{reach}"
        if self.last_use.detail:
            yield self.last_use.detail


def usage(desk: "Desk", key: str, days: int = WINDOW) -> KeyUsage:
    """Calls of one key (a full id) in the last days, today included, from what scans kept; nothing is asked.

    Raises:
        UnknownKey: there is none of that id.
        KeywardError: what was kept cannot be read.
    """
    with closing(desk.cache()) as cache:
        found, scanned = cache.credential(key), cache.scanned_at
    if found is None:
        raise UnknownKey(f"There is no key {key!r} in the last scan.", hint="`keyward scan` looks again.")
    now = desk.parts.clock.now()
    today = int(now.timestamp() // DAY)
    kept = file.to_read(desk.parts.paths.snapshots, desk.parts.world)
    try:
        rows = read(kept, key, found.ref.source, today - days + 1, today)
    finally:
        if kept is not None:
            kept.close()
    status = found.last_use.status
    unknown = _WHY.get(status, "")
    if any(one.state is not DayState.NOT_COUNTED for one in rows):
        unknown = ""
    return KeyUsage(key, found.name, desk.parts.world, now, scanned, found.created, found.last_use, rows, unknown)


def to_json(found: KeyUsage) -> dict[str, object]:
    """The document `keyward.usage/1`."""
    use = found.last_use
    return {
        "schema": SCHEMA,
        "world": found.world,
        "key": found.key,
        "name": found.name,
        "scanned_at": stamp(seconds(found.scanned)),
        "window": {"first": day_text(found.days[0].day), "last": day_text(found.days[-1].day), "days": len(found.days)},
        "record": {
            "status": use.status.value,
            "last_used_at": stamp(seconds(use.at)),
            "source": use.source or None,
            "window_days": use.window_days,
            "lag_seconds": int(use.lag.total_seconds()),
            "precision_seconds": int(use.precision.total_seconds()),
        },
        "calls": found.total,
        "services": dict(found.by_service()),
        "responses": dict(found.by_response()),
        "days": [_day(found, one) for one in found.days],
        "cannot_see": list(found.cannot_see()),
    }


def _day(found: KeyUsage, one: DayCalls) -> dict[str, object]:
    state = found.state(one)
    return {
        "day": day_text(one.day),
        "state": state,
        "calls": None if state in {"not_counted", "before_created"} else one.total,
        "by": [{"service": service, "response": response, "calls": calls} for service, response, calls in one.calls],
    }


def day_text(day: int) -> str:
    """Such as `2026-11-20`."""
    return moment_of(day).strftime("%Y-%m-%d")


def _span(length: float) -> str:
    for size, unit in ((3_600.0, "h"), (60.0, "min")):
        if length >= size:
            return f"{length / size:g} {unit}"
    return f"{length:g} s"
