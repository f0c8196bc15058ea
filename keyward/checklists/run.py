"""Runs a list: what evaluators say of each item, joined with what people stated. Pure but for what evaluators look at."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from keyward.checklists.evaluators import EVALUATORS
from keyward.checklists.ground import Ground
from keyward.checklists.item import Checklist, Item, Kind, Subject
from keyward.checklists.result import NO_FIX, Answer, Outcome, Word
from keyward.checklists.statements import State, Stated, stated
from keyward.ledger.records import AttestationRow
from keyward.model.finding import Fix

_NOBODY = "nobody has stated it yet"


def answers(
    checklist: Checklist,
    subjects: Iterable[Subject],
    ground: Ground,
    rows: Sequence[AttestationRow],
    heard: Callable[[Answer], None] = lambda _: None,
) -> tuple[Answer, ...]:
    """Every item at every subject, in the order of the list; `heard` gets each as soon as it is known."""
    found: list[Answer] = []
    for subject in subjects:
        for item in checklist.items:
            found.append(answer(item, subject, ground, rows))
            heard(found[-1])
    return tuple(found)


def answer(item: Item, subject: Subject, ground: Ground, rows: Sequence[AttestationRow]) -> Answer:
    """How one item ended: by its evaluator, by what people stated, or by both."""
    if item.off:
        return Answer(item, subject, Word.NOT_APPLICABLE, (f"left out: {item.off}",))
    now = ground.estate.now
    outcome = None if item.kind is Kind.ATTEST else _evaluated(item, subject, ground)
    if item.kind is Kind.AUTO and outcome is not None:
        return Answer(item, subject, outcome.word, outcome.evidence, outcome.fix)
    said = stated(item, subject, rows, now)
    if outcome is not None and outcome.word not in (Word.PASS, Word.NOT_APPLICABLE):
        return Answer(
            item, subject, outcome.word, outcome.evidence, outcome.fix, statement=said.row, signed_by=said.signed_by
        )
    seen = outcome.evidence if outcome is not None else ()
    word, why, asks = _of_person(item, said, now)
    fix = Fix(" ".join(item.how)) if asks else NO_FIX
    return Answer(
        item, subject, word, (*why, *seen), fix, asks, said.row, said.signed_by, asks and said.skipped is not None
    )


def _evaluated(item: Item, subject: Subject, ground: Ground) -> Outcome:
    evaluator = EVALUATORS[item.check]
    if subject.kind not in evaluator.of:
        kinds = ", ".join(sorted(one.value for one in evaluator.of))
        return Outcome(Word.NOT_APPLICABLE, (f"only what is a {kinds} is judged by it",))
    return evaluator.evaluate(item, subject, ground)


def _of_person(item: Item, said: Stated, now: datetime) -> tuple[Word, tuple[str, ...], bool]:
    """The word, why, and whether somebody has to act."""
    skip = (
        (f"skipped by {said.skipped.actor} until {said.skipped.expires:%Y-%m-%d}: {said.skipped.statement}",)
        if said.skipped
        else ()
    )
    row = said.row
    if row is None:
        return Word.UNKNOWN, skip or (_NOBODY,), True
    told = f"{row.actor} stated it on {row.at:%Y-%m-%d}: {row.statement}"
    if said.state is State.VALID:
        days = (row.expires - now).days
        return Word.ATTESTED, (f"{told} (until {row.expires:%Y-%m-%d}, {days} days left)", *_agreed(said)), False
    if said.state is State.EXPIRED:
        return Word.EXPIRED, (f"{told}; that ended on {row.expires:%Y-%m-%d}", *skip), True
    if said.state is State.CHANGED:
        return Word.EXPIRED, (f"{told}; the item means something else since", *skip), True
    return (
        Word.UNKNOWN,
        (f"{told}; somebody else has to agree: keyward checklist attest {item.id} --agree", *skip),
        True,
    )


def _agreed(said: Stated) -> tuple[str, ...]:
    return (f"{said.signed_by} agreed",) if said.signed_by else ()
