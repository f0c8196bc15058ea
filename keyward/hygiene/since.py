"""What is new, changed or fixed since an earlier check. Pure. What was not judged this time is called so, and never fixed."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from keyward.hygiene.estate import Estate
from keyward.hygiene.judging import found_again
from keyward.hygiene.policy import Policy
from keyward.hygiene.rule import Rule
from keyward.model.earlier import Earlier
from keyward.model.finding import Finding, Result, Subject
from keyward.model.ids import DECLARED, SHAPE
from keyward.model.query_rows import QueryRow
from keyward.model.source import SourceReport, SourceStatus

_GROWS = re.compile(r"\d[\d,]* (?:day|hour)s?\b")
"""Lengths of time in evidence: they are others every day, and that is no news."""

_SCANNED = (Subject.KEY, Subject.SECRET, Subject.PROJECT)


class Change(StrEnum):
    """How a finding stands to the earlier check."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FIXED = "fixed"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True, slots=True)
class Gone:
    """A broken rule of the earlier check that is not told now: `fixed`, or `not_judged` and why."""

    earlier: Earlier
    change: Change
    why: str = ""


@dataclass(frozen=True, slots=True)
class Since:
    """The comparison with a check that was kept at `at` (UTC).

    `changes` say of each finding by its id how it stands; `worse` are ids of those that did not count before, or weighed less. `gone` are
    those that are not told now. `note` says when another check stands in for the one that was wanted.
    """

    at: datetime
    changes: Mapping[str, Change]
    worse: frozenset[str]
    gone: Sequence[Gone]
    note: str = ""

    def of(self, change: Change) -> int:
        """How many."""
        return sum(one is change for one in self.changes.values()) + sum(one.change is change for one in self.gone)

    def is_news(self, finding: str) -> bool:
        """Whether that finding is new, or worse than before."""
        return self.changes.get(finding, Change.NEW) is Change.NEW or finding in self.worse


@dataclass(frozen=True, slots=True)
class Now:
    """What is judged now: `wanted` narrows the subjects and `every` says that no rule was left out."""

    rules: Sequence[Rule]
    estate: Estate
    policy: Policy
    wanted: Callable[[QueryRow], bool] | None = None
    every: bool = True


def as_kept(findings: Iterable[Finding]) -> Iterator[Earlier]:
    """The findings as a later check compares them."""
    for one in findings:
        evidence = tuple(_GROWS.sub("N days", fact) for fact in one.evidence)
        accepted = one.accepted is not None
        yield Earlier(
            one.id, one.rule, one.of, one.subject, one.scope, one.about, one.result, one.severity, evidence, accepted
        )


def compare(
    at: datetime, before: Mapping[str, Earlier], findings: Iterable[Finding], now: Now, note: str = ""
) -> Since:
    """Compare.

    Args:
        at: when the earlier check was.
        before: what it told, by the id of the finding.
        findings: what is told now.
        now: what that rests on, to tell what is fixed from what was not judged.
        note: why another check stands in for the one that was wanted.
    """
    current = {one.id: one for one in as_kept(findings)}
    changes = {one.id: _change(before.get(one.id), one) for one in current.values()}
    worse = (one.id for one in current.values() if one.id in before and _worse(before[one.id], one))
    lost = (one for one in before.values() if one.id not in current and one.result is Result.FAIL)
    gone = [found for one in lost if (found := _fate(one, now)) is not None]
    gone.sort(key=lambda one: (one.change, one.earlier.severity.rank, one.earlier.rule, one.earlier.subject))
    return Since(at, changes, frozenset(worse), gone, note)


def _change(before: Earlier | None, now: Earlier) -> Change:
    if before is None or (before.result, now.result) == (Result.UNKNOWN, Result.FAIL):
        return Change.NEW
    if (before.result, now.result) == (Result.FAIL, Result.UNKNOWN):
        return Change.NOT_JUDGED
    if before.result is Result.UNKNOWN:  # why it is not known may name whatever else was not seen this time
        before = replace(before, evidence=now.evidence)
    return Change.UNCHANGED if before == now else Change.CHANGED


def _worse(before: Earlier, now: Earlier) -> bool:
    return (before.accepted and not now.accepted) or now.severity.rank < before.severity.rank


def _fate(one: Earlier, now: Now) -> Gone | None:
    """What became of it; None where this check is not about it."""
    rule = next((rule for rule in now.rules if rule.id == one.rule), None)
    if rule is None:
        return Gone(one, Change.NOT_JUDGED, "there is no such rule any more") if now.every else None
    found = found_again(one.of, one.subject, now.estate)
    row = found[0] if found else QueryRow(one.subject, scope=one.scope, provider=one.subject.partition(":")[0])
    if now.wanted is not None and not now.wanted(row):
        return None
    if now.policy.of(rule).terms(row).off:
        return Gone(one, Change.NOT_JUDGED, "the policy switches the rule off there")
    if one.of in _SCANNED and (unseen := _unseen(one, now.estate.sources)):
        return Gone(one, Change.NOT_JUDGED, unseen)
    return _judged_again(one, rule, found, now)


def _judged_again(one: Earlier, rule: Rule, found: tuple[QueryRow, Any] | None, now: Now) -> Gone:
    if found is None:
        return Gone(one, Change.FIXED, "it is gone")
    terms = now.policy.of(rule).terms(found[0])
    doubts = [each for each in rule.judge(found[1], now.estate, terms.limit) if each.result is Result.UNKNOWN]
    if doubts:
        return Gone(one, Change.NOT_JUDGED, "; ".join(doubts[0].evidence))
    return Gone(one, Change.FIXED)


def _unseen(one: Earlier, sources: Mapping[str, SourceReport]) -> str:
    """Why nobody can say that it is fixed: the sources that could tell were not seen as a whole, or not asked."""
    plugin = one.subject.partition(":")[0]
    if one.of is Subject.PROJECT:
        asked = [each for each in sources.values() if each.id.partition(":")[2].partition("@")[0] == one.scope]
    elif plugin in (SHAPE, DECLARED):
        asked = list(sources.values())  # such a key can lie anywhere
    else:
        asked = [each for each in sources.values() if each.id == f"{plugin}:{one.scope}"]
    if not asked:
        return f"{one.scope} was not asked"
    blind = next((each for each in asked if each.status is not SourceStatus.OK or each.stale_since), None)
    return "" if blind is None else f"{blind.id} was not seen as a whole: {blind.status.value}"
