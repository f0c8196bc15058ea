"""`keyward check`: what is wrong with what the last scan found, and what nobody can tell."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption, SinceOption
from keyward.cli.output import Format, write_csv, write_json, write_table
from keyward.model.errors import Exit, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keyward.hygiene.checked import Checked
    from keyward.hygiene.controls import Framework
    from keyward.hygiene.since import Since
    from keyward.model.finding import Finding

SCHEMA = "keyward.check/1"
_CSV = (
    "id",
    "rule",
    "severity",
    "result",
    "of",
    "subject",
    "name",
    "scope",
    "evidence",
    "fix",
    "accepted_until",
    "change",
)


class FailOn(StrEnum):
    """From which severity on a finding makes the command fail."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"
    NEVER = "never"


def check(
    context: typer.Context,
    query: Annotated[
        list[str] | None,
        typer.Argument(metavar="[QUERY]...", help="Only keys, secrets and projects such as project:acme-prod."),
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option("--rule", metavar="KW-...", help="Only this rule. Repeatable.")
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="Exit with 1 for findings of this severity or worse.")
    ] = FailOn.LOW,
    fail_on_new: Annotated[
        bool, typer.Option("--fail-on-new", help="Exit with 1 only for findings that are new, or worse than before.")
    ] = False,
    since: SinceOption = "",
    allow_unknown: Annotated[
        bool, typer.Option("--allow-unknown", help="Exit with 0 although something could not be judged or seen.")
    ] = False,
    controls: Annotated[
        str,
        typer.Option(
            "--controls", metavar="ID", help="By the controls of a catalogue, such as cis-gcp-5.0 or owasp-nhi-2025."
        ),
    ] = "",
    refresh: Annotated[bool, typer.Option("--refresh", help="Scan first.")] = False,
    form: FormatOption = Format.TABLE,
) -> int:
    """Say what is wrong with keys, secrets and projects of the last scan, and the command that mends it."""
    invocation: Invocation = context.obj
    if refresh:
        _scan(invocation)
    framework = _framework(controls) if controls else None
    found = invocation.desk.hygiene.check(" ".join(query or ()), rule or (), since)
    status = _status(found, fail_on, allow_unknown=allow_unknown, news=fail_on_new)
    if form is Format.JSON:
        from keyward.desk.check_record import to_json

        write_json(to_json(found, int(status), framework))
    elif framework is not None:
        _controls(found, framework, form)
    elif form is Format.CSV:
        write_csv([*(_row(one, found.since) for one in found.judged.findings), *_gone_rows(found.since)], _CSV)
    elif form is Format.IDS:
        for one in found.judged.findings:
            typer.echo(one.id)
    else:
        _table(found)
    return int(status)


def _framework(name: str) -> "Framework":
    """The catalogue of that id.

    Raises:
        UsageError: there is none.
    """
    from keyward.hygiene.controls import frameworks  # only who asks for controls reads them

    known = frameworks()
    if name not in known:
        raise UsageError(f"There is no catalogue {name!r}.", hint=f"It is one of {', '.join(known)}.")
    return known[name]


def _controls(found: "Checked", framework: "Framework", form: Format) -> None:
    """Each control of the catalogue, how it stands, and which rules say so."""
    from keyward.hygiene.controls import standing

    rows = [
        (
            one.control.number,
            one.word.replace("_", " "),
            str(len(one.findings)),
            " ".join(one.control.rules),
            one.control.title + (f" ({one.control.not_covered})" if one.control.not_covered else ""),
        )
        for one in standing(framework, found.judged)
    ]
    if form is Format.CSV:
        write_csv(rows, ("control", "status", "findings", "rules", "title"))
    elif form is Format.IDS:
        typer.echo("\n".join(row[0] for row in rows))
    else:
        typer.echo(f"{framework.name} {framework.version} ({framework.source})")
        write_table(rows, ("CONTROL", "STATUS", "FINDINGS", "RULES", "TITLE"))
        if framework.elsewhere:
            typer.echo(f"Not listed: {framework.elsewhere}.")
        _tell(found)


def _scan(invocation: Invocation) -> None:
    from keyward.cli.progress import Progress  # only who scans pays for it
    from keyward.desk import ScanWish

    progress = Progress(now=invocation.parts.clock.now)
    for warning in invocation.desk.scan(ScanWish(context=True), progress).warnings:
        typer.echo(warning, err=True)
    progress.end()


def _status(found: "Checked", fail_on: FailOn, *, allow_unknown: bool, news: bool) -> Exit:
    """Findings weigh more than what is not known, and neither is ever a pass. Without an earlier check everything is news."""
    worst, since = list(FailOn).index(fail_on), found.since
    broken = [one for one in found.judged.broken if not news or since is None or since.is_news(one.id)]
    if fail_on is not FailOn.NEVER and any(one.severity.rank <= worst for one in broken):
        return Exit.FINDINGS
    return Exit.PARTIAL if (found.partial or found.judged.unknown) and not allow_unknown else Exit.OK


