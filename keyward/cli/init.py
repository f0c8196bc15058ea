"""`keyward init`: what there is on this machine, a settings file to agree to, and what to run next."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.output import write_json
from keyward.model.errors import Exit

if TYPE_CHECKING:
    from keyward.desk.beginning import Beginning

SCHEMA = "keyward.init/1"
_WORDS = {"yes": "found", "no": "none", "unknown": "?"}


class Form(StrEnum):
    """How to print."""

    TABLE = "table"
    JSON = "json"


def init(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]...", help="Folders with projects; else the working folder.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write the settings file without asking.")] = False,
    form: Annotated[Form, typer.Option("--format", "-o", help="How to print.")] = Form.TABLE,
) -> int:
    """Find credentials, env folders, the keyring and well-known files, and propose a settings file. No value is read out."""
    from keyward.desk.beginning import look_around, write

    invocation: Invocation = context.obj
    begun = look_around(invocation.parts, paths or [Path()])
    if form is Form.TABLE:
        _print(begun)
    written = begun.proposed != "" and not begun.exists and (yes or _agreed(invocation, begun))
    if written:
        write(begun)
    code = _code(begun, written=written, asked=invocation.interactive)
    if form is Form.JSON:
        write_json(_document(begun, code, written=written))
    _tell(begun, code, written=written)
    return int(code)


def _agreed(invocation: Invocation, begun: "Beginning") -> bool:
    if not invocation.interactive:
        return False
    from keyward.cli.ask import yes

    return yes(f"Write this to {begun.file}?")


def _code(begun: "Beginning", *, written: bool, asked: bool) -> Exit:
    if not begun.proposed and not begun.exists:
        return Exit.NOT_CONFIGURED
    return Exit.OK if written or begun.exists or asked else Exit.NEEDS_PERSON


def _print(begun: "Beginning") -> None:
    width = max((len(line.what) for line in begun.found), default=0)
    for line in begun.found:
        sys.stdout.write(f"{_WORDS[line.ready]:<6} {line.area:<8} {line.what:<{width}}  {line.found}".rstrip() + "\n")
        if line.fix:
            sys.stdout.write(f"{'':<15} {line.fix}\n")
    if begun.proposed:
        sys.stdout.write(f"\n{begun.file} {'could have' if begun.exists else 'would be'}:\n\n")
        sys.stdout.write("".join(f"    {line}".rstrip() + "\n" for line in begun.proposed.splitlines()))
    sys.stdout.write("\nThen:\n" + "".join(f"    {command}\n" for command in begun.commands))
    sys.stdout.flush()


def _tell(begun: "Beginning", code: Exit, *, written: bool) -> None:
    if written:
        said = f"Wrote {begun.file}."
    elif begun.exists:
        said = f"{begun.file} is there already; it was not touched."
    elif code is Exit.NOT_CONFIGURED:
        said = "Nothing was found that could be looked at. Name the folder with your projects: keyward init ~/work"
    elif code is Exit.NEEDS_PERSON:
        said = "Nothing was written: there is no terminal to ask at. With --yes it is."
    else:
        said = "Nothing was written."
    sys.stderr.write(said + "\n")


def _document(begun: "Beginning", code: Exit, *, written: bool) -> dict[str, object]:
    names = ("area", "what", "ready", "found", "fix")
    return {
        "schema": SCHEMA,
        "exit_code": int(code),
        "found": [{name: getattr(line, name) or None for name in names} for line in begun.found],
        "file": str(begun.file),
        "exists": begun.exists,
        "proposed": begun.proposed or None,
        "written": written,
        "next": list(begun.commands),
    }
