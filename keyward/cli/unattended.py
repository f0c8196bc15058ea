"""`keyward rotate --due`: one unattended run, silent unless something changed."""

import sys
from typing import TYPE_CHECKING

from keyward.cli import guard
from keyward.cli.output import Format, write_csv, write_json
from keyward.model.errors import Exit, UsageError

if TYPE_CHECKING:
    from keyward.cli.invocation import Invocation
    from keyward.desk.run_record import Line, RunRecord

SCHEMA = "keyward.run/1"
_COLUMNS = ("rotation", "key", "stands", "did", "state", "waiting_on", "why", "until", "exit_code", "told")


def run_due(
    invocation: "Invocation", *, yes: bool, dry_run: bool, new_ledger: bool, verbose: bool, form: Format
) -> int:
    """Go on with what is open and start what is due, or with `dry_run` show the plans of what would be started."""
    if dry_run:
        return _plans(invocation, form)
    if not yes:
        raise UsageError(
            "--due starts rotations without asking, so it wants --yes.",
            hint="`keyward due` and --dry-run show what it would do.",
        )
    from keyward.desk.unattended import run

    report = None
    if verbose:
        from keyward.cli.progress import Progress

        report = Progress()
    record = run(invocation.desk, new_ledger=new_ledger, report=report)
    code = record.exit_code
    if form is Format.JSON:
        write_json(document(record))
    elif form is Format.IDS:
        sys.stdout.write("".join(f"{line.rotation or line.key}\n" for line in record.lines if line.told or verbose))
    elif form is Format.CSV:
        write_csv([_row(line) for line in record.lines if line.told or verbose], _COLUMNS)
    else:
        _say(record, verbose=verbose)
    if record.error is not None and record.error_told:
        guard.say(record.error)
    return int(code)


def _say(record: "RunRecord", *, verbose: bool) -> None:
    """Standard output is mailed by cron: nothing is written when nothing changed."""
    if not (record.told or record.new_missing or verbose):
        return
    from keyward.desk.run_words import headline, run_lines  # most runs say nothing

    said = list(run_lines(record, every=verbose))
    sys.stdout.write("\n".join([headline(record), *(said or ["nothing to do"])]) + "\n")


def _plans(invocation: "Invocation", form: Format) -> int:
    from keyward.desk.due import outlook
    from keyward.desk.working import plans
    from keyward.rotation.outcome import worst

    view = outlook(invocation.desk, every=False, soon=True)
    made = plans(invocation.desk, view) if view.choice.start else []
    if not made:
        sys.stderr.write("Nothing would be started now; `keyward due` says why.\n")
    for plan in made:
        if form is Format.JSON:
            from keyward.rotation.plan_json import to_json

            write_json(to_json(plan))
        elif form is Format.IDS:
            sys.stdout.write("".join(f"{key.id}\n" for key in plan.keys))
        else:
            from keyward.cli.plan_text import plan_text

            sys.stdout.write(plan_text(plan))
    return int(worst(plan.exit_code for plan in made))


def document(record: "RunRecord") -> dict[str, object]:
    """The run as `keyward.run/1`."""
    from keyward.desk.run_record import Stands

    return {
        "schema": SCHEMA,
        "world": record.world,
        "host": record.host,
        "at": record.at.isoformat(),
        "exit_code": int(record.exit_code),
        "standing_exit_code": int(record.standing_exit_code),
        "exit_codes": {str(int(code)): _MEANING[code] for code in _MEANING},
        "overlapped": record.overlapped,
        "error": None if record.error is None else {"title": record.error.title, "message": record.error.message},
        "started": [_entry(line) for line in record.did("started")],
        "continued": [_entry(line) for line in record.did("continued")],
        **{stands.name.lower(): [_entry(line) for line in record.of(stands)] for stands in Stands},
        "not_started": [
            {"key": one.key.key, "why": one.why, "until": one.until.isoformat() if one.until else None}
            for one in record.later
        ],
        "paused": [
            {"id": one.id, "query": one.query, "actor": one.actor, "host": one.host, "reason": one.reason}
            for one in record.pauses
        ],
        "blackout_until": record.closed_until.isoformat() if record.closed_until else None,
        "scanned": record.scanned,
        "not_seen": list(record.missing),
    }


_MEANING = {
    Exit.OK: "fine, also while something waits or is held by another run",
    Exit.FINDINGS: "a rotation failed",
    Exit.USAGE: "wrong usage",
    Exit.PARTIAL: "the scan could not see everything",
    Exit.NOT_CONFIGURED: "not configured, not allowed or another world",
    Exit.NEEDS_PERSON: "something needs a person",
    Exit.INTERRUPTED: "stopped; the next run goes on",
}


def _entry(line: "Line") -> dict[str, object]:
    return {
        "rotation": line.rotation or None,
        "key": line.key,
        "successor": line.successor or None,
        "state": line.state or None,
        "waiting_on": line.waiting_on or None,
        "why": line.why or None,
        "until": line.until.isoformat() if line.until else None,
        "failures": line.failures,
        "awaits": list(line.awaits),
        "awaited_since": line.awaited_since.isoformat() if line.awaited_since else None,
        "exit_code": int(line.exit_code),
        "told": line.told,
    }


def _row(line: "Line") -> list[str]:
    entry = {**_entry(line), "stands": line.stands.value, "did": line.did}
    return ["" if entry[name] is None else str(entry[name]) for name in _COLUMNS]
