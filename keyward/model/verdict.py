"""Whether a value works, as proved by using it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class VerdictKind(StrEnum):
    """The answers of DESIGN.md section 6, strongest first."""

    WORKS = "works"
    RECOGNISED = "recognised"
    UNPROVED = "unproved"
    NOT_YET = "not yet"
    BLOCKED = "blocked"
    UNREACHABLE = "unreachable"
    DEAD = "dead"


LEAKED = "blocked it as leaked"
"""What evidence says of a value that its provider knows to be public; `reported_leaked` finds it there."""


def reported_leaked(verdict: str, evidence: str) -> bool:
    """Whether that verdict, with that evidence, says that the provider reports the value as leaked."""
    return verdict == VerdictKind.BLOCKED and LEAKED in evidence


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict and its evidence: what was asked, what came back (clean, redacted), when (UTC)."""

    kind: VerdictKind
    evidence: str
    at: datetime | None = None
    reason: str = ""

    @property
    def alive(self) -> bool:
        """Whether the provider knows the value as a live credential: good enough for a rotation to go on by itself."""
        return self.kind in (VerdictKind.WORKS, VerdictKind.RECOGNISED)
