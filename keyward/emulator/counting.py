"""Counts by minute: history costs one number for each minute in which something happened."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime


class Subject(Protocol):
    """What one count is about: a named tuple that begins with the number of a project."""

    @property
    def project(self) -> int:
        """Number of the project."""

    def __iter__(self) -> Iterator[Any]: ...

    def __lt__(self, other: Any, /) -> bool: ...


S = TypeVar("S", bound=Subject)


class CountsByMinute(Generic[S]):
    """The counts of many subjects, by minute since the epoch."""

    def __init__(self) -> None:
        self._minutes: dict[S, dict[int, int]] = {}
        self._by_project: dict[int, set[S]] = defaultdict(set)

    def add(self, subject: S, when: datetime, count: int) -> None:
        """Count something that happened."""
        minutes = self._of(subject)
        minute = int(when.timestamp() // 60)
        minutes[minute] = minutes.get(minute, 0) + count

    def last(self, subject: S) -> int:
        """Give the last minute in which anything was counted."""
        return max(self._minutes[subject])

    def of(self, project: int) -> Iterator[tuple[S, dict[int, int]]]:
        """Iterate over the subjects of a project with their counts."""
        for subject in sorted(self._by_project.get(project, ())):
            yield subject, self._minutes[subject]

    def dump(self) -> list[Any]:
        """Give everything as JSON values."""
        return [[*subject, sorted(minutes.items())] for subject, minutes in sorted(self._minutes.items())]

    def load(self, data: Iterable[Any], subject: Callable[..., S]) -> Iterator[S]:
        """Take back what `dump` gave, subject by subject."""
        for *names, minutes in data:
            found = subject(*names)
            self._of(found).update(dict(minutes))
            yield found

    def _of(self, subject: S) -> dict[int, int]:
        self._by_project[subject.project].add(subject)
        return self._minutes.setdefault(subject, {})
