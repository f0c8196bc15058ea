"""`keyward doctor`: what is missing, and the exact command that mends it."""

import sys

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_json

SCHEMA = "keyward.doctor/1"
_WORDS = {"yes": "ok", "no": "MISSING", "unknown": "?"}
_COLUMNS = ("area", "what", "ready", "found", "fix")


def doctor(context: typer.Context, form: FormatOption = Format.TABLE) -> int:
    """Check settings, credentials, permissions, stores, ledger and cache; exit 4 when something is missing."""
    invocation: Invocation = context.obj
    lines = invocation.desk.doctor()
    code = 4 if any(line.ready == "no" for line in lines) else 0
    if form is Format.JSON:
        checks = [{name: getattr(line, name) or None for name in _COLUMNS} for line in lines]
        write_json({"schema": SCHEMA, "exit_code": code, "checks": checks})
    elif form is Format.IDS:
        sys.stdout.write("".join(f"{line.area}: {line.what}\n" for line in lines if line.ready == "no"))
    elif form is Format.CSV:
        write_csv([[getattr(line, name) for name in _COLUMNS] for line in lines], _COLUMNS)
    else:
        width = max(len(line.what) for line in lines)
        for line in lines:
            sys.stdout.write(
                f"{_WORDS[line.ready]:<8} {line.area:<9} {line.what:<{width}}  {line.found}".rstrip() + "\n"
            )
            sys.stdout.writelines(f"{'':<8} fix: {fix}\n" for fix in line.fix.splitlines())
    return code
