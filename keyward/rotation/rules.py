"""Rules: which keys are rotated at which age, and how. The first that matches wins. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from keyward.model.query import Query
from keyward.model.query_rows import Columns
from keyward.rotation.policy import Policy, Retire

_CAREFUL = (Retire.NEVER, Retire.AUTO, Retire.NOW)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its number in the settings (from 1), its query, at which age a key is due; None leaves the rest to the settings."""

    number: int
    query: Query
    max_age: timedelta
    grace: timedelta | None = None
    soak: timedelta | None = None
    quiet: timedelta | None = None
    retire_by: timedelta | None = None
    retire: Retire | None = None

    @property
    def said(self) -> str:
        """The rule as people find it again."""
        return f"rule {self.number} ({self.query.text})"


def matched(rules: Sequence[Rule], columns: Columns, now: datetime) -> Mapping[int, Rule]:
    """The rule of each key, by its position in the columns; keys that no rule matches are left out."""
    left: Sequence[int] = range(len(columns.id))
    found: dict[int, Rule] = {}
    for rule in rules:
        found.update(dict.fromkeys(rule.query.columns(columns, left, now), rule))
        left = [at for at in left if at not in found]
    return found


def policy_under(base: Policy, rules: Iterable[Rule]) -> Policy:
    """The policy for keys of these rules that are rotated together: where they differ, the more careful word counts."""
    careful: Policy | None = None
    for rule in rules:
        one = replace(
            base,
            grace=base.grace if rule.grace is None else rule.grace,
            soak=base.soak if rule.soak is None else rule.soak,
            quiet=base.quiet if rule.quiet is None else rule.quiet,
            retire_by=base.retire_by if rule.retire_by is None else rule.retire_by,
            retire=base.retire if rule.retire is None else rule.retire,
        )
        careful = one if careful is None else _both(careful, one)
    return careful or base


def _both(one: Policy, other: Policy) -> Policy:
    quiets = [quiet for quiet in (one.quiet, other.quiet) if quiet is not None]
    return replace(
        one,
        grace=max(one.grace, other.grace),
        soak=max(one.soak, other.soak),
        quiet=max(quiets, default=None),
        retire_by=max(one.retire_by, other.retire_by),
        retire=min(one.retire, other.retire, key=_CAREFUL.index),
    )
