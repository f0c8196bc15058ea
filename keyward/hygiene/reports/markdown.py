"""A check as Markdown, for a ticket or a wiki (GitHub Flavored Markdown)."""

from collections.abc import Iterator

from keyward.hygiene.checked import Checked
from keyward.hygiene.reports.shared import by_rule, counted, gone, mark, named, same_fix, stamp
from keyward.hygiene.since import Change, Gone
from keyward.model.finding import Finding

_GONE = {Change.FIXED: "Fixed since", Change.NOT_JUDGED: "Not judged this time"}
_SPECIAL = str.maketrans({one: f"\\{one}" for one in "\\`*_{}[]<>#|~"})


def page(found: Checked) -> str:
    """The whole report."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Checked) -> Iterator[str]:
    yield "# Key hygiene"
    yield ""
    yield f"{plain(found.coverage)} Scanned {stamp(found.scanned_at)}, world {plain(found.world)}."
    yield ""
    yield f"**{counted(found)}** {plain(found.compared)}"
    titles = {rule.id: rule for rule in found.rules}
    for rule, findings in by_rule(found.judged.broken):
        yield from ("", f"## {rule} {plain(titles[rule].title)} ({findings[0].severity.value}, {len(findings):,})", "")
        mends = same_fix(findings)
        yield from (
            plain(titles[rule].why),
            *(("", plain(mends)) if mends else ()),
            "",
            "| subject | evidence | what mends it |",
            "|---|---|---|",
        )
        yield from (_row(one, mark(one, found.since), text=not mends) for one in findings)
    for change in (Change.FIXED, Change.NOT_JUDGED):
        if rows := gone(found.since, change):
            yield from ("", f"## {_GONE[change]}", "", "| rule | subject | what it was |", "|---|---|---|")
            yield from (_gone_row(one) for one in rows)
    if found.judged.unknown:
        yield from ("", "## Not known", "", "| rule | subject | why |", "|---|---|---|")
        for one in found.judged.unknown:
            yield f"| {one.rule} | {plain(named(one))} | {plain('; '.join(one.evidence))} |"
    accepted = [one for one in found.judged.findings if one.accepted is not None]
    if accepted:
        yield from ("", "## Accepted", "", "| rule | subject | by | until | why |", "|---|---|---|---|---|")
        for one in accepted:
            by = one.accepted
            if by is not None:
                yield f"| {one.rule} | {plain(named(one))} | {plain(by.owner)} | {by.until.isoformat()} | {plain(by.why)} |"
    if found.unseen:
        yield from ("", "## Not seen", "", "| source | how it ended | detail |", "|---|---|---|")
        yield from (f"| {plain(one.id)} | {one.status.value} | {plain(one.detail)} |" for one in found.unseen)


def _gone_row(one: Gone) -> str:
    was = "; ".join(one.earlier.evidence)
    return f"| {one.earlier.rule} | {plain(one.earlier.subject)} | {plain(f'{was} ({one.why})' if one.why else was)} |"


def _row(one: Finding, change: str, *, text: bool) -> str:
    mends = "<br>".join(
        [*([plain(one.fix.text)] if one.fix.text and text else []), *(code(line) for line in one.fix.commands)]
    )
    marked = f"**{change}** " if change else ""
    return f"| {marked}{plain(named(one))} | {plain('; '.join(one.evidence))} | {mends} |"


def plain(text: str) -> str:
    """The text so that nothing in it is Markdown or HTML."""
    return text.translate(_SPECIAL).replace("\n", " ")


def code(text: str) -> str:
    """A command line as code, in a table cell."""
    fence = "``" if "`" in text else "`"
    pad = " " if fence == "``" else ""
    return f"{fence}{pad}{text.replace('|', chr(92) + '|')}{pad}{fence}"
