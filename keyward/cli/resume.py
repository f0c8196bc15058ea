"""`keyward resume`: go on with rotations that were begun."""

from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli import rotate_options as asked
from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption, TimeoutOption, WaitOption, timeout_of, until
from keyward.cli.output import Format

if TYPE_CHECKING:
    from keyward.desk import Changes


def resume(
    context: typer.Context,
    rotations: Annotated[
        list[str] | None, typer.Argument(metavar="[ROTATION]...", help="Rotations, by id; all open ones without.")
    ] = None,
    waive: asked.Waive = None,
    accept_unproved: asked.AcceptUnproved = False,
    accept_unread: asked.AcceptUnread = False,
    owned: asked.Owned = None,
    not_ours: asked.NotOurs = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for unattended runs.")] = False,
    reason: Annotated[str, typer.Option(help="Why; kept in the audit trail.")] = "",
    wait: WaitOption = None,
    timeout: TimeoutOption = "",
    form: FormatOption = Format.TABLE,
) -> int:
    """Do what can be done now for every rotation that is open, after a crash as well as after a wait.

    What a person decides goes to the rotations that are named.
    """
    from keyward.cli.outcome_text import write_outcomes  # the engines are loaded when something is done
    from keyward.cli.progress import Progress
    from keyward.desk import Changes
    from keyward.model.text import clean

    invocation: Invocation = context.obj
    limit = timeout_of(timeout, wait)
    decided = Changes(
        waive=asked.left_out(waive),
        accept_unproved=accept_unproved,
        accept_unread=accept_unread,
        owned=asked.keys(owned),
        disowned=asked.keys(not_ours),
        reason=clean(reason),
    )
    nothing = decided == Changes(reason=decided.reason)
    if not nothing:
        _confirm(invocation, decided, rotations, yes=yes)
    progress = Progress()
    outcomes = invocation.desk.rotating.go_on(
        rotations or (), progress, wait=until(wait), timeout=limit, decided=None if nothing else decided
    )
    progress.end()
    if not outcomes:
        typer.echo("Nothing to resume.", err=True)
        if form is not Format.JSON:
            return 0
    return write_outcomes(invocation.desk, outcomes, form)


def _confirm(invocation: Invocation, decided: "Changes", rotations: list[str] | None, *, yes: bool) -> None:
    """Make sure that a decision is meant for these rotations, and that a key is not deleted by a slip of the pen.

    Raises:
        UsageError: no rotation is named, or nobody is there to confirm.
        NeedsPerson: it was not confirmed.
    """
    from keyward.cli.ask import typed
    from keyward.model.errors import UsageError

    if not rotations:
        raise UsageError("A decision belongs to a rotation, and none is named.", hint="`keyward status` lists them.")
    if not decided.owned or yes:
        return
    if not invocation.interactive:
        raise UsageError("--owned deletes keys, and there is no terminal to ask at.", hint="Add --yes.")
    typed("delete", f"{', '.join(decided.owned)} will be deleted: nobody has the value.")
