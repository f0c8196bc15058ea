"""What several formats of a report say alike."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from keyward.hygiene.checked import Checked
from keyward.hygiene.since import Change, Gone, Since
from keyward.model.finding import Finding, Severity


def by_rule(findings: Sequence[Finding]) -> Iterator[tuple[str, list[Finding]]]:
    """The findings of each rule, the rule with the worst one first."""
    worst: dict[str, int] = {}
    for one in findings:
        worst[one.rule] = min(worst.get(one.rule, len(Severity)), one.severity.rank)
    ordered = sorted(findings, key=lambda one: (worst[one.rule], one.rule, one.severity.rank, one.subject, one.about))
    for rule, group in groupby(ordered, key=lambda one: one.rule):
        yield rule, list(group)


def counted(found: Checked) -> str:
    """How many findings of which severity, how many not known, how many accepted."""
    broken = found.judged.broken
    numbers = [
        f"{number:,} {severity.value}"
        for severity in Severity
        if (number := sum(one.severity is severity for one in broken))
    ]
    accepted = sum(one.accepted is not None for one in found.judged.findings)
    text = ", ".join(numbers) or "no finding"
    return f"{text}; {len(found.judged.unknown):,} not known; {accepted:,} accepted"


def same_fix(findings: Sequence[Finding]) -> str:
    """What mends all of them, where that is one sentence; else empty."""
    texts = {one.fix.text for one in findings}
    return texts.pop() if len(texts) == 1 else ""


def named(one: Finding) -> str:
    """The subject, with its display name behind it."""
    return f"{one.subject} ({one.name})" if one.name else one.subject


def mark(one: Finding, since: Since | None) -> str:
    """`new` or `changed` where the finding is since the earlier check, else empty."""
    change = None if since is None else since.changes[one.id]
    return change.value if change in (Change.NEW, Change.CHANGED) else ""


def gone(since: Since | None, change: Change) -> list[Gone]:
    """What the earlier check told and this one does not, and became that."""
    return [one for one in (since.gone if since else ()) if one.change is change]


def stamp(moment: datetime | None) -> str:
    """Such as `2026-11-20 09:00 UTC`, or `never`."""
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
