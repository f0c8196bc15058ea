"""`keyward doctor`: what is missing or wrong, the exact command that mends it, and (with --fix) the mending."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.output import write_csv, write_json

if TYPE_CHECKING:
    from keyward.desk.wish import Check, Mended
    from keyward.rotation.mend.troubles import Trouble

SCHEMA = "keyward.doctor/1"
_WORDS = {"yes": "ok", "no": "MISSING", "unknown": "?"}
_COLUMNS = ("area", "what", "ready", "found", "fix")


class Role(StrEnum):
    """What keyward is to be allowed."""

    READER = "reader"
    LINKER = "linker"
    ROTATOR = "rotator"


class Form(StrEnum):
    """How to print: the checks as data, or a role as commands or Terraform."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    IDS = "ids"
    GCLOUD = "gcloud"
    TERRAFORM = "terraform"


def doctor(
    context: typer.Context,
    fix: Annotated[
        bool, typer.Option("--fix", help="Show what could be mended around rotations, and mend it once agreed.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for unattended runs.")] = False,
    role: Annotated[
        Role | None,
        typer.Option(
            help="Print the exact minimal role: to list (reader), to recognise values too (linker), to rotate."
        ),
    ] = None,
    project: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="With --role: for this project. Repeatable.")
    ] = None,
    member: Annotated[str, typer.Option(help="With --role: who gets it, such as user:YOU@EXAMPLE.COM.")] = "",
    form: Annotated[Form, typer.Option("--format", "-o", help="How to print.")] = Form.TABLE,
) -> int:
    """Check settings, credentials, permissions, stores, ledger, rotations and cache; exit 4 when something is missing."""
    invocation: Invocation = context.obj
    if role is not None:
        return _print_role(invocation, role, project or [], member, form)
    if form in {Form.GCLOUD, Form.TERRAFORM}:
        from keyward.model.errors import UsageError

        raise UsageError(f"--format {form} prints a role.", hint="Add --role reader, linker or rotator.")
    if fix:
        return _fix(invocation, yes=yes, form=form)
    lines = invocation.desk.health.doctor()
    code = 4 if any(line.ready == "no" for line in lines) else 0
    if form is Form.JSON:
        checks = [{name: getattr(line, name) or None for name in _COLUMNS} for line in lines]
        write_json({"schema": SCHEMA, "exit_code": code, "checks": checks})
    elif form is Form.IDS:
        sys.stdout.write("".join(f"{line.area}: {line.what}\n" for line in lines if line.ready == "no"))
    elif form is Form.CSV:
        write_csv([[getattr(line, name) for name in _COLUMNS] for line in lines], _COLUMNS)
    else:
        _print_lines(lines)
    return code


def _print_lines(lines: "Sequence[Check]") -> None:
    width = max(len(line.what) for line in lines)
    for line in lines:
        sys.stdout.write(f"{_WORDS[line.ready]:<8} {line.area:<9} {line.what:<{width}}  {line.found}".rstrip() + "\n")
        sys.stdout.writelines(f"{'':<8} fix: {fix}\n" for fix in line.fix.splitlines())


def _print_role(invocation: Invocation, role: Role, projects: list[str], member: str, form: Form) -> int:
    from keyward.desk.roles import role_text

    sys.stdout.write(role_text(invocation.desk, role.value, projects, member, terraform=form is Form.TERRAFORM))
    return 0


def _fix(invocation: Invocation, *, yes: bool, form: Form) -> int:
    """Show the plan, ask, mend; exit 6 while something needs a person, 1 when a mending failed."""
    from keyward.model.errors import UsageError

    troubles = invocation.desk.health.troubles()
    mendable = [one for one in troubles if one.mending]
    if form is not Form.JSON:
        _print_troubles(troubles)
    done: Sequence[Mended] = ()
    if mendable:
        if not yes and not invocation.interactive:
            raise UsageError(
                "There is no terminal to ask at, so nothing was mended.",
                hint="Look at the plan above, then run it with --yes.",
            )
        if not yes:
            from keyward.cli.ask import typed

            typed(f"mend {len(mendable)}", "What stands behind -> above will be done.")
        done = invocation.desk.health.mend(mendable)
    code = 1 if any(not one.ok for one in done) else 6 if len(mendable) < len(troubles) else 0
    if form is Form.JSON:
        _write_mended(troubles, done, code)
    else:
        for one in done:
            sys.stdout.write(f"{'mended' if one.ok else 'FAILED':<8} {one.subject}  {one.said}\n")
    return code


def _print_troubles(troubles: "Sequence[Trouble]") -> None:
    if not troubles:
        sys.stdout.write("Nothing is wrong around rotations.\n")
    for one in troubles:
        sys.stdout.write(f"{one.wrong.value:<10} {one.what}\n")
        if one.mending:
            sys.stdout.write(f"{'':<10} -> {one.mending}\n")
        if one.todo:
            sys.stdout.write(f"{'':<10} a person: {one.todo}\n")


def _write_mended(troubles: "Sequence[Trouble]", done: "Sequence[Mended]", code: int) -> None:
    names = ("wrong", "subject", "what", "mending", "todo", "rotation")
    found = [{name: str(getattr(one, name)) or None for name in names} for one in troubles]
    mended = [{"subject": one.subject, "ok": one.ok, "said": one.said} for one in done]
    write_json({"schema": SCHEMA, "exit_code": code, "troubles": found, "mended": mended})
