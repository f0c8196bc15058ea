"""A check as one HTML page: nothing is loaded, nothing runs, and it prints well."""

from collections.abc import Iterator
from html import escape

from keyward.hygiene.checked import Checked
from keyward.hygiene.reports.shared import by_rule, counted, gone, mark, same_fix, stamp
from keyward.hygiene.rule import Rule
from keyward.hygiene.since import Change, Gone, Since
from keyward.model.finding import Finding, Severity

STYLE = """
:root{color-scheme:light dark;--ink:#1c2330;--faint:#5b6472;--line:#d5dae2;--paper:#fff;--soft:#f4f6f9;
--critical:#a01035;--high:#b3400a;--medium:#8a6100;--low:#2b6a4d;--info:#4a5568}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--faint:#9aa4b2;--line:#39414e;--paper:#161a21;--soft:#1e242d;
--critical:#ff7a98;--high:#ff9e66;--medium:#e8c15a;--low:#7fd1a6;--info:#b4bdca}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:2rem 1.25rem 4rem;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.08rem;margin:2.2rem 0 .35rem}
p{margin:.25rem 0}.faint{color:var(--faint)}
.tiles{display:flex;flex-wrap:wrap;gap:.6rem;margin:1.2rem 0}
.tile{border:1px solid var(--line);border-radius:.5rem;padding:.55rem .9rem;min-width:7rem;background:var(--soft)}
.tile b{display:block;font-size:1.45rem;line-height:1.2}
.word{font-weight:600;text-transform:uppercase;font-size:.74rem;letter-spacing:.04em;margin-right:.5rem}
.critical{color:var(--critical)}.high{color:var(--high)}.medium{color:var(--medium)}.low{color:var(--low)}.info,.unknown{color:var(--info)}
.mark{border:1px solid var(--ink);border-radius:.25rem;padding:0 .3rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 0;font-size:.9rem}
th{text-align:left;font-weight:600;color:var(--faint);border-bottom:1px solid var(--line);padding:.3rem .6rem .3rem 0}
td{vertical-align:top;border-bottom:1px solid var(--line);padding:.4rem .6rem .4rem 0;overflow-wrap:anywhere}
td:first-child{width:38%}code{font:.86em/1.45 ui-monospace,monospace;display:block;background:var(--soft);padding:.1rem .35rem;border-radius:.25rem;margin-top:.15rem}
.notice{border-left:4px solid var(--medium);background:var(--soft);padding:.5rem .8rem;margin:1rem 0}
@media print{html{font-size:11px}body{max-width:none;padding:0;font-size:1rem}h2{break-after:avoid}tr{break-inside:avoid}.tile{background:none}
:root{--ink:#000;--faint:#444;--line:#bbb;--paper:#fff;--soft:#f3f3f3;--critical:#a01035;--high:#b3400a;--medium:#8a6100;--low:#2b6a4d;--info:#4a5568}}
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(found: Checked) -> str:
    """The whole page."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Checked) -> Iterator[str]:
    title = f"Key hygiene, {stamp(found.at)}"
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>"
    yield f'<h1>{escape(title)}</h1>\n<p class="faint">Scanned {stamp(found.scanned_at)} · world {escape(found.world)}</p>'
    yield f"<p>{escape(found.coverage)}</p>\n<p>{escape(found.compared)}</p>"
    if found.unseen or found.scanned_at is None:
        yield f'<p class="notice">This report is incomplete: {len(found.unseen):,} sources were not seen as a whole. They are listed at its end.</p>'
    yield from _tiles(found)
    rules = {rule.id: rule for rule in found.rules}
    for rule, findings in by_rule(found.judged.broken):
        yield from _section(rules[rule], findings, found.since)
    for change, title in ((Change.FIXED, "Fixed since the earlier check"), (Change.NOT_JUDGED, "Not judged this time")):
        yield from _gone(gone(found.since, change), title)
    yield from _unknown(found)
    yield from _accepted(found)
    yield from _unseen(found)
    yield "</body>\n</html>"


