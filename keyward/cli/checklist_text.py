"""A run of a checklist as lines for a terminal."""

from collections.abc import Iterator
from typing import TextIO

from keyward.checklists.reports.markdown import said
from keyward.checklists.result import Answer, Run, Word
from keyward.cli.output import write_table
from keyward.desk.checklist_words import differing

_ORDER = (Word.FAIL, Word.EXPIRED, Word.UNKNOWN, Word.WARN, Word.PASS, Word.ATTESTED, Word.NOT_APPLICABLE)
_QUIET = (Word.PASS, Word.ATTESTED, Word.NOT_APPLICABLE)


def told(run: Run, to: TextIO) -> None:
    """Every subject with its items, the worst first, and what helps."""
    for subject in run.subjects:
        answers = run.of(subject)
        to.write(f"{run.checklist.title}: {subject}\n")
        for one in sorted(answers, key=lambda it: _ORDER.index(it.word)):
            to.writelines(f"{line}\n" for line in _lines(one))
        to.write(f"{said(answers)}\n\n")
    to.write(f"{run.coverage}\n")


def _lines(one: Answer) -> Iterator[str]:
    yield f"{one.word.said:<14}  {one.item.id}  {one.item.title}"
    if one.word in _QUIET:
        return
    yield from (f"{'':<16}{line}" for line in one.evidence)
    yield from details(one, " " * 16)


def details(one: Answer, indent: str) -> Iterator[str]:
    """What helps."""
    if one.fix.text:
        yield f"{indent}-> {one.fix.text}"
    yield from (f"{indent}   {line}" for line in one.fix.commands)


def compared(run: Run, to: TextIO) -> None:
    """The items at which the subjects differ, a column for each."""
    rows = differing(run)
    if rows:
        write_table(rows, ("ITEM", *map(str, run.subjects)), to)
    same = len(run.checklist.items) - len(rows)
    to.write(f"{same} item{'' if same == 1 else 's'} ended alike.\n{run.coverage}\n")
