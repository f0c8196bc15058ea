"""`keyward scan`: look everywhere that is allowed, and say what could not be seen."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyward.desk import ScanSummary
    from keyward.model.source import SourceReport

SCHEMA = "keyward.scan/1"
_COLUMNS = ("id", "status", "items", "looked", "not_looked", "permission", "api", "detail")


def scan(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]...", help="Folders of env files, or single files.")
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option(metavar="SCOPE", help="Read secret values in project:ID, or all, for this run. Repeatable."),
    ] = None,
    local: Annotated[bool, typer.Option("--local", help="Only this machine: env files and keyring.")] = False,
    project: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only these projects; patterns such as acme-*. Repeatable.")
    ] = None,
    folder: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Only projects below this Google Cloud folder, at any depth. Repeatable."),
    ] = None,
    organization: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only projects below this organisation. Repeatable.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Leave out these projects; patterns too. Repeatable.")
    ] = None,
    around: Annotated[
        bool,
        typer.Option(
            "--context",
            help="Ask for billing, APIs, labels and readers of secrets too: four requests a project, one a secret.",
        ),
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Count an API that is switched off as not seen.")] = False,
    form: FormatOption = Format.TABLE,
) -> int:
    """Find keys and the places where they are kept. Secret values in the cloud are read only where you said so."""
    from keyward.cli.progress import Progress  # the engines are loaded when something is done
    from keyward.cli.words import count
    from keyward.desk import ScanWish

    invocation: Invocation = context.obj
    roots = [
        f"{kind}/{one.removeprefix(f'{kind}/')}"
        for kind, ids in (("organizations", organization), ("folders", folder))
        for one in ids or ()
    ]
    wish = ScanWish(
        tuple(project or ()),
        tuple(paths or ()),
        tuple(values or ()),
        local=local,
        strict=strict,
        roots=tuple(roots),
        exclude=tuple(exclude or ()),
        context=around,
    )

    def announce(reads: int, sources: int) -> None:
        typer.echo(
            f"Reading up to {count(reads, 'value')} in {count(sources, 'source')}; audit logs may show each of these reads.",
            err=True,
        )

    progress = Progress(now=invocation.parts.clock.now)
    summary = invocation.desk.scan(wish, progress, announce=announce)
    progress.end()
    _write(summary, form)
    for warning in summary.warnings:
        typer.echo(warning, err=True)
    return int(summary.exit_code)


def _write(summary: "ScanSummary", form: Format) -> None:
    if form is Format.JSON:
        write_json(_document(summary))
    elif form is Format.IDS:
        typer.echo("\n".join(one.id for one in summary.sources))
    elif form is Format.CSV:
        write_csv([_row(one) for one in summary.sources], _COLUMNS)
    else:
        _text(summary)


def _document(summary: "ScanSummary") -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "at": summary.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "keys": summary.keys,
        "secrets": summary.secrets,
        "placements": summary.placements,
        "payloads": {"read": summary.looked, "not_read": summary.not_looked},
        "audited_reads": summary.reads,
        "cancelled": summary.cancelled,
        "exit_code": int(summary.exit_code),
        "warnings": list(summary.warnings),
        "blind": list(summary.blind),
        "sources": [
            {
                "id": one.id,
                "status": one.status.value,
                "items": one.found,
                "looked": one.looked,
                "not_looked": one.not_looked,
                "permission": one.permission or None,
                "api": one.api or None,
                "detail": one.detail or None,
                "stale_since": one.stale_since.strftime("%Y-%m-%dT%H:%M:%SZ") if one.stale_since else None,
                "gap": _gap(summary, one.id),
            }
            for one in summary.sources
        ],
    }


def _gap(summary: "ScanSummary", source: str) -> dict[str, object] | None:
    """The accepted gap of a source that was not seen."""
    gap = summary.gaps.get(source)
    return None if gap is None else {"owner": gap.owner, "until": gap.until.isoformat(), "why": gap.why or None}


def _row(one: "SourceReport") -> list[str]:
    return [
        one.id,
        one.status.value,
        "" if one.found is None else str(one.found),
        str(one.looked),
        str(one.not_looked),
        one.permission,
        one.api,
        one.detail,
    ]


def _text(summary: "ScanSummary") -> None:
    from keyward.cli.words import count
    from keyward.model.tally import kinds

    missing = summary.missing
    accepted = sum(not one.covered and one.id in summary.gaps for one in summary.sources)
    typer.echo(
        f"{count(summary.keys, 'key')}, {count(summary.secrets, 'secret')}, {count(summary.placements, 'placement')} known. "
        f"{len(summary.sources) - len(missing) - accepted} of {count(len(summary.sources), 'source')} seen as a whole."
    )
    for kind in kinds([one.id for one in summary.sources], {one.id: one for one in summary.sources}, {}):
        ended = ", ".join(f"{number:,} {status.value}" for status, number in sorted(kind.ended.items()))
        typer.echo(f"  {kind.name:<20} {ended}")
    typer.echo(f"Searched {count(summary.looked, 'payload')} for keys; not looked for in {summary.not_looked:,}.")
    for line in summary.blind:
        typer.echo(line)
    _missing(missing)
    for one in summary.sources:
        if gap := summary.gaps.get(one.id):
            typer.echo(f"Accepted gap: {one.id} ({one.status.value}; {gap.owner}, until {gap.until})")
    if summary.cancelled:
        typer.echo("\nStopped: what was read is kept, and the next `keyward scan` goes on from there.", err=True)
    elif summary.keys:
        typer.echo("\nkeyward list shows them.", err=True)


def _missing(sources: "Sequence[SourceReport]") -> None:
    from keyward.cli.words import moment

    if sources:
        typer.echo("\nNot seen as a whole:")
    for one in sources:
        typer.echo(f"  {one.status.value:<12} {one.id}")
        stale = [f"rows as of {moment(one.stale_since)} are kept"] if one.stale_since else []
        needs = [f"needs {one.permission}"] if one.permission else [f"needs {one.api}"] if one.api else []
        for line in (*needs, one.detail, *stale):
            if line:
                typer.echo(f"  {'':<12} {line}")
