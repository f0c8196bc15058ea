"""What is explored: for each class, which things may happen how often. `SMALL` runs always, `LARGE` on demand (docs/crash-safety.md)."""

from typing import NamedTuple

from tests.rotation.explore.effects import Rules
from tests.rotation.explore.search import Explored, Search
from tests.rotation.explore.world import Budget


class Bound(NamedTuple):
    """One exploration: class (`D-` without an audit log), what may happen, how many targets, whether lists lag."""

    crash: str
    budget: Budget
    targets: int = 1
    lag: bool = False

    def __str__(self) -> str:
        may = ", ".join(f"{count} {name}" for name, count in self.budget._asdict().items() if count)
        lag = ", lists lag" if self.lag else ""
        return f"class {self.crash}, {self.targets} target{'s' if self.targets > 1 else ''}{lag}: at most {may}"


CLASSES = ("A", "B", "C", "D", "D-", "E")


def _every(*budgets: Budget, targets: int = 1) -> list[Bound]:
    return [Bound(crash, budget, targets) for budget in budgets for crash in CLASSES]


def _lagging(budget: Budget) -> list[Bound]:
    return [Bound(crash, budget, 1, lag=True) for crash in ("B", "C", "D", "D-")]


SMALL = [
    *_every(Budget(crashes=1, lost=1, pauses=0, edits=0, uses=1, undos=1)),
    *_every(Budget(crashes=1, lost=0, pauses=0, edits=1, uses=0, undos=1)),
    *_every(Budget(crashes=1, lost=0, pauses=0, edits=0, uses=0, undos=1), targets=2),
    *_every(Budget(crashes=0, lost=0, pauses=1, edits=0, uses=0, undos=0)),
    *_lagging(Budget(crashes=1, lost=1, pauses=0, edits=0, uses=0, undos=1)),
]
LARGE = [
    *_every(Budget(crashes=1, lost=1, pauses=0, edits=1, uses=1, undos=1)),
    *_every(Budget(crashes=2, lost=1, pauses=0, edits=2, uses=0, undos=1)),
    *_every(Budget(crashes=1, lost=0, pauses=0, edits=1, uses=0, undos=1), targets=2),
    *_every(Budget(crashes=1, lost=0, pauses=1, edits=0, uses=0, undos=1)),
    *_every(Budget(crashes=0, lost=0, pauses=1, edits=1, uses=1, undos=0)),
    *_lagging(Budget(crashes=2, lost=1, pauses=0, edits=0, uses=0, undos=1)),
    *_lagging(Budget(crashes=1, lost=0, pauses=1, edits=0, uses=0, undos=0)),
]


def explore(bound: Bound, *flaws: str) -> Explored:
    """Visit every state within the bound, with these deliberate mistakes."""
    rules = Rules(bound.crash[0], proof=bound.crash != "D-", lag=bound.lag, flaws=frozenset(flaws))
    return Search(rules, bound.budget, targets=bound.targets).explore()