def _row(one: "Finding", since: "Since | None") -> tuple[str, ...]:
    return (
        one.id, one.rule, one.severity.value, one.result.value, one.of.value, one.subject, one.name, one.scope,
        "; ".join(one.evidence), "; ".join(one.fix.commands) or one.fix.text,
        one.accepted.until.isoformat() if one.accepted else "", since.changes[one.id].value if since else "",
    )  # fmt: skip


def _gone_rows(since: "Since | None") -> "Iterator[tuple[str, ...]]":
    """What an earlier check told and this one does not: no result, and what became of it."""
    for one in since.gone if since else ():
        was = one.earlier
        yield (
            was.id, was.rule, was.severity.value, "", was.of.value, was.subject, "", was.scope, "; ".join(was.evidence), "", "",
            one.change.value,
        )  # fmt: skip


def _table(found: "Checked") -> None:
    """Findings by rule, worst first, with what mends each; then what nobody can tell, by reason."""
    titles = {rule.id: rule.title for rule in found.rules}
    for rule, rows in _by_rule(found.judged.broken).items():
        severities = ", ".join(dict.fromkeys(one.severity.value for one in rows))
        typer.echo(f"{severities}  {rule}  {titles[rule]} ({len(rows):,})")
        texts = list(dict.fromkeys(one.fix.text for one in rows if one.fix.text))
        for text in texts:
            typer.echo(f"  {text}")
        for one in rows:
            name = f" ({one.name})" if one.name else ""
            typer.echo(f"  {_mark(one, found.since)}{one.subject}{name}: {'; '.join(one.evidence)}")
            for line in one.fix.commands:
                typer.echo(f"      {line}")
        typer.echo("")
    unknown = _reasons(found.judged.unknown)
    if unknown:
        typer.echo("not known")
        for line in unknown:
            typer.echo(f"  {line}")
        typer.echo("")
    _gone(found.since)
    _tell(found)


def _mark(one: "Finding", since: "Since | None") -> str:
    """`NEW ` or `CHANGED `, where it is."""
    from keyward.hygiene.since import Change

    change = Change.UNCHANGED if since is None else since.changes[one.id]
    return f"{change.value.upper()} " if change in (Change.NEW, Change.CHANGED) else ""


def _gone(since: "Since | None") -> None:
    """What an earlier check told and this one does not: fixed, or not judged and why."""
    from keyward.hygiene.since import Change

    for change in (Change.FIXED, Change.NOT_JUDGED):
        gone = [one for one in (since.gone if since else ()) if one.change is change]
        if gone:
            typer.echo(change.value.replace("_", " "))
        for one in gone:
            was = f"{one.earlier.severity.value}  {one.earlier.rule}  {one.earlier.subject}"
            typer.echo(f"  {was}: {one.why or '; '.join(one.earlier.evidence)}")


def _by_rule(findings: "Sequence[Finding]") -> "dict[str, list[Finding]]":
    rows: dict[str, list[Finding]] = {}
    for one in findings:
        rows.setdefault(one.rule, []).append(one)
    return rows


def _reasons(unknown: "Sequence[Finding]") -> list[str]:
    """What nobody can tell, by rule and reason, with how often."""
    from collections import Counter

    counted = Counter((one.rule, "; ".join(one.evidence)) for one in unknown)
    return [f"{rule}  {times:>5,}  {why}" for (rule, why), times in sorted(counted.items())]


def _tell(found: "Checked") -> None:
    """Say on stderr how much was judged, and what was not seen."""
    from keyward.cli import words

    judged = found.judged
    if found.scanned_at is None:
        typer.echo("Nothing was scanned yet. `keyward scan` looks.", err=True)
        return
    if not (found.keys or found.secrets or found.projects):
        typer.echo("Nothing that the last scan knew matches: nothing was judged.", err=True)
    accepted = sum(one.accepted is not None for one in judged.findings)
    typer.echo(
        f"{words.count(len(judged.broken), 'finding')}, {len(judged.unknown):,} not known, {accepted:,} accepted; "
        f"{words.count(len(found.rules), 'rule')} over {words.count(found.keys, 'key')}, {words.count(found.secrets, 'secret')}, "
        f"{words.count(found.projects, 'project')}, scanned {words.moment(found.scanned_at)}.",
        err=True,
    )
    typer.echo(found.compared, err=True)
    if found.unseen:
        total = len(found.sources)
        typer.echo(
            f"{len(found.unseen):,} of {total:,} sources were not seen as a whole: `keyward scan` says which.", err=True
        )
