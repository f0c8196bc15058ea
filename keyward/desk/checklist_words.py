"""What command line and app both say of checklists and their items."""

from datetime import date
from typing import TYPE_CHECKING

from keyward.checklists.item import Kind
from keyward.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyward.checklists.item import Checklist, Item
    from keyward.checklists.result import Run


def kinds(one: "Checklist") -> str:
    """How many items, and who proves how many: `22 (9 attest, 6 auto, 7 semi)`."""
    found = [item.kind.value for item in one.items if not item.off]
    return f"{len(found)} ({', '.join(f'{found.count(kind)} {kind}' for kind in dict.fromkeys(sorted(found)))})"


def proof(one: "Item") -> str:
    """Who or what proves it."""
    if one.off:
        return f"left out: {one.off}"
    return " ".join(one.rules) or one.check or f"a person, for {one.attest_days} d"


def fields(one: "Item") -> dict[str, str]:
    """The whole of an item, by label; an answer of several lines has line feeds."""
    checked = f", compared {one.checked.isoformat()}" if one.checked else ""
    return {
        "item": f"{one.id}  {one.title}",
        "kind": one.kind.value,
        "why": one.why,
        "what to do": "\n".join(one.how),
        "proved by": proof(one),
        "stated": "never: keyward proves it" if one.kind is Kind.AUTO else f"for {one.attest_days} days",
        "answers": ", ".join(one.fields) or "-",
        "sign-off": "another person has to agree" if one.sign_off else "-",
        "stands for": "\n".join(one.practice) or "-",
        "source": ("\n".join(one.source) or "-") + checked,
    }


def day(text: str) -> date:
    """A day as people type it.

    Raises:
        UsageError: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a date such as 2027-01-31.") from None


def differing(run: "Run") -> "Sequence[Sequence[str]]":
    """The items at which subjects differ: id, and the word at each subject."""
    rows = [
        (item.id, *(one.word.said for one in run.answers if one.item.id == item.id)) for item in run.checklist.items
    ]
    return [row for row in rows if len(set(row[1:])) > 1]
