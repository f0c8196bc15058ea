"""What a rule says of something: whether it is broken there, what that rests on, and what mends it."""

import hashlib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

UNKNOWN, UNJUDGED = "unknown", "unjudged"
"""What stands behind the rules that a key breaks where one of the others cannot be told there, and instead where none was ever asked."""


class Result(StrEnum):
    """How a rule ended for one subject. Unknown is never a pass."""

    FAIL = "fail"
    UNKNOWN = "unknown"
    PASS = "pass"  # noqa: S105  # a word, not a password
    NOT_APPLICABLE = "not_applicable"


class Severity(StrEnum):
    """How bad it is that a rule is broken, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return tuple(Severity).index(self)


class Subject(StrEnum):
    """What a rule looks at."""

    KEY = "key"
    SECRET = "secret"  # noqa: S105  # a word
    PROJECT = "project"
    ROTATION = "rotation"
    EXCEPTION = "exception"
    ATTESTATION = "attestation"


@dataclass(frozen=True, slots=True)
class Fix:
    """What mends it: a sentence, and command lines that do it. They hold ids, never display names."""

    text: str = ""
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """Who accepted a finding, until which day (UTC, that day included), and why."""

    owner: str
    until: date
    why: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that is broken, or that nobody can tell of, for one subject.

    `rule` is its id; `subject` the id of a key or secret, `project:ID`, the id of a rotation, or `attestation:ITEM/SCOPE`; `scope` where that is. `about` tells
    several findings of one rule at one subject apart, such as the place meant; it is never something that changes by itself. `evidence`
    are facts in words, clean and without a value. `accepted` is set while somebody accepted it. `name` is
    the display name, clean, for people to recognise the subject by; nothing rests on it.
    """

    rule: str
    of: Subject
    subject: str
    scope: str
    result: Result
    severity: Severity
    evidence: tuple[str, ...]
    fix: Fix = Fix()
    about: str = ""
    accepted: Accepted | None = None
    name: str = ""

    @property
    def id(self) -> str:
        """Stable between runs and hosts: it depends on the rule, the subject and `about`, on nothing else."""
        said = f"{self.rule}\0{self.subject}\0{self.about}"
        digest = hashlib.sha256(said.encode("utf-8", "surrogatepass"))
        return f"{self.rule}-{digest.hexdigest()[:16]}"

    @property
    def counts(self) -> bool:
        """Whether it is broken and nobody accepted that."""
        return self.result is Result.FAIL and self.accepted is None
