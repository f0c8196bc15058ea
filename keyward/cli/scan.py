"""`keyward scan`: look everywhere that is allowed, and say what could not be seen."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_json

if TYPE_CHECKING:
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
    strict: Annotated[bool, typer.Option("--strict", help="Count an API that is switched off as not seen.")] = False,
    form: FormatOption = Format.TABLE,
) -> int:
    """Find keys and the places where they are kept. Secret values in the cloud are read only where you said so."""
    from keyward.cli.progress import Progress  # the engines are loaded when something is done
    from keyward.cli.words import count
    from keyward.desk import ScanWish

    invocation: Invocation = context.obj
    wish = ScanWish(tuple(project or ()), tuple(paths or ()), tuple(values or ()), local=local, strict=strict)

    def announce(reads: int, sources: int) -> None:
        typer.echo(
            f"Reading up to {count(reads, 'value')} in {count(sources, 'source')}; audit logs may show each of these reads.",
            err=True,
        )

    progress = Progress()
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
        "sources": [
            {
                "id": one.id,
                "status": one.status.value,
                "items": one.items,
                "looked": one.looked,
                "not_looked": one.not_looked,
                "permission": one.permission or None,
                "api": one.api or None,
                "detail": one.detail or None,
            }
            for one in summary.sources
        ],
    }


def _row(one: "SourceReport") -> list[str]:
    return [
        one.id,
        one.status.value,
        str(one.items),
        str(one.looked),
        str(one.not_looked),
        one.permission,
        one.api,
        one.detail,
    ]


def _text(summary: "ScanSummary") -> None:
    from keyward.cli.words import count

    missing = summary.missing
    whole = len(summary.sources) - len(missing)
    typer.echo(
        f"{count(summary.keys, 'key')}, {count(summary.secrets, 'secret')}, {count(summary.placements, 'placement')} known. "
        f"{whole} of {count(len(summary.sources), 'source')} seen as a whole."
    )
    typer.echo(f"Searched {count(summary.looked, 'payload')} for keys; not looked for in {summary.not_looked:,}.")
    if missing:
        typer.echo("\nNot seen as a whole:")
    for one in missing:
        typer.echo(f"  {one.status.value:<12} {one.id}")
        needs = [f"needs {one.permission}"] if one.permission else [f"needs {one.api}"] if one.api else []
        for line in (*needs, one.detail):
            if line:
                typer.echo(f"  {'':<12} {line}")
    if summary.keys and not summary.cancelled:
        typer.echo("\nkeyward list shows them.", err=True)
