"""How items end, and what a run of a list found."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from keyward.checklists.item import Checklist, Item, Subject
from keyward.ledger.records import AttestationRow
from keyward.model.errors import Exit
from keyward.model.finding import Fix

NO_FIX = Fix()


class Word(StrEnum):
    """How an item ended for a subject. Unknown is never a pass; `warn` is broken where that is not bad."""

    PASS = "pass"  # noqa: S105  # a word, not a password
    FAIL = "fail"
    WARN = "warn"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"
    ATTESTED = "attested"
    EXPIRED = "expired"

    @property
    def said(self) -> str:
        """The word as people read it."""
        return self.value.replace("_", " ")


FINE = (Word.PASS, Word.ATTESTED, Word.NOT_APPLICABLE, Word.WARN)
"""Words that stand in nobody's way."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an evaluator says: the word, facts in words (clean, without a value), and what mends it."""

    word: Word
    evidence: tuple[str, ...] = ()
    fix: Fix = NO_FIX


@dataclass(frozen=True, slots=True)
class Answer:
    """One item at one subject.

    `asks` says that only a person can go on; `statement` is the newest that a person made, `signed_by` who agreed to it;
    `put_off` that somebody skipped it, and that this holds now.
    """

    item: Item
    subject: Subject
    word: Word
    evidence: tuple[str, ...] = ()
    fix: Fix = NO_FIX
    asks: bool = False
    statement: AttestationRow | None = None
    signed_by: str = ""
    put_off: bool = False

    @property
    def open(self) -> bool:
        """Whether it stands in the way and nobody put it off."""
        return self.word not in FINE and not self.put_off


@dataclass(frozen=True, slots=True)
class Run:
    """What a run found: the answers of every subject, each in the order of the list. Times are UTC."""

    checklist: Checklist
    subjects: tuple[Subject, ...]
    answers: tuple[Answer, ...]
    at: datetime
    scanned_at: datetime | None
    world: str
    coverage: str = ""

    def of(self, subject: Subject) -> tuple[Answer, ...]:
        """The answers of one subject."""
        return tuple(one for one in self.answers if one.subject == subject)

    @property
    def exit_code(self) -> Exit:
        """1: an item fails or has expired; 6: a person is needed; 3: something is not known; 0: satisfied."""
        return exit_code(self.answers)


def exit_code(answers: Iterable[Answer]) -> Exit:
    """The exit status of these answers; the first that holds of fail or expired, needs a person, unknown."""
    found = tuple(answers)
    if any(one.word in (Word.FAIL, Word.EXPIRED) for one in found):
        return Exit.FINDINGS
    if any(one.asks for one in found):
        return Exit.NEEDS_PERSON
    return Exit.PARTIAL if any(one.word is Word.UNKNOWN for one in found) else Exit.OK


def counted(answers: Iterable[Answer]) -> dict[Word, int]:
    """How many answers have each word, in the order of the words; those that nobody has are left out."""
    found = [one.word for one in answers]
    return {word: found.count(word) for word in Word if word in found}
