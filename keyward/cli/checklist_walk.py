"""A checklist at a terminal, one open item at a time: why, how, what was found, what mends it; stated, put off with a reason, or left open.

What was answered is in the ledger at once, so a walk that ends early goes on where it stopped.
"""

import sys
from typing import TYPE_CHECKING

from keyward.cli.ask import choice, line
from keyward.cli.checklist_text import details
from keyward.desk.checklists import Saying
from keyward.ledger.records import Statement
from keyward.model.errors import UsageError

if TYPE_CHECKING:
    from keyward.checklists.result import Answer, Run
    from keyward.desk import Desk

_KEYS = "[s]tate it, [p]ut it off, [n]ext, [q]uit"
_PROVED = "keyward proves it, so nobody can state it: [n]ext, [q]uit"


def walk(desk: "Desk", run: "Run", *, again: bool = False) -> bool:
    """Go through what stands in the way, in the order of the list; whether anything was said.

    Args:
        desk: keeps what is said.
        run: what was found.
        again: whether what was put off is asked too.
    """
    asked = [one for one in run.answers if one.open or (again and one.put_off)]
    changed = False
    for number, one in enumerate(asked, 1):
        _show(one, number, len(asked))
        letter = choice(_KEYS, "spnq", "n") if one.asks else choice(_PROVED, "nq", "n")
        if letter == "q":
            break
        if letter in ("s", "p"):
            changed |= _said(desk, run, one, letter)
    return changed


def _show(one: "Answer", number: int, of: int) -> None:
    sys.stderr.write(
        f"\n{number}/{of}  {one.subject}  {one.item.id}: {one.word.said}\n  {one.item.title}\n  why: {one.item.why}\n"
    )
    sys.stderr.writelines(f"  {said}\n" for said in one.evidence)
    sys.stderr.writelines(f"  how: {step}\n" for step in one.item.how)
    sys.stderr.writelines(f"{said}\n" for said in (() if one.asks else details(one, "  ")))
    sys.stderr.flush()


def _said(desk: "Desk", run: "Run", one: "Answer", letter: str) -> bool:
    """Ask for the words, and keep them; an empty answer leaves the item open."""
    subject, item = str(one.subject), one.item
    text = line("Why is it put off?" if letter == "p" else "What holds, in a sentence?")
    if not text:
        return False
    if letter == "p":
        saying = Saying(item.id, subject, Statement.SKIPPED, text, checklist=run.checklist.id)
    else:
        fields = {name: line(f"{name}:") for name in item.fields}
        evidence = line("Where can it be seen (a link; empty for none)?")
        saying = Saying(item.id, subject, Statement.ATTESTED, text, evidence, fields=fields, checklist=run.checklist.id)
    try:
        made = desk.checklists.state(saying)
    except UsageError as error:
        sys.stderr.write(f"  {error}\n")
        return False
    sys.stderr.write(f"  {made.kind.value} until {made.expires:%Y-%m-%d}\n")
    return True
