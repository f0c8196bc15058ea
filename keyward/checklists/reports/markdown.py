"""A run as Markdown, to paste into a ticket or a wiki (GitHub Flavored Markdown)."""

from collections.abc import Iterator

from keyward.checklists.result import FINE, Answer, Run, Word, counted
from keyward.hygiene.reports.markdown import code, plain


def page(run: Run) -> str:
    """The whole page."""
    return "\n".join(_lines(run)) + "\n"


def _lines(run: Run) -> Iterator[str]:
    yield f"# {plain(run.checklist.title)}"
    yield ""
    yield f"{run.checklist.id}, version {run.checklist.version}. {plain(run.coverage)} World {plain(run.world)}, {run.at:%Y-%m-%d %H:%M} UTC."
    for subject in run.subjects:
        answers = run.of(subject)
        yield from (
            "",
            f"## {plain(str(subject))}",
            "",
            plain(said(answers)),
            "",
            "| | item | result | why | what helps |",
            "|---|---|---|---|---|",
        )
        yield from map(_row, answers)


def said(answers: tuple[Answer, ...]) -> str:
    """How many answers have each word."""
    return ", ".join(f"{number} {word.said}" for word, number in counted(answers).items())


def _row(one: Answer) -> str:
    box = "x" if one.word in FINE and one.word is not Word.WARN else " "
    helps = (
        ""
        if one.word in (Word.PASS, Word.ATTESTED, Word.NOT_APPLICABLE)
        else "<br>".join([*([plain(one.fix.text)] if one.fix.text else []), *map(code, one.fix.commands)])
    )
    why = plain("; ".join(one.evidence))
    return f"| [{box}] | {plain(one.item.id)}: {plain(one.item.title)} | {one.word.said} | {why} | {helps} |"
