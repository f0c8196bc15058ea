"""A run as one HTML page: nothing is loaded, nothing runs, and it prints well."""

from collections.abc import Iterator
from html import escape

from keyward.checklists.reports.markdown import said
from keyward.checklists.result import Answer, Run, Word
from keyward.hygiene.reports.html import POLICY, STYLE

_COLOURS = {
    Word.FAIL: "critical",
    Word.EXPIRED: "critical",
    Word.WARN: "medium",
    Word.PASS: "low",
    Word.ATTESTED: "low",
}
"""The class of the hygiene report that has a word's colour; the others are quiet."""


def page(run: Run) -> str:
    """The whole page."""
    return "\n".join(_lines(run)) + "\n"


def _lines(run: Run) -> Iterator[str]:
    title = escape(f"{run.checklist.title}, {run.at:%Y-%m-%d %H:%M} UTC")
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>"
    yield f'<p class="faint">{run.checklist.id}, version {run.checklist.version} · world {escape(run.world)}</p>'
    yield f"<p>{escape(run.coverage)}</p>"
    for subject in run.subjects:
        answers = run.of(subject)
        yield f"<h2>{escape(str(subject))}</h2>\n<p>{escape(said(answers))}</p>"
        yield "<table><thead><tr><th>item</th><th>result</th><th>why, and what helps</th></tr></thead><tbody>"
        yield from map(_row, answers)
        yield "</tbody></table>"
    yield "</body>\n</html>"


def _row(one: Answer) -> str:
    colour = _COLOURS.get(one.word, "info")
    why = "<br>".join(map(escape, one.evidence))
    open_one = one.word not in (Word.PASS, Word.ATTESTED, Word.NOT_APPLICABLE)
    helps = f"<br>{escape(one.fix.text)}" if one.fix.text and open_one else ""
    commands = "".join(f"<code>{escape(line)}</code>" for line in one.fix.commands) if open_one else ""
    item = f'{escape(one.item.title)}<br><span class="faint">{escape(one.item.id)}: {escape(one.item.why)}</span>'
    return f'<tr><td>{item}</td><td style="white-space:nowrap"><span class="word {colour}">{one.word.said}</span></td><td>{why}{helps}{commands}</td></tr>'
