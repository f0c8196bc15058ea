"""`keyward audit verify|head|export`: the audit trail checked, anchored outside, written out."""

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation

if TYPE_CHECKING:
    from keyward.desk.auditing import Checked

audit = typer.Typer(help="The audit trail: checked, anchored outside, written out.", no_args_is_help=True)


@audit.command()
def verify(
    context: typer.Context,
    anchor: Annotated[
        str,
        typer.Option(metavar="SEQ:LINK", help="A line that `keyward audit head` printed before: is it still there?"),
    ] = "",
) -> int:
    """Check that no line of the audit trail was changed, moved or removed; exit 1 when one was.

    Lines cut off at the end, with the ledger's own note of them, show only against an anchor that was kept outside.
    """
    from keyward.desk import auditing
    from keyward.model.errors import Exit

    invocation: Invocation = context.obj
    noted = auditing.anchor(anchor) if anchor else None
    found = auditing.check(invocation.desk, noted)
    if found.fine:
        still = "" if noted is None else f", and line {noted.seq} is the anchored one"
        typer.echo(f"{found.lines} lines fit{still}. Head: {found.head}")
        return int(Exit.OK)
    for said in _wrong(found, anchor):
        typer.echo(said)
    typer.echo("Find out who can write the ledger; restore it from a backup.", err=True)
    return int(Exit.FINDINGS)


@audit.command()
def head(context: typer.Context) -> None:
    """Print the newest line as SEQ:LINK, to be kept where nobody who writes the ledger can change it."""
    from keyward.desk import auditing

    invocation: Invocation = context.obj
    typer.echo(auditing.head(invocation.desk))


@audit.command()
def export(
    context: typer.Context,
    after: Annotated[int, typer.Option(min=0, metavar="SEQ", help="Only lines after this number.")] = 0,
    since: Annotated[
        str, typer.Option(metavar="TIME", help="Only lines since then: 2026-01-31, 2026-01-31T12:00Z, or 7d ago.")
    ] = "",
) -> None:
    """Write the audit trail as JSON lines (keyward.audit/1), oldest first. There is no value in it."""
    from keyward.desk import auditing

    invocation: Invocation = context.obj
    begin = _moment(since, invocation.parts.clock.now()) if since else None
    for line in auditing.lines(invocation.desk, after=after, since=begin):
        sys.stdout.write(json.dumps(line) + "\n")  # ASCII: nothing that a terminal could take for an order


def _wrong(found: "Checked", anchor: str) -> list[str]:
    said = []
    if found.misfit is not None:
        said.append(
            f"Line {found.misfit} does not fit ({found.lines} were looked at): it was changed, moved or removed from outside."
        )
    if found.anchored is False:
        seq = anchor.partition(":")[0]
        said.append(f"Line {seq} is not the anchored one, or is gone: lines were cut off or written again.")
    return said


def _moment(text: str, now: datetime) -> datetime:
    from keyward.model.errors import UsageError
    from keyward.settings.values import duration

    try:
        return now - duration(text)
    except (ValueError, OverflowError):
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is neither a date such as 2026-01-31 nor a duration such as 7d.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
