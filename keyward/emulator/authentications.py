"""How often service accounts proved who they are, and with which key: the counts behind two metrics of Monitoring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from keyward.emulator.counting import CountsByMinute

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from keyward.emulator.world import World


class Prover(NamedTuple):
    """What one count is about."""

    project: int
    """Number of the account's project."""
    unique_id: str
    """The account's."""
    key_id: str


class Authentications:
    """Counts by minute."""

    slot: ClassVar[str] = "authentications"

    def __init__(self, world: World) -> None:
        self._world = world
        self._counts: CountsByMinute[Prover] = CountsByMinute()

    def record(
        self, project: int, unique_id: str, key_id: str, *, count: int = 1, when: datetime | None = None
    ) -> None:
        """Count authentications with a key, now or (to plant history) at another time."""
        with self._world.lock:
            self._counts.add(Prover(project, unique_id, key_id), when or self._world.clock.now(), count)
            self._world.dirty = True

    def of(self, project: int) -> Iterator[tuple[Prover, dict[int, int]]]:
        """Iterate over the keys of a project that were used, with their counts by minute since the epoch."""
        return self._counts.of(project)

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON values."""
        return {"counts": self._counts.dump()}

    def load(self, data: Mapping[str, Any]) -> None:
        """Take back what `dump` gave."""
        for _ in self._counts.load(data["counts"], Prover):
            pass
