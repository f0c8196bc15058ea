"""Who called what with which key: the counts behind Monitoring and behind `checkExistingUsage`."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from keyward.emulator.counting import CountsByMinute

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keyward.emulator.world import World


class Series(NamedTuple):
    """What one count is about."""

    project: int
    """Number of the project that owns the key."""
    uid: str
    service: str
    code_class: str
    """`2xx`, `4xx` or `5xx`."""


class Usage:
    """Counts of requests by minute."""

    slot: ClassVar[str] = "usage"

    def __init__(self, world: World) -> None:
        self._world = world
        self._counts: CountsByMinute[Series] = CountsByMinute()
        self._by_uid: dict[str, set[Series]] = defaultdict(set)

    def record(
        self,
        project: int,
        uid: str,
        service: str,
        *,
        code: int = 200,
        count: int = 1,
        when: datetime | None = None,
    ) -> None:
        """Count requests with a key, now or (to plant history) at another time."""
        with self._world.lock:
            series = Series(project, uid, service, f"{code // 100}xx")
            self._counts.add(series, when or self._world.clock.now(), count)
            self._by_uid[uid].add(series)
            self._world.dirty = True

    def last(self, uid: str) -> datetime | None:
        """Give the minute of the last request with a key, whatever its outcome; None when there was none."""
        minutes = [self._counts.last(series) for series in self._by_uid.get(uid, ())]
        return datetime.fromtimestamp(max(minutes) * 60, UTC) if minutes else None

    def series(self, project: int) -> Iterator[tuple[Series, dict[int, int]]]:
        """Iterate over the series of a project with their counts by minute since the epoch."""
        return self._counts.of(project)

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON values."""
        return {"counts": self._counts.dump()}

    def load(self, data: Mapping[str, Any]) -> None:
        """Take back what `dump` gave."""
        for series in self._counts.load(data["counts"], Series):
            self._by_uid[series.uid].add(series)