def _tiles(found: Checked) -> Iterator[str]:
    yield f'<div class="tiles" role="list" aria-label="{escape(counted(found))}">'
    for severity in Severity:
        number = sum(one.severity is severity for one in found.judged.broken)
        yield f'<div class="tile" role="listitem"><b class="{severity.value}">{number:,}</b>{severity.value}</div>'
    yield f'<div class="tile" role="listitem"><b class="unknown">{len(found.judged.unknown):,}</b>not known</div>\n</div>'


def _section(rule: Rule, findings: list[Finding], since: Since | None) -> Iterator[str]:
    worst = findings[0].severity.value
    yield f'<h2 id="{rule.id}"><span class="word {worst}">{worst}</span>{rule.id} {escape(rule.title)} ({len(findings):,})</h2>'
    mends = same_fix(findings)
    yield f'<p class="faint">{escape(rule.why)}</p>' + (f"<p>{escape(mends)}</p>" if mends else "")
    yield "<table><thead><tr><th>subject</th><th>evidence</th><th>what mends it</th></tr></thead><tbody>"
    for one in findings:
        evidence = "<br>".join(map(escape, one.evidence))
        yield f"<tr><td>{_mark(one, since)}{_subject(one)}</td><td>{evidence}</td><td>{_mends(one, text=not mends)}</td></tr>"
    yield "</tbody></table>"


def _mark(one: Finding, since: Since | None) -> str:
    change = mark(one, since)
    return f'<span class="word mark">{change}</span>' if change else ""


def _gone(rows: list[Gone], title: str) -> Iterator[str]:
    if not rows:
        return
    yield f"<h2>{escape(title)} ({len(rows):,})</h2>"
    yield "<table><thead><tr><th>subject</th><th>rule</th><th>what it was</th></tr></thead><tbody>"
    for one in rows:
        was = one.earlier
        why = f'<br><span class="faint">{escape(one.why)}</span>' if one.why else ""
        yield f"<tr><td>{escape(was.subject)}</td><td>{was.rule}</td><td>{escape('; '.join(was.evidence))}{why}</td></tr>"
    yield "</tbody></table>"


def _subject(one: Finding) -> str:
    return escape(one.subject) + (f'<br><span class="faint">{escape(one.name)}</span>' if one.name else "")


def _mends(one: Finding, *, text: bool = True) -> str:
    return (escape(one.fix.text) if text else "") + "".join(f"<code>{escape(line)}</code>" for line in one.fix.commands)


def _unknown(found: Checked) -> Iterator[str]:
    if not found.judged.unknown:
        return
    yield f'<h2><span class="word unknown">not known</span>What nobody can tell ({len(found.judged.unknown):,})</h2>'
    yield "<table><thead><tr><th>subject</th><th>rule</th><th>why</th></tr></thead><tbody>"
    for one in found.judged.unknown:
        yield f"<tr><td>{_subject(one)}</td><td>{one.rule}</td><td>{escape('; '.join(one.evidence))}{_mends(one)}</td></tr>"
    yield "</tbody></table>"


def _accepted(found: Checked) -> Iterator[str]:
    rows = [(one, one.accepted) for one in found.judged.findings if one.accepted is not None]
    if not rows:
        return
    yield f"<h2>Accepted ({len(rows):,})</h2>"
    yield "<table><thead><tr><th>subject</th><th>rule</th><th>by, until, why</th></tr></thead><tbody>"
    for one, by in rows:
        said = f"{by.owner}, {by.until.isoformat()}, {by.why}"
        yield f"<tr><td>{_subject(one)}</td><td>{one.rule}</td><td>{escape(said)}</td></tr>"
    yield "</tbody></table>"


def _unseen(found: Checked) -> Iterator[str]:
    if not found.unseen:
        return
    yield f"<h2>Sources not seen as a whole ({len(found.unseen):,})</h2>"
    yield "<table><thead><tr><th>source</th><th>how it ended</th><th>detail</th></tr></thead><tbody>"
    for one in found.unseen:
        yield f"<tr><td>{escape(one.id)}</td><td>{one.status.value}</td><td>{escape(one.detail)}</td></tr>"
    yield "</tbody></table>"
