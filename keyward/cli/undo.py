"""`keyward undo`: turn a rotation round."""

from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption, TimeoutOption, Wait, timeout_of
from keyward.cli.output import Format

if TYPE_CHECKING:
    from keyward.model.errors import NeedsValue
    from keyward.model.secret import Secret


def undo(
    context: typer.Context,
    rotation: Annotated[str, typer.Argument(help="Which rotation, by id; at a terminal a unique prefix will do.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for unattended runs.")] = False,
    reason: Annotated[str, typer.Option(help="Why; kept in the audit trail.")] = "",
    wait: Annotated[
        Wait | None, typer.Option("--wait", help="Go on until the new key is gone.", show_default="one step, then exit")
    ] = None,
    timeout: TimeoutOption = "",
    form: FormatOption = Format.TABLE,
) -> int:
    """Bring the old key back to life, write it back wherever the new one is, then delete the new one."""
    from keyward.cli.ask import typed
    from keyward.cli.outcome_text import write_outcomes  # the engines are loaded when something is done
    from keyward.cli.progress import Progress
    from keyward.model.errors import NeedsValue, UsageError
    from keyward.model.text import clean

    invocation: Invocation = context.obj
    limit = timeout_of(timeout, wait)
    found = invocation.desk.record.history(rotation).rotation
    if not invocation.interactive and found.id != rotation:
        raise UsageError(
            f"{rotation!r} is not a full id, which is needed without a terminal.", hint=f"It means {found.id}"
        )
    if not yes:
        if not invocation.interactive:
            raise UsageError("There is no terminal to ask at, so nothing was changed.", hint="Add --yes.")
        new = f", and {found.new.id} is deleted" if found.new else ""
        typed("undo", f"Rotation {found.id}: {found.old.id} comes back into every place{new}.")
    progress = Progress()
    try:
        outcomes = invocation.desk.rotating.undo(
            found.id, clean(reason), progress, wait=wait is not None, timeout=limit
        )
    except NeedsValue as error:
        if not invocation.interactive:
            raise
        value = _asked(invocation, error)
        outcomes = invocation.desk.rotating.undo(
            found.id, clean(reason), progress, wait=wait is not None, timeout=limit, value=value
        )
    progress.end()
    return write_outcomes(invocation.desk, outcomes, form)


def _asked(invocation: Invocation, error: "NeedsValue") -> "Secret":
    """The old key's value from the person who still has it.

    Raises:
        NeedsPerson: it was not handed in; nothing was changed.
    """
    from keyward.cli import hidden
    from keyward.model.errors import NeedsPerson

    typer.echo(error.message, err=True)
    value = hidden.ask("The old key (not shown; Enter alone stops here): ", invocation.parts.cancel)
    if value is None:
        raise NeedsPerson("No key was handed in; nothing was changed.")
    return value
