"""Which of the due keys one run starts: so many a run, so many a project, none in a blackout. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from keyward.rotation.due import Due


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one run starts, and after how many failures nothing more."""

    per_run: int = 5
    per_project: int = 1
    failures: int = 2


@dataclass(frozen=True, slots=True)
class Later:
    """A due key that this run leaves alone: why, and until when if that is known (UTC)."""

    key: Due
    why: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What a run starts, in this order, each entry one plan: keys that share a secret belong together. The rest with its reasons."""

    start: tuple[tuple[Due, ...], ...] = ()
    later: tuple[Later, ...] = ()


def choose(keys: Sequence[Due], limits: Limits, closed_until: datetime | None) -> Choice:
    """What to start now of keys that are due; those that are due the longest come first."""
    if closed_until is not None:
        why = f"blackout until {closed_until:%Y-%m-%d %H:%MZ}"
        return Choice(later=tuple(Later(key, why, closed_until) for key in keys))
    start: list[tuple[Due, ...]] = []
    later: list[Later] = []
    in_project: Counter[str] = Counter()
    started = 0
    for unit in units(keys):
        projects = {key.scope for key in unit}
        full = next((project for project in sorted(projects) if in_project[project] >= limits.per_project), "")
        if started and started + len(unit) > limits.per_run:
            later += [Later(key, f"this run starts {limits.per_run} at most (max_per_run)") for key in unit]
        elif full:
            why = f"this run starts {limits.per_project} in {full} at most (max_per_project)"
            later += [Later(key, why) for key in unit]
        else:
            start.append(unit)
            started += len(unit)
            in_project.update(projects)
    return Choice(tuple(start), tuple(later))


def units(keys: Iterable[Due]) -> list[tuple[Due, ...]]:
    """Keys that share a secret together (also through a third one), the others alone; what is due the longest first."""
    members: dict[int, list[Due]] = {}
    by_secret: dict[str, int] = {}
    for number, key in enumerate(sorted(keys, key=lambda one: (one.at is None, one.at, one.key))):
        touching = sorted({by_secret[secret] for secret in key.secrets if secret in by_secret})
        mine = touching[0] if touching else number
        members[mine] = [*(one for unit in touching for one in members.pop(unit)), key]
        by_secret.update({secret: mine for one in members[mine] for secret in one.secrets})
    return [tuple(members[number]) for number in sorted(members)]
