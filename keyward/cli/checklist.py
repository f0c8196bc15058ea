"""`keyward checklist list|show|run|attest|due`: what should be done, proved where it can be proved, stated by a person where not."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_fields, write_json, write_table
from keyward.model.errors import UsageError

if TYPE_CHECKING:
    from keyward.checklists.result import Run

checklist = typer.Typer(
    help="Checklists: proved where they can be proved, stated by a person where not.", no_args_is_help=True
)


class RunFormat(StrEnum):
    """How a run is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"
    HTML = "html"
    BADGE = "badge"


Projects = Annotated[
    list[str] | None,
    typer.Option("--project", metavar="ID", help="A cloud project; patterns such as acme-* too. Repeatable."),
]
Subjects = Annotated[
    list[str] | None,
    typer.Option(
        "--for",
        metavar="KIND:NAME",
        help="Such as provider:openai, person:mary@acme.example, key:ID, machine: (this one).",
    ),
]


@checklist.callback()
def _group() -> None:
    """Checklists: proved where they can be proved, stated by a person where not."""


@checklist.command("list")
def list_lists(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List every checklist: keyward's own, and yours ([checklists] files)."""
    invocation: Invocation = context.obj
    found = invocation.desk.checklists.library.lists
    if form is Format.JSON:
        from keyward.desk.checklist_record import lists_json

        write_json(lists_json(found))
    elif form is Format.IDS:
        sys.stdout.writelines(f"{one.id}\n" for one in found)
    else:
        from keyward.desk.checklist_words import kinds

        rows = [(one.id, " ".join(one.about), kinds(one), one.file or "keyward", one.title) for one in found]
        header = ("ID", "FOR", "ITEMS", "FROM", "TITLE")
        (write_csv if form is Format.CSV else write_table)(rows, header)


@checklist.command()
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="LIST|ITEM", help="A list, or one item such as any.tls.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Show a list, or one item: why it matters, what to do, who or what proves it, where it is from."""
    from keyward.desk.checklist_words import fields, proof

    invocation: Invocation = context.obj
    library = invocation.desk.checklists.library
    if "." in name:
        item = library.item(name)
        chosen = next(one for one in library.lists if one.item(item.id) is not None)
    else:
        item, chosen = None, library.named(name)
    if form is Format.JSON:
        from dataclasses import replace

        from keyward.desk.checklist_record import lists_json

        write_json(lists_json([chosen if item is None else replace(chosen, items=(item,))]))
    elif item is not None:
        write_fields(fields(item))
    elif form is Format.IDS:
        sys.stdout.writelines(f"{one.id}\n" for one in chosen.items)
    elif form is Format.CSV:
        write_csv(
            [(one.id, one.kind.value, proof(one), one.title) for one in chosen.items], ("id", "kind", "proof", "title")
        )
    else:
        sys.stdout.write(f"{chosen.title} ({chosen.id}, version {chosen.version}): {chosen.why}\n\n")
        write_table(
            [(one.id, one.kind.value, proof(one), one.title) for one in chosen.items],
            ("ITEM", "KIND", "PROVED BY", "TITLE"),
        )


@checklist.command()
def run(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="LIST", help="A list; `keyward checklist list` names them.")],
    project: Projects = None,
    subject: Subjects = None,
    no_input: Annotated[bool, typer.Option("--no-input", help="Ask nothing, also at a terminal.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Ask for skipped items too.")] = False,
    compare: Annotated[bool, typer.Option("--compare", help="Show only where the subjects differ.")] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="Scan first.")] = False,
    probe: Annotated[
        bool,
        typer.Option("--probe", help="Greet servers that keys go to, and let tools look libraries up in the network."),
    ] = False,
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there, readable by you alone.")] = None,
    form: Annotated[RunFormat, typer.Option("--format", "-o", help="How to print.")] = RunFormat.TABLE,
) -> int:
    """Run a list: prove what can be proved, and at a terminal go through the rest. Exit 1: fails or expired, 6: a person, 3: not known."""
    invocation: Invocation = context.obj
    if refresh:
        _scan(invocation)
    checklists = invocation.desk.checklists
    chosen = checklists.library.named(name)
    subjects = checklists.subjects(chosen, [*(f"project:{one}" for one in project or ()), *(subject or ())])
    if compare and len(subjects) < 2:
        raise UsageError("--compare compares subjects, and there is one only.", hint="Name --project or --for again.")
    found = checklists.run(chosen, subjects, probe=probe)
    if invocation.interactive and not no_input and not compare and to is None and form is RunFormat.TABLE:
        from keyward.cli.checklist_walk import walk

        if walk(invocation.desk, found, again=again):
            found = checklists.run(chosen, subjects, probe=probe)
    _write(found, form, to, compare=compare)
    return int(found.exit_code)


def _scan(invocation: Invocation) -> None:
    from keyward.cli.progress import Progress  # only who scans pays for it
    from keyward.desk import ScanWish

    progress = Progress(now=invocation.parts.clock.now)
    for warning in invocation.desk.scan(ScanWish(context=True), progress).warnings:
        typer.echo(warning, err=True)
    progress.end()


