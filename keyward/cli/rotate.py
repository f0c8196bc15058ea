"""`keyward rotate`: the plan, what a person has to say to it, and the doing."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption, RetireWhen, TimeoutOption, Wait, WaitOption, timeout_of, until
from keyward.cli.output import Format, write_json

if TYPE_CHECKING:
    from keyward.desk import Changes
    from keyward.rotation.plan import Plan


def rotate(
    context: typer.Context,
    keys: Annotated[
        list[str], typer.Argument(metavar="KEY...", help="Keys, by id; at a terminal also by prefix or name.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for unattended runs.")] = False,
    accept_targets: Annotated[
        bool, typer.Option("--accept-targets", help="Accept every place that the plan lists, except NEW ones.")
    ] = False,
    accept_target: Annotated[
        list[str] | None, typer.Option(metavar="PLACE", help="Accept this place as one to write to. Repeatable.")
    ] = None,
    grace: Annotated[
        str, typer.Option(help="How long both keys work, such as 24h or 0s.", show_default="settings")
    ] = "",
    retire: Annotated[
        RetireWhen,
        typer.Option(help="The old key goes when it is quiet (auto), without waiting for quiet (now), or never."),
    ] = RetireWhen.AUTO,
    waive: Annotated[
        list[str] | None, typer.Option(metavar="PLACE", help="Leave this place out, on your word. Repeatable.")
    ] = None,
    accept_unproved: Annotated[
        bool, typer.Option("--accept-unproved", help="Go on although the new key cannot be tried from here.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; kept in the audit trail. Needed for --retire now --yes.")] = "",
    wait: WaitOption = None,
    timeout: TimeoutOption = "",
    form: FormatOption = Format.TABLE,
) -> int:
    """Replace keys: make a new one, write it everywhere the old one is accepted, prove it, retire the old one."""
    from keyward.desk import Changes  # the engines are loaded when something is done
    from keyward.model.text import clean
    from keyward.settings.values import option_duration

    invocation: Invocation = context.obj
    limit = timeout_of(timeout, wait)
    changes = Changes(
        grace=option_duration(grace) if grace else None,
        retire=retire.value,
        accept_targets=accept_targets,
        accept_target=_places(accept_target),
        waive=_places(waive),
        accept_unproved=accept_unproved,
        reason=clean(reason),
        yes=yes,
        interactive=invocation.interactive and not yes,
    )
    _check(changes, invocation, dry_run=dry_run)
    from keyward.cli.keys import named

    ids = named(invocation, keys, writes=not dry_run)
    plan = invocation.desk.plan(ids, changes)
    if dry_run:
        _print(plan, form, sys.stdout)
        return int(plan.exit_code)
    plan = _agreed(invocation, plan, changes, form)
    return _apply(invocation, plan, wait, form, limit)


def _places(typed: list[str] | None) -> tuple[str, ...]:
    """Place ids as they are written everywhere; what cannot be one is refused before anything is read."""
    from keyward.model.ids import PlacementRef

    return tuple(str(PlacementRef.parse(one)) for one in typed or ())


def _check(changes: "Changes", invocation: Invocation, *, dry_run: bool) -> None:
    from keyward.model.errors import UsageError

    unattended = changes.yes or not invocation.interactive
    if changes.retire == RetireWhen.NOW and not changes.reason and unattended and not dry_run:
        raise UsageError(
            "--retire now without a person at the terminal needs a reason for the audit trail.",
            hint="Add --reason TEXT.",
        )


def _print(plan: "Plan", form: Format, to: "typing.TextIO") -> None:
    if form is Format.JSON:
        from keyward.rotation.plan_json import to_json

        write_json(to_json(plan), to)
    elif form is Format.IDS:
        to.write("".join(f"{key.id}\n" for key in plan.keys))
    else:
        from keyward.cli.plan_text import plan_text

        to.write(plan_text(plan))


def _agreed(invocation: Invocation, plan: "Plan", changes: "Changes", form: Format) -> "Plan":
    """The plan that a person, or --yes, agreed to.

    Raises:
        NeedsPerson: something is in the way.
        UsageError: nobody is there to agree.
    """
    from keyward.model.errors import UsageError

    if not changes.interactive:
        if not plan.ready:
            _refuse(plan, form)
        if not changes.yes:
            raise UsageError(
                "There is no terminal to ask at, so nothing was changed.",
                hint="Look at the plan with --dry-run, then run it with --yes.",
            )
        return plan
    from keyward.cli.agree import agree

    _print(plan, Format.TABLE, sys.stderr)
    return agree(plan, changes, lambda changed: invocation.desk.plan([key.id for key in plan.keys], changed))


def _refuse(plan: "Plan", form: Format) -> None:
    from keyward.model.errors import NeedsPerson

    if form is Format.JSON:
        _print(plan, form, sys.stdout)
    lines = [
        f"\n  {key.id}: {blocker.what}" + (f"\n    {blocker.hint}" if blocker.hint else "")
        for key in plan.keys
        for blocker in key.blockers
    ]
    raise NeedsPerson(f"nothing was changed; in the way:{''.join(lines)}", hint="--dry-run shows the whole plan.")


def _apply(invocation: Invocation, plan: "Plan", wait: Wait | None, form: Format, limit: "timedelta | None") -> int:
    from keyward.cli.outcome_text import write_outcomes
    from keyward.cli.progress import Progress

    progress = Progress()
    outcomes = invocation.desk.apply(plan, progress, wait=until(wait), timeout=limit)
    progress.end()
    return write_outcomes(invocation.desk, outcomes, form)


if TYPE_CHECKING:
    import typing
    from datetime import timedelta
