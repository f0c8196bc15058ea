"""`keyward list` (`ls`): the keys of the last scan, from the cache, with its age and coverage."""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.output import Format

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from keyward.desk import Desk
    from keyward.inventory.cache import CacheReader
    from keyward.model.query import Query
    from keyward.model.query_rows import Columns


class ColumnSet(StrEnum):
    """Which columns the table has."""

    USUAL = "usual"
    DATA = "data"
    FINDINGS = "findings"


_HEADER = {
    ColumnSet.USUAL: ("NAME", "KIND", "SCOPE", "AGE", "LAST USE", "PLACES", "STATE", "ID"),
    ColumnSet.DATA: ("NAME", "KIND", "SCOPE", "DATA", "LAST USE", "STATE", "ID"),
    ColumnSet.FINDINGS: ("NAME", "KIND", "SCOPE", "FINDINGS", "LAST USE", "STATE", "ID"),
}
_CSV = (
    "id",
    "provider",
    "scope",
    "name",
    "kind",
    "state",
    "created",
    "first_seen",
    "last_used_status",
    "last_used_at",
    "places",
    "source_status",
    "data",
    "findings",
)
_NAME = 60
"""Columns of the table that a name is cut to; the other formats have it whole."""
_PARTIAL = 3
"""`Exit.PARTIAL`, without loading the errors for it."""


def list_keys(
    context: typer.Context,
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[QUERY]...",
            help="Such as: project:acme-prod age>90d unused>30d finding:KW-401 store:keyring !kind:sa-key text",
        ),
    ] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Scan first.")] = False,
    columns: Annotated[
        ColumnSet,
        typer.Option(
            "--columns",
            help="Columns of the table; data: what may be done with what is sent; findings: what `keyward check` finds.",
        ),
    ] = ColumnSet.USUAL,
    form: Annotated[Format, typer.Option("--format", "-o", help="How to print.")] = Format.TABLE,
) -> int:
    """List the keys of the last scan."""
    invocation: Invocation = context.obj
    desk = invocation.desk
    if refresh:
        from keyward.cli.progress import Progress  # only who scans pays for it
        from keyward.desk import ScanWish

        progress = Progress(now=desk.parts.clock.now)
        for warning in desk.scan(ScanWish(), progress).warnings:
            typer.echo(warning, err=True)
        progress.end()
    wanted = _query(" ".join(_quoted(word) for word in query or ()))
    desk.hygiene.judge_data()
    if columns is ColumnSet.FINDINGS or (wanted is not None and any(term.field == "finding" for term in wanted.terms)):
        desk.hygiene.judge_keys()
    cache = desk.cache()
    try:
        now = desk.parts.clock.now()
        chosen = _chosen(cache, wanted, now) if wanted is not None else None
        if form is Format.JSON:
            for piece in desk.inventory(chosen):
                sys.stdout.write(piece)
            sys.stdout.write("\n")
        elif form is Format.IDS:
            sys.stdout.writelines(f"{key}\n" for key in (chosen if chosen is not None else _all(cache)))
        else:
            _rows(cache, chosen, now, form, columns)
        return _coverage(desk, cache, now, quiet=form is not Format.TABLE)
    finally:
        cache.close()


def _quoted(word: str) -> str:
    """A word that the shell took out of its quotes gets them back."""
    if " " in word and '"' not in word and ":" not in word:
        return f'"{word}"'
    return word


def _query(text: str) -> "Query | None":
    """The query, if one was typed.

    Raises:
        QueryError: it cannot be read.
    """
    if not text:
        return None
    from keyward.model.query import parse  # a list without a query needs none

    return parse(text)


def _chosen(cache: "CacheReader", wanted: "Query", now: "datetime") -> list[str]:
    """The ids that the query holds for."""
    columns = cache.columns()
    return [columns.id[at] for at in wanted.columns(columns, range(len(columns.id)), now)]


def _all(cache: "CacheReader") -> list[str]:
    return [row[0] for row in cache.rows("SELECT id FROM key ORDER BY ordinal")]


def _rows(
    cache: "CacheReader", chosen: "Sequence[str] | None", now: "datetime", form: Format, shown: ColumnSet
) -> None:
    from keyward.cli.output import write_csv, write_table

    columns = cache.columns()
    wanted = None if chosen is None else set(chosen)
    at = [row for row, key in enumerate(columns.id) if wanted is None or key in wanted]
    if form is Format.CSV:
        write_csv([[_plain(getattr(columns, name)[row]) for name in _CSV] for row in at], _CSV)
    elif at:
        write_table([_line(columns, row, now, shown) for row in at], _HEADER[shown])


def _plain(value: object) -> str:
    if isinstance(value, float):
        from keyward.inventory.times import stamp

        return stamp(value) or ""
    if isinstance(value, tuple):
        return " ".join(value)
    return "" if value is None else str(value)


def _line(columns: "Columns", row: int, now: "datetime", shown: ColumnSet) -> tuple[str, ...]:
    from datetime import timedelta

    from keyward.cli import words

    def since(at: float | None) -> timedelta | None:
        return None if at is None else timedelta(seconds=now.timestamp() - at)

    created, seen = since(columns.created[row]), since(columns.first_seen[row])
    age = words.span(created) if created is not None else f">= {words.span(seen)}" if seen is not None else "not known"
    use = words.use(columns.last_used_status[row], since(columns.last_used_at[row]), columns.last_used_window[row])
    state = columns.state[row]
    stale = columns.source_status[row]
    usual = shown is ColumnSet.USUAL
    return (
        words.short(columns.name[row] or "-", _NAME),
        columns.kind[row],
        columns.scope[row],
        age if usual else _words(columns, row, shown),
        use,
        *((str(columns.places[row]),) if usual else ()),
        f"{state} ({stale})" if stale not in {"", "ok", "disabled"} else state,
        columns.id[row],
    )


def _words(columns: "Columns", row: int, shown: ColumnSet) -> str:
    if shown is ColumnSet.DATA:
        return ", ".join(columns.data[row])
    return ", ".join(columns.findings[row]) or "none"


def _coverage(desk: "Desk", cache: "CacheReader", now: "datetime", *, quiet: bool) -> int:
    """Say how old and how complete this is; the exit status."""
    scanned = cache.scanned_at
    if scanned is None:
        typer.echo("Nothing was scanned yet. Run: keyward scan [FOLDER]", err=True)
        return _PARTIAL
    unseen = cache.sources(missing=True)
    gaps = desk.gaps().open(unseen) if unseen else {}
    missing = [one for one in unseen if one.id not in gaps]
    if not quiet:
        from keyward.cli import words

        sources = len(cache.sources())
        world = "EMULATOR; " if desk.parts.emulated else ""
        typer.echo(
            f"\n{world}{words.count(cache.counts()[0], 'key')} known, scanned {words.span(now - scanned)} ago; "
            f"{sources - len(unseen)} of {words.count(sources, 'source')} seen as a whole.",
            err=True,
        )
    for one in missing:
        needs = f" (needs {one.permission})" if one.permission else ""
        typer.echo(f"{one.status.value}: {one.id}{needs}", err=True)
    for source, gap in gaps.items():
        typer.echo(f"accepted gap: {source} ({gap.owner}, until {gap.until})", err=True)
    return _PARTIAL if missing else 0