def _write(found: "Run", form: RunFormat, to: Path | None, *, compare: bool) -> None:
    import io

    out = io.StringIO()
    if form is RunFormat.JSON:
        from keyward.desk.checklist_record import run_json

        write_json(run_json(found, int(found.exit_code)), out if to is not None else None)
    elif form is RunFormat.CSV:
        header = ("subject", "item", "kind", "result", "needs_person", "evidence", "fix")
        rows = [
            (str(one.subject), one.item.id, one.item.kind.value, one.word.value, str(one.asks).lower(), "; ".join(one.evidence),
             "; ".join(one.fix.commands) or one.fix.text)
            for one in found.answers
        ]  # fmt: skip
        write_csv(rows, header, out if to is not None else None)
    elif form is RunFormat.TABLE:
        from keyward.cli.checklist_text import compared, told

        (compared if compare else told)(found, out)
        if to is None:
            sys.stdout.write(out.getvalue())
    else:
        from keyward.checklists.reports import FORMATS  # loads every format

        out.write(FORMATS[form.value](found))
        if to is None:
            sys.stdout.write(out.getvalue())
    if to is not None:
        from keyward.files import replace

        replace(to.absolute(), out.getvalue().encode("utf-8", "replace"), mark="checklist")
        to.chmod(0o600)
        typer.echo(f"{to}: {found.coverage}", err=True)


@checklist.command()
def attest(
    context: typer.Context,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="Such as any.law.")],
    project: Projects = None,
    subject: Subjects = None,
    says: Annotated[str, typer.Option(metavar="TEXT", help="What holds, in a sentence.")] = "",
    evidence: Annotated[str, typer.Option(metavar="LINK", help="Where it can be seen.")] = "",
    until: Annotated[
        str,
        typer.Option(metavar="DATE", help="Its last day (UTC), such as 2027-01-31.", show_default="as the item allows"),
    ] = "",
    answer: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="NAME=TEXT", help="An answer that the item asks for. Repeatable."),
    ] = None,
    agree: Annotated[bool, typer.Option("--agree", help="Agree with what somebody else stated.")] = False,
    skip: Annotated[
        bool, typer.Option("--skip", help="Put it off for 30 days; --says tells why. It stays open.")
    ] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Say that it holds no more; --says tells why.")] = False,
) -> int:
    """State that an item holds, until a day; agree with somebody who did; put it off; or take it back. All of it is on record."""
    from keyward.desk.checklist_words import day
    from keyward.desk.checklists import Saying
    from keyward.ledger.records import Statement

    invocation: Invocation = context.obj
    if agree + skip + withdraw > 1:
        raise UsageError("--agree, --skip and --withdraw exclude each other.")
    scopes = [*(f"project:{one}" for one in project or ()), *(subject or ())]
    if not scopes:
        raise UsageError("Say what it is stated about.", hint="--project acme-prod, or --for provider:openai.")
    kind = (
        Statement.AGREED
        if agree
        else Statement.SKIPPED
        if skip
        else Statement.WITHDRAWN
        if withdraw
        else Statement.ATTESTED
    )
    last = day(until) if until else None
    answers = dict(_pair(one) for one in answer or ())
    for scope in scopes:
        made = invocation.desk.checklists.state(Saying(item, scope, kind, says, evidence, last, answers))
        ends = f" until {made.expires:%Y-%m-%d %H:%M} UTC" if kind in (Statement.ATTESTED, Statement.SKIPPED) else ""
        typer.echo(f"{made.item} at {made.scope}: {made.kind.value} by {made.actor}{ends}")
    return 0


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise UsageError(f"{text!r} is not NAME=TEXT.")
    return name, value


@checklist.command()
def due(
    context: typer.Context,
    within: Annotated[str, typer.Option(metavar="TIME", help="How far ahead to look.")] = "30d",
    form: FormatOption = Format.TABLE,
) -> int:
    """List statements that ended or end soon. Exit 1: one has ended."""
    from keyward.settings.values import option_duration

    invocation: Invocation = context.obj
    found = invocation.desk.checklists.due(option_duration(within))
    rows = [
        (one.row.item, one.row.scope, f"{one.row.expires:%Y-%m-%d}", str(one.left.days), one.row.actor, one.title)
        for one in found
    ]
    if form is Format.JSON:
        from keyward.desk.checklist_record import due_json

        write_json(due_json(found))
    elif form is Format.IDS:
        sys.stdout.writelines(f"{one.row.item}\n" for one in found)
    elif form is Format.CSV:
        write_csv(rows, ("item", "scope", "until", "days_left", "by", "title"))
    elif rows:
        write_table(rows, ("ITEM", "FOR", "UNTIL", "DAYS LEFT", "BY", "TITLE"))
    else:
        typer.echo(f"Nothing that was stated ends within {within}.", err=True)
    return int(any(one.left.days < 0 for one in found))
