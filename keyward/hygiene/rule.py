"""What a rule is: facts about it as data, and one pure function that judges one subject."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from keyward.hygiene.estate import Estate
from keyward.model.finding import Fix, Result, Severity, Subject

NO_FIX = Fix()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rule says of one subject: the result and, unless it passes, facts in words and what to do.

    `about` tells several judgements of one subject apart and never changes by itself; `severity` is set where it is another one than
    the rule's.
    """

    result: Result
    evidence: tuple[str, ...] = ()
    fix: Fix = NO_FIX
    about: str = ""
    severity: Severity | None = None


Judge = Callable[[Any, Estate, Any], Iterable[Judgement]]
"""(subject, everything known, limit) -> judgements; none where the rule does not apply. The subject is a `Credential`, a `SecretInfo`, the
id of a project, a `RotationRow`, an `Exempt` or an `AttestationRow`, as `Rule.of` says; the limit has the type of `Rule.limit`."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    `id` is never given to another one, also when the rule goes. `why` says what can happen, `source` where that can be read. `limit` is
    the threshold until a policy sets another one: a length of time or a number, and `limit_is` says what it counts. `needs` is the
    command without which it stays unknown.
    """

    id: str
    title: str
    why: str
    severity: Severity
    of: Subject
    judge: Judge
    source: str
    limit: timedelta | int | None = None
    limit_is: str = ""
    needs: str = ""


def broken(
    *evidence: str, text: str = "", commands: Iterable[str] = (), about: str = "", severity: Severity | None = None
) -> Judgement:
    """The rule is broken: the facts, a sentence on what to do, the command lines that do it."""
    return Judgement(Result.FAIL, evidence, Fix(text, tuple(commands)), about, severity)


def unknown(*evidence: str, text: str = "", commands: Iterable[str] = (), about: str = "") -> Judgement:
    """Nobody can tell: why, and what would make it known."""
    return Judgement(Result.UNKNOWN, evidence, Fix(text, tuple(commands)), about)


KEPT = Judgement(Result.PASS)
"""The rule is kept."""
