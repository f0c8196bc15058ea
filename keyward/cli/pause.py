"""`keyward pause` and `keyward unpause`: starts and retirements stop on all hosts, and go on."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyward.rotation.pause import Pause

SCHEMA = "keyward.pauses/1"
_COLUMNS = ("id", "query", "actor", "host", "reason", "at")

QueryArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[QUERY]...", help="Such as: project:acme-prod, id:KEY, secret:SECRET")
]
ReasonOption = Annotated[str, typer.Option(help="Why; kept in the audit trail and shown to everybody.")]


def pause(
    context: typer.Context,
    query: QueryArgument = None,
    every: Annotated[bool, typer.Option("--all", help="Stop everything.")] = False,
    reason: ReasonOption = "",
    form: FormatOption = Format.TABLE,
) -> int:
    """Stop starts and retirements, on all hosts that share the ledger; without arguments list what is paused."""
    from keyward.desk import pausing
    from keyward.model.errors import UsageError
    from keyward.model.text import clean

    invocation: Invocation = context.obj
    text = " ".join(query or ())
    if not text and not every:
        if reason:
            raise UsageError("Say what to pause: a query, or --all.")
        return _print(pausing.standing(invocation.desk), form)
    if text and every:
        raise UsageError("Give a query or --all, not both.")
    if not reason.strip():
        raise UsageError("A pause needs a reason, because others will ask.", hint="Add --reason TEXT.")
    made = pausing.pause(invocation.desk, text, clean(reason))
    if form is Format.TABLE:
        what = made.query or "everything"
        sys.stderr.write(
            f"{what} is paused on all hosts that share this ledger. `keyward unpause {made.id}` lifts it.\n"
        )
    return _print([made], form)


def unpause(
    context: typer.Context,
    named: Annotated[
        list[str] | None, typer.Argument(metavar="[PAUSE]...", help="The id of a pause, or its query.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Lift every pause.")] = False,
    reason: ReasonOption = "",
    form: FormatOption = Format.TABLE,
) -> int:
    """Lift a pause."""
    from keyward.desk import pausing
    from keyward.model.errors import UsageError
    from keyward.model.text import clean

    invocation: Invocation = context.obj
    text = " ".join(named or ())
    if bool(text) is every:
        raise UsageError("Name one pause, or say --all.", hint="`keyward pause` lists them.")
    lifted = pausing.unpause(invocation.desk, text, clean(reason), every=every)
    if form is Format.TABLE:
        sys.stderr.write("".join(f"{one.query or 'everything'} goes on.\n" for one in lifted) or "Nothing is paused.\n")
    return _print(lifted, form)


def _print(found: "Sequence[Pause]", form: Format) -> int:
    rows = [{**{name: getattr(one, name) for name in _COLUMNS[:-1]}, "at": one.at.isoformat()} for one in found]
    if form is Format.JSON:
        write_json({"schema": SCHEMA, "pauses": rows})
    elif form is Format.CSV:
        write_csv([[row[name] for name in _COLUMNS] for row in rows], _COLUMNS)
    elif form is Format.IDS:
        sys.stdout.write("".join(f"{one.id}\n" for one in found))
    else:
        sys.stdout.write("".join(f"{one.id}  {one.query or 'everything'}  {one.said}\n" for one in found))
        if not found:
            sys.stderr.write("Nothing is paused.\n")
    return 0
