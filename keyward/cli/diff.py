"""`keyward diff`: what the last scan found otherwise than an earlier one, and what cannot be compared."""

from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_json, write_table
from keyward.model.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyward.desk.comparing import Compared
    from keyward.inventory.snapshots.compare import Change, Diff, NotSeen, Snapshot

SCHEMA = "keyward.diff/1"
_HEADER = ("WHAT", "NAME", "KIND", "SCOPE", "DIFFERENCE", "ID")
_CSV = ("what", "id", "name", "kind", "scope", "field", "before", "after")
_NAME, _DIFFERENCE = 40, 60
"""Columns of the table that a long text is cut to; the other formats have it whole."""


def diff(
    context: typer.Context,
    since: Annotated[
        str,
        typer.Option(
            metavar="WHEN|SNAPSHOT",
            help="Compare with the scan before that: 7d, 2026-11-01, a moment, or the number of a snapshot.",
            show_default="the scan before the last",
        ),
    ] = "",
    silent: Annotated[str, typer.Option(metavar="LENGTH", help="A key not used for so long is silent.")] = "30d",
    form: FormatOption = Format.TABLE,
) -> int:
    """Say which keys are new, gone, changed, newly used or newly silent since an earlier scan."""
    from keyward.settings.values import option_duration

    invocation: Invocation = context.obj
    compared = invocation.desk.diff(since, option_duration(silent))
    found = compared.diff
    status = Exit.OK if found is not None and not found.not_seen and not found.later.cancelled else Exit.PARTIAL
    if form is Format.JSON:
        write_json(_document(compared, status))
    elif form is Format.CSV:
        write_csv([row for one in (found.changes if found else ()) for row in _rows(one)], _CSV)
    elif form is Format.IDS:
        for key in dict.fromkeys(one.key for one in (found.changes if found else ())):
            typer.echo(key)
    elif found is not None and found.changes:
        write_table(map(_line, found.changes), _HEADER)
    _tell(compared)
    return int(status)


def _document(compared: "Compared", status: Exit) -> dict[str, object]:
    found = compared.diff
    return {
        "schema": SCHEMA,
        "earlier": None if found is None else _snapshot(found.earlier),
        "later": _snapshot(found.later) if found else _snapshot(compared.kept[-1]) if compared.kept else None,
        "silent_days": None if found is None else found.silent.total_seconds() / 86_400,
        "counts": _counts(found),
        "changes": [_entry(one) for one in (found.changes if found else ())],
        "not_seen": [
            {"source": one.source, "earlier": one.earlier, "later": one.later, "keys": one.keys}
            for one in (found.not_seen if found else ())
        ],
        "use_unknown": found.use_unknown if found else 0,
        "note": compared.note or None,
        "exit_code": int(status),
    }


def _snapshot(one: "Snapshot") -> dict[str, object]:
    at = one.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"snapshot": one.id, "at": at, "keys": one.keys, "cancelled": one.cancelled}


def _counts(found: "Diff | None") -> dict[str, int]:
    from keyward.inventory.snapshots.compare import What

    return {what.value: sum(one.what is what for one in (found.changes if found else ())) for what in What}


def _entry(one: "Change") -> dict[str, object]:
    return {
        "what": one.what.value,
        "id": one.key,
        "name": one.name,
        "kind": one.kind,
        "scope": one.scope,
        "fields": [{"field": field.field, "before": field.before, "after": field.after} for field in one.fields],
    }


def _rows(one: "Change") -> "Iterator[list[str]]":
    head = [one.what.value, one.key, one.name or "", one.kind, one.scope]
    if not one.fields:
        yield [*head, "", "", ""]
    for field in one.fields:
        yield [*head, field.field, field.before or "", field.after or ""]


def _line(one: "Change") -> tuple[str, ...]:
    from keyward.cli.words import short

    fields = "; ".join(f"{field.field}: {field.before or 'none'} -> {field.after or 'none'}" for field in one.fields)
    what = one.what.value.replace("_", " ")
    return what, short(one.name or "-", _NAME), one.kind, one.scope, short(fields or "-", _DIFFERENCE), one.key


def _tell(compared: "Compared") -> None:
    """Say on stderr which scans these are, and what cannot be compared."""
    from keyward.cli import words

    found = compared.diff
    if found is None:
        kept = compared.kept
        known = f"Only the scan of {words.moment(kept[0].at)} is kept" if kept else "No scan is kept yet"
        typer.echo(f"{known}: there is nothing to compare. Run: keyward scan", err=True)
        return
    if compared.note:
        typer.echo(compared.note, err=True)
    counted = ", ".join(f"{number:,} {what.replace('_', ' ')}" for what, number in _counts(found).items() if number)
    typer.echo(f"\n{counted or 'No difference'}, from {_named(found.earlier)} to {_named(found.later)}.", err=True)
    if _counts(found)["found"]:
        typer.echo("found: seen for the first time, perhaps older: the earlier scan did not see its source.", err=True)
    if found.use_unknown:
        typer.echo(f"Use is not known in one of the scans: {words.count(found.use_unknown, 'key')}.", err=True)
    for line in _missing(found.not_seen):
        typer.echo(line, err=True)


def _named(one: "Snapshot") -> str:
    from keyward.cli import words

    return f"snapshot {one.id} ({words.moment(one.at)}{', stopped before its end' if one.cancelled else ''})"


def _missing(sources: "tuple[NotSeen, ...]") -> "Iterator[str]":
    from keyward.cli import words

    for one in sources:
        then, now = one.earlier.replace("_", " "), one.later.replace("_", " ")
        keys = f"; {words.count(one.keys, 'key')} as last seen" if one.keys else ""
        yield f"not compared: {one.source} ({then}, then {now}{keys})"
