"""Where rotations stand after a run: as text for people, as one document for programs, and as an exit code."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from keyward.cli import words
from keyward.cli.output import Format, write_csv, write_json

if TYPE_CHECKING:
    from keyward.desk import Desk
    from keyward.rotation.history import History
    from keyward.rotation.outcome import Outcome

SCHEMA = "keyward.rotations/1"
_TURNED_ROUND = ("rolling-back", "rollback-waiting", "aborted")  # there is nothing left to undo
_COLUMNS = ("rotation", "key", "successor", "state", "waiting_on", "why", "due", "exit_code")


def write_outcomes(desk: "Desk", outcomes: Sequence["Outcome"], form: Format) -> int:
    """Print where these rotations stand and give the exit status of them all."""
    from keyward.rotation.outcome import worst

    code = int(worst(one.exit_code for one in outcomes))
    if form is Format.JSON:
        write_json(
            {
                "schema": SCHEMA,
                "world": desk.parts.world,
                "exit_code": code,
                "rotations": [_entry(one) for one in outcomes],
            }
        )
    elif form is Format.IDS:
        sys.stdout.write("".join(f"{one.rotation}\n" for one in outcomes))
    elif form is Format.CSV:
        entries = [_entry(one) for one in outcomes]
        write_csv(
            [[str(entry[name] if entry[name] is not None else "") for name in _COLUMNS] for entry in entries], _COLUMNS
        )
    else:
        now = desk.parts.clock.now()
        told = zip(outcomes, desk.record.histories([one.rotation for one in outcomes]), strict=True)
        sys.stdout.write("\n".join("\n".join(_lines(one, found, now)) for one, found in told) + "\n")
    return code


def _entry(one: "Outcome") -> dict[str, object]:
    return {
        "rotation": one.rotation,
        "key": one.credential,
        "successor": one.successor or None,
        "state": one.state.value,
        "waiting_on": one.waiting_on.value or None,
        "why": one.why or None,
        "due": one.due.isoformat() if one.due else None,
        "awaits": list(one.awaits),
        "awaited_since": one.awaited_since.isoformat() if one.awaited_since else None,
        "exit_code": int(one.exit_code),
        "notes": list(one.notes),
    }


def _lines(one: "Outcome", found: "History", now: "datetime") -> list[str]:
    lines = [f"rotation {one.rotation}: {_state(one)}", f"  key        {one.credential}"]
    if one.successor:
        lines.append(f"  new key    {one.successor}")
    if one.why:
        lines.append(f"  why        {one.why}")
    lines += [f"  note       {note}" for note in one.notes]
    if not one.state.closed:
        until = words.wait_until(one.due, now) or "now"
        lines.append(f"  go on      keyward resume {one.rotation}   ({until})")
    if one.state not in _TURNED_ROUND:
        if found.undo_until is not None and found.undo_until > now:
            lines.append(f"  undo       keyward undo {one.rotation}   (until {words.moment(found.undo_until)})")
        elif found.rotation.revoked is not None:
            lines.append("  undo       none: the old key is deleted for good")
        elif not one.state.closed:
            lines.append(f"  undo       keyward undo {one.rotation}")
    lines.append(f"  history    keyward history {one.rotation}")
    return lines


def _state(one: "Outcome") -> str:
    return f"{one.state.value}, waiting on {one.waiting_on.value}" if one.waiting_on.value else one.state.value


if TYPE_CHECKING:
    from datetime import datetime
