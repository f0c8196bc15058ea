"""`keyward status`: where things stand; nothing is asked."""

import sys
from typing import TYPE_CHECKING

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_fields, write_json, write_table

if TYPE_CHECKING:
    from keyward.desk.wish import Status

SCHEMA = "keyward.status/1"
_COLUMNS = ("rotation", "key", "waiting_on", "why", "due")


def status(context: typer.Context, form: FormatOption = Format.TABLE) -> int:
    """Say what is known, what could not be seen, and which rotations are open."""
    invocation: Invocation = context.obj
    desk = invocation.desk
    found = desk.status()
    rows = [
        (rotation, key, waiting_on, why, due.isoformat() if due else "")
        for rotation, key, waiting_on, why, due in found.waiting
    ]
    if form is Format.JSON:
        write_json(_document(found))
    elif form is Format.IDS:
        sys.stdout.write("".join(f"{row[0]}\n" for row in rows))
    elif form is Format.CSV:
        write_csv(rows, _COLUMNS)
    else:
        write_fields(_fields(found, invocation))
        if rows:
            typer.echo("")
            write_table(
                [tuple(cell or "-" for cell in row) for row in rows],
                [name.upper().replace("_", " ") for name in _COLUMNS],
            )
    return 0


def _document(found: "Status") -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "world": found.world,
        "scanned_at": found.scanned_at.isoformat() if found.scanned_at else None,
        "keys": found.keys,
        "missing": [
            {
                "id": one.id,
                "status": one.status.value,
                "permission": one.permission or None,
                "detail": one.detail or None,
            }
            for one in found.missing
        ],
        "open": dict(found.open),
        "rotations": [
            {
                "rotation": rotation,
                "key": key,
                "waiting_on": waiting_on or None,
                "why": why or None,
                "due": due.isoformat() if due else None,
            }
            for rotation, key, waiting_on, why, due in found.waiting
        ],
    }


def _fields(found: "Status", invocation: Invocation) -> dict[str, str]:
    from keyward.cli import words

    now = invocation.parts.clock.now()
    scanned = f"{words.span(now - found.scanned_at)} ago" if found.scanned_at else "never (run: keyward scan)"
    missing = "\n".join(
        f"{one.status.value}: {one.id}{f' (needs {one.permission})' if one.permission else ''}" for one in found.missing
    )
    return {
        "world": f"EMULATOR ({found.world})" if found.world.startswith("emulator:") else found.world,
        "keys": f"{found.keys:,}",
        "scanned": scanned,
        "not seen": missing or ("nothing was left out" if found.scanned_at else "everything"),
        "rotations": ", ".join(f"{count} {state}" for state, count in found.open.items()) or "none open",
    }
