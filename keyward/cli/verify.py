"""`keyward verify`: which keys still work, each proved by one harmless use."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_json, write_table

if TYPE_CHECKING:
    from keyward.model.errors import Exit
    from keyward.model.verdict import Verdict

SCHEMA = "keyward.verdicts/1"


def verify(
    context: typer.Context,
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="KEY...", help="Keys, by id, unique prefix or name.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every key of the last scan that may be alive.")] = False,
    form: FormatOption = Format.TABLE,
) -> int:
    """Try keys: exit 0 when all work, 1 when one is dead or blocked, 3 when one could not be tried."""
    from keyward.cli.keys import named  # the engines are loaded when something is done
    from keyward.cli.words import count
    from keyward.model.errors import UsageError
    from keyward.rotation.outcome import worst

    invocation: Invocation = context.obj
    if bool(keys) is every:
        raise UsageError("Name keys, or say --all.", hint="keyward list -o ids prints the ids.")
    ids = _alive(invocation) if every else named(invocation, keys or ())
    what = count(len(ids), "key")
    typer.echo(f"Trying {what}: a value is read from its provider or a known place, and used once.", err=True)
    verdicts = []
    for key, verdict in invocation.desk.values.verify(ids):
        verdicts.append((key, verdict))
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{len(verdicts)}/{len(ids)}")
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    code = int(worst(_code(verdict) for _, verdict in verdicts))
    _write(verdicts, code, form)
    return code


def _alive(invocation: Invocation) -> list[str]:
    cache = invocation.desk.cache()
    try:
        return [
            row[0] for row in cache.rows("SELECT id FROM key WHERE state IN ('active', 'unknown') ORDER BY ordinal")
        ]
    finally:
        cache.close()


def _code(verdict: "Verdict") -> "Exit":
    from keyward.model.errors import Exit
    from keyward.model.verdict import VerdictKind

    if verdict.alive:
        return Exit.OK
    return Exit.FINDINGS if verdict.kind in (VerdictKind.DEAD, VerdictKind.BLOCKED) else Exit.PARTIAL


def _write(verdicts: "list[tuple[str, Verdict]]", code: int, form: Format) -> None:
    if form is Format.JSON:
        entries = [
            {
                "key": key,
                "verdict": one.kind.value,
                "alive": one.alive,
                "evidence": one.evidence,
                "reason": one.reason or None,
                "at": one.at.isoformat() if one.at else None,
            }
            for key, one in verdicts
        ]
        write_json({"schema": SCHEMA, "exit_code": code, "verdicts": entries})
    elif form is Format.IDS:
        typer.echo("\n".join(key for key, one in verdicts if one.alive))
    else:
        rows = [(one.kind.value, key, one.evidence) for key, one in verdicts]
        if form is Format.CSV:
            write_csv(rows, ("verdict", "key", "evidence"))
        elif rows:
            write_table(rows, ("VERDICT", "KEY", "EVIDENCE"))
