"""Answers of a checklist in words, for the screen that runs it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keyward.checklists.item import Kind
from keyward.checklists.result import Word, counted
from keyward.tui.facts import BAD, DIM, WARN
from keyward.tui.widgets.pane import Fact

if TYPE_CHECKING:
    from keyward.checklists.result import Answer, Run

_LOUD = {Word.FAIL: BAD, Word.EXPIRED: BAD, Word.UNKNOWN: WARN, Word.WARN: WARN}
TONES = {
    Word.FAIL: "grid--bad",
    Word.EXPIRED: "grid--bad",
    Word.UNKNOWN: "grid--warn",
    Word.WARN: "grid--warn",
    Word.PASS: "grid--good",
    Word.ATTESTED: "grid--good",
    Word.NOT_APPLICABLE: "grid--dim",
}
"""The component class of each word."""


def word(one: "Answer") -> str:
    """How it ended; an open one that was put off says that too."""
    return f"{one.word.said}, later" if one.put_off else one.word.said


def summary(run: "Run") -> str:
    """`3 fail · 12 pass · 9 unknown`, and how much of it is behind one."""
    fine = sum(not one.open for one in run.answers)
    pieces = [f"{number} {word.said}" for word, number in counted(run.answers).items()]
    return " · ".join([f"{fine} of {len(run.answers)} done", *pieces])


def facts(one: "Answer") -> Iterator[Fact]:
    """How it ended and why, what helps, why it matters, what to do."""
    yield Fact(word(one), f"{one.item.id}  {one.item.title}", _LOUD.get(one.word, DIM))
    yield Fact("for", str(one.subject))
    yield from (Fact("" if number else "found", text) for number, text in enumerate(one.evidence))
    mending = [*([one.fix.text] if one.fix.text else []), *one.fix.commands]
    yield from (Fact("" if number else "fix", text) for number, text in enumerate(mending))
    yield Fact("why", one.item.why)
    if not one.fix.text or one.fix.commands:
        yield from (Fact("" if number else "what to do", text) for number, text in enumerate(one.item.how))


def whole(one: "Answer") -> Iterator[Fact]:
    """All of it: what was found, what people stated, who proves it, for what it stands, where it is from."""
    from keyward.desk.checklist_words import fields  # only when an item is opened

    shown = {fact.label for fact in facts(one)} | {"item"}
    yield from facts(one)
    yield Fact("", "")
    for label, text in fields(one.item).items():
        if label not in shown and text != "-":
            yield from (Fact("" if number else label, line) for number, line in enumerate(text.splitlines()))
    if (row := one.statement) is not None:
        yield Fact("", "")
        yield Fact(
            row.kind.value, f"by {row.actor} on {row.at:%Y-%m-%d}, until {row.expires:%Y-%m-%d}: {row.statement}"
        )
        if row.evidence:
            yield Fact("evidence", row.evidence)
        yield from (Fact(name.replace("_", " "), str(row.data[name])) for name in one.item.fields if name in row.data)
        if one.signed_by:
            yield Fact("agreed", one.signed_by)


def why_not(action: str, one: "Answer") -> str:
    """Why that cannot be done with this item."""
    if action == "fix" and not one.fix.commands:
        return f"no command mends it. {one.fix.text}".rstrip(" .")
    if action in {"state", "skip"} and not one.asks:
        return _unasked(action, one)
    if action == "agree" and not (one.item.sign_off and one.statement is not None and not one.signed_by):
        return "nobody's statement waits for somebody who agrees"
    return "nobody stated it" if action == "withdraw" and one.statement is None else ""


def _unasked(action: str, one: "Answer") -> str:
    """Why a person is not asked; what holds by their word can be stated anew."""
    if one.item.off:
        return "the list leaves it out"
    if one.item.kind is Kind.AUTO:
        return "keyward proves it, so nobody can state it"
    if one.word is Word.ATTESTED:
        return "it is stated" if action == "skip" else ""
    return "a statement helps only when what keyward looks at holds"
