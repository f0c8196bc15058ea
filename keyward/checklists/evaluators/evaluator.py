"""What an evaluator is: facts about it as data, and one function that judges one item at one subject."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from keyward.checklists.ground import Ground
from keyward.checklists.item import Item, Subject, SubjectKind
from keyward.checklists.result import NO_FIX, Outcome, Word
from keyward.model.finding import Fix

Evaluate = Callable[[Item, Subject, Ground], Outcome]


@dataclass(frozen=True, slots=True)
class Evaluator:
    """One evaluator.

    `about` says what it looks at, `of` the kinds of subjects that it can judge; for others an item is not applicable. `wants` are the
    options of an item that it understands, each with its reader.
    """

    name: str
    about: str
    of: frozenset[SubjectKind]
    evaluate: Evaluate
    wants: Mapping[str, Callable[[object], Any]] = field(default_factory=dict)


def unknown(*evidence: str, text: str = "", commands: tuple[str, ...] = ()) -> Outcome:
    """Nobody can tell: why, and what would make it known."""
    return Outcome(Word.UNKNOWN, evidence, Fix(text, commands))


def fine(*evidence: str) -> Outcome:
    """It holds."""
    return Outcome(Word.PASS, evidence)


def failed(*evidence: str, text: str = "", commands: tuple[str, ...] = ()) -> Outcome:
    """It does not hold: the facts, a sentence on what to do, the command lines that do it."""
    return Outcome(Word.FAIL, evidence, Fix(text, commands))


def nothing(*evidence: str) -> Outcome:
    """There is nothing to judge."""
    return Outcome(Word.NOT_APPLICABLE, evidence, NO_FIX)
