"""`keyward resume`: go on with rotations that were begun."""

from typing import Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption, TimeoutOption, WaitOption, timeout_of, until
from keyward.cli.output import Format


def resume(
    context: typer.Context,
    rotations: Annotated[
        list[str] | None, typer.Argument(metavar="[ROTATION]...", help="Rotations, by id; all open ones without.")
    ] = None,
    wait: WaitOption = None,
    timeout: TimeoutOption = "",
    form: FormatOption = Format.TABLE,
) -> int:
    """Do what can be done now for every rotation that is open, after a crash as well as after a wait."""
    from keyward.cli.outcome_text import write_outcomes  # the engines are loaded when something is done
    from keyward.cli.progress import Progress

    invocation: Invocation = context.obj
    limit = timeout_of(timeout, wait)
    progress = Progress()
    outcomes = invocation.desk.go_on(rotations or (), progress, wait=until(wait), timeout=limit)
    progress.end()
    if not outcomes:
        typer.echo("Nothing to resume.", err=True)
        if form is not Format.JSON:
            return 0
    return write_outcomes(invocation.desk, outcomes, form)
