"""Policy: which rules hold where, with which limit and severity, and what somebody accepted until when. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from keyward.hygiene.exempt import Exempt
from keyward.hygiene.rule import Rule
from keyward.model.finding import Accepted, Severity
from keyward.model.query import Query
from keyward.model.query_rows import QueryRow

Holds = Callable[[QueryRow], bool]


@dataclass(frozen=True, slots=True)
class Override:
    """What `[[policy]]` says: for rules whose id fits the pattern and subjects for which the query holds. None says nothing."""

    rule: str
    query: Query
    limit: timedelta | int | None = None
    severity: Severity | None = None
    off: bool | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for one rule at one subject."""

    off: bool
    severity: Severity
    limit: timedelta | int | None


class Policy:
    """The overrides and exceptions of the settings, for one moment.

    Each setting is taken from the first override that fits and says it; what no override says is as the rule has it.

    Args:
        overrides: in the order of the file.
        exempt: accepted findings.
        now: the present (UTC).
    """

    def __init__(self, overrides: Sequence[Override] = (), exempt: Sequence[Exempt] = (), *, now: datetime) -> None:
        self._overrides = [(one, one.query.compile(now)) for one in overrides]
        self._exempt = [(one, one.query.compile(now)) for one in exempt if now.date() <= one.until]

    def of(self, rule: Rule) -> "RulePolicy":
        """The part of it that is about one rule."""
        overrides = [(one, holds) for one, holds in self._overrides if fnmatchcase(rule.id, one.rule)]
        exempt = [(one, holds) for one, holds in self._exempt if fnmatchcase(rule.id, one.rule)]
        return RulePolicy(rule, overrides, exempt)


class RulePolicy:
    """What the policy says of one rule.

    Args:
        rule: the rule.
        overrides: those for it, each with its predicate.
        exempt: the exceptions for it that hold now, each with its predicate.
    """

    def __init__(
        self, rule: Rule, overrides: Sequence[tuple[Override, Holds]], exempt: Sequence[tuple[Exempt, Holds]]
    ) -> None:
        self._rule, self._overrides, self._exempt = rule, overrides, exempt
        self._usual = Terms(off=False, severity=rule.severity, limit=rule.limit)

    def terms(self, row: QueryRow) -> Terms:
        """What holds at the subject that the row describes."""
        if not self._overrides:
            return self._usual
        fitting = [one for one, holds in self._overrides if holds(row)]
        off = next((one.off for one in fitting if one.off is not None), False)
        severity = next((one.severity for one in fitting if one.severity is not None), self._rule.severity)
        limit = self._rule.limit
        for one in fitting:
            if one.limit is not None:
                limit = one.limit
                break
        return Terms(off, severity, limit)

    def accepted(self, row: QueryRow) -> Accepted | None:
        """Who accepts now that the rule is broken there."""
        for one, holds in self._exempt:
            if holds(row):
                return Accepted(one.owner, one.until, one.why)
        return None
