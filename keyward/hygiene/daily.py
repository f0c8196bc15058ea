"""Calls of a key by day, as rules on suspicious use read them: only days that a record counted. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

DAY = 86_400


@dataclass(frozen=True, slots=True)
class CallsOfDay:
    """One day (days since 1970-01-01, UTC) that was counted to its end: (service, response class, how many); none: no call."""

    day: int
    calls: tuple[tuple[str, str, int], ...] = ()

    @property
    def total(self) -> int:
        """All calls."""
        return sum(count for _, _, count in self.calls)

    @property
    def errors(self) -> int:
        """Calls that were refused or failed."""
        return sum(count for _, response, count in self.calls if response[:1] in {"4", "5"})

    @property
    def date(self) -> str:
        """Such as `2026-11-20`."""
        return f"{datetime.fromtimestamp(self.day * DAY, UTC):%Y-%m-%d}"

    def services(self) -> Mapping[str, int]:
        """Calls by service."""
        found: Counter[str] = Counter()
        for service, _, count in self.calls:
            found[service] += count
        return found


@dataclass(frozen=True, slots=True)
class Days:
    """The counted days of one key, oldest first; days between them that are missing were not counted."""

    days: tuple[CallsOfDay, ...] = ()

    @classmethod
    def of(cls, days: Iterable[CallsOfDay]) -> "Days":
        """Those days in order."""
        return cls(tuple(sorted(days, key=lambda one: one.day)))

    @property
    def last(self) -> CallsOfDay | None:
        """The newest."""
        return self.days[-1] if self.days else None

    def before(self, day: int, number: int) -> Sequence[CallsOfDay]:
        """The counted ones among so many days before that one."""
        return [one for one in self.days if day - number <= one.day < day]
