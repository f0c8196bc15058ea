"""The rules of hygiene: an item is kept where `keyward check` finds nothing wrong with what belongs to the subject."""

from collections import Counter
from collections.abc import Iterator, Sequence

from keyward.checklists.evaluators.evaluator import Evaluator, nothing, unknown
from keyward.checklists.ground import Ground
from keyward.checklists.item import Item, Subject, SubjectKind
from keyward.checklists.result import Outcome, Word
from keyward.model.finding import Finding, Fix, Result, Severity

_SHOWN = 5
"""Findings told one by one; the rest is a number, and `keyward check` has them all."""


def _evaluate(item: Item, subject: Subject, ground: Ground) -> Outcome:
    """Broken where that is bad is a failure, unknown is unknown, broken where that is not bad or accepted is a warning."""
    if ground.scanned_at is None:
        return unknown("nothing was scanned yet", commands=(_scan(subject),))
    judged = ground.judged(subject)
    found = [one for one in judged.findings if one.rule in item.rules]
    broken = [one for one in found if one.counts]
    bad = [one for one in broken if one.severity.rank <= Severity.MEDIUM.rank]
    if bad:
        return Outcome(Word.FAIL, tuple(_said(broken)), _fix(broken))
    open_ones = [one for one in found if one.result is Result.UNKNOWN and one.accepted is None]
    unread = ground.unread(subject, item.needs)
    if open_ones or unread:
        evidence = (*unread, *_reasons(open_ones), *_said(broken))
        commands = dict.fromkeys(
            (*(line for one in open_ones for line in one.fix.commands), *([_scan(subject)] if unread else ()))
        )
        return unknown(*evidence, commands=tuple(commands)[:_SHOWN])
    accepted = [one for one in found if one.accepted is not None]
    if broken or accepted:
        return Outcome(Word.WARN, (*_said(broken), *_accepted(accepted)), _fix(broken))
    kept = sum(judged.counts[rule].get(Result.PASS, 0) for rule in item.rules)
    if not kept:
        return nothing("there is nothing that it is about")
    return Outcome(Word.PASS, (f"{' '.join(item.rules)} kept {kept:,} time{'' if kept == 1 else 's'}",))


def _scan(subject: Subject) -> str:
    if subject.kind is SubjectKind.PROJECT:
        return f"keyward scan --context --project {subject.name}"
    return "keyward scan --context"


def _said(findings: Sequence[Finding]) -> Iterator[str]:
    for one in findings[:_SHOWN]:
        yield f"{one.rule} {one.subject}: {'; '.join(one.evidence)}"
    if len(findings) > _SHOWN:
        yield f"and {len(findings) - _SHOWN:,} more"


def _reasons(findings: Sequence[Finding]) -> Iterator[str]:
    """What nobody can tell, by rule and reason, with how often."""
    for (rule, why), times in Counter((one.rule, "; ".join(one.evidence)) for one in findings).items():
        yield f"{rule}: {why}{f' ({times:,} times)' if times > 1 else ''}"


def _accepted(findings: Sequence[Finding]) -> Iterator[str]:
    for one in findings[:_SHOWN]:
        if one.accepted is not None:
            yield f"{one.rule} {one.subject}: {one.accepted.owner} accepts it until {one.accepted.until.isoformat()}"


def _fix(findings: Sequence[Finding]) -> Fix:
    texts = dict.fromkeys(one.fix.text for one in findings if one.fix.text)
    commands = dict.fromkeys(line for one in findings for line in one.fix.commands)
    return Fix(" ".join(texts), tuple(commands))


EVALUATOR = Evaluator(
    "rules",
    "what `keyward check` says of the subject's keys, secrets and project",
    frozenset({SubjectKind.PROJECT, SubjectKind.PROVIDER, SubjectKind.MACHINE, SubjectKind.KEY}),
    _evaluate,
)
