"""`keyward status`: where things stand; nothing is asked."""

import sys
from typing import TYPE_CHECKING

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_fields, write_json, write_table

if TYPE_CHECKING:
    from datetime import datetime

    from keyward.desk.wish import Status, Waiting

SCHEMA = "keyward.status/1"
_COLUMNS = ("rotation", "key", "state", "waiting_on", "why", "due")


def status(context: typer.Context, form: FormatOption = Format.TABLE) -> int:
    """Say what is known, what could not be seen, which rotations are open, what is due, and how the last unattended run ended."""
    invocation: Invocation = context.obj
    desk = invocation.desk
    found = desk.health.status()
    rows = [
        (one.rotation, one.key, one.state, one.waiting_on, _why(one), one.until.isoformat() if one.until else "")
        for one in found.waiting
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
                "rotation": one.rotation,
                "key": one.key,
                "state": one.state,
                "waiting_on": one.waiting_on or None,
                "why": one.why or None,
                "due": one.until.isoformat() if one.until else None,
                "failures": one.failures,
                "needs_person": one.person or one.overdue,
                "awaits": list(one.awaits),
                "awaited_since": one.awaited_since.isoformat() if one.awaited_since else None,
            }
            for one in found.waiting
        ],
        "due_now": found.due,
        "next_due": None if found.next_due is None else {"key": found.next_due[0], "at": found.next_due[1].isoformat()},
        "pauses": list(found.pauses),
        "blackout_until": found.closed_until.isoformat() if found.closed_until else None,
        "last_run": None
        if found.last_run is None
        else {
            "at": found.last_run.at.isoformat(),
            "result": found.last_run.result,
            "exit_code": found.last_run.exit_code,
            "untold": found.last_run.untold or None,
        },
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
        "due": _due(found, now),
        "stopped": _stopped(found),
        "last run": _last_run(found, now),
    }


def _why(one: "Waiting") -> str:
    tries = f" (failed {one.failures} in a row)" if one.failures else ""
    since = f"; {', '.join(one.awaits)} awaited since {one.awaited_since:%Y-%m-%d %H:%M} UTC" if one.awaits else ""
    return f"{one.why}{tries}{since}{'; needs a person' if one.person or one.overdue else ''}"


def _due(found: "Status", now: "datetime") -> str:
    from keyward.cli import words

    later = "" if found.next_due is None else f"; next in {words.span(found.next_due[1] - now)}: {found.next_due[0]}"
    return f"{words.count(found.due, 'key')} now{later}"


def _stopped(found: "Status") -> str:
    from keyward.cli import words

    blackout = [f"blackout until {words.moment(found.closed_until)}"] if found.closed_until else []
    return "\n".join([*found.pauses, *blackout]) or "nothing"


def _last_run(found: "Status", now: "datetime") -> str:
    from keyward.cli import words

    last = found.last_run
    if last is None:
        return "never on this host (keyward schedule install)"
    said = f"{words.span(now - last.at)} ago: {last.result} (exit {last.exit_code})"
    return said + (f"\nnot told: {last.untold}" if last.untold else "")
