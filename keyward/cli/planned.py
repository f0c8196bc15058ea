"""A plan on the command line: printed, agreed to, carried out. What `rotate` and `apply` share."""

import sys
from typing import TYPE_CHECKING

from keyward.cli.options import until
from keyward.cli.output import Format, write_json

if TYPE_CHECKING:
    from datetime import timedelta
    from typing import TextIO

    from keyward.cli.invocation import Invocation
    from keyward.cli.options import Wait
    from keyward.desk import Changes
    from keyward.rotation.plan import Plan


def print_plan(plan: "Plan", form: Format, to: "TextIO") -> None:
    """The plan in that form; a table is the whole plan as text."""
    if form is Format.JSON:
        from keyward.rotation.plan_json import to_json

        write_json(to_json(plan), to)
    elif form is Format.IDS:
        to.write("".join(f"{key.id}\n" for key in plan.keys))
    else:
        from keyward.cli.plan_text import plan_text

        to.write(plan_text(plan))


def agreed(
    invocation: "Invocation", plan: "Plan", changes: "Changes", form: Format, *, asks_for_places: bool = True
) -> "Plan":
    """The plan that a person, or --yes, agreed to.

    Args:
        invocation: this run.
        plan: as it was just made.
        changes: what it was made with.
        form: how a plan with something in its way is printed.
        asks_for_places: whether a person may accept places now; a saved plan is agreed to as it stands.

    Raises:
        NeedsPerson: something is in the way, or it was not agreed to.
        UsageError: nobody is there to agree.
    """
    from keyward.model.errors import UsageError

    if not changes.interactive:
        if not plan.ready:
            refuse(plan, form)
        if not changes.yes:
            raise UsageError(
                "There is no terminal to ask at, so nothing was changed.",
                hint="Look at the plan with --dry-run, then run it with --yes.",
            )
        return plan
    from keyward.cli.agree import agree, confirm

    print_plan(plan, Format.TABLE, sys.stderr)
    if not asks_for_places:
        return confirm(plan)
    return agree(plan, changes, lambda changed: invocation.desk.rotating.plan([key.id for key in plan.keys], changed))


def refuse(plan: "Plan", form: Format) -> None:
    """Say what is in the way.

    Raises:
        NeedsPerson: always.
    """
    from keyward.model.errors import NeedsPerson

    if form is Format.JSON:
        print_plan(plan, form, sys.stdout)
    lines = [
        f"\n  {key.id}: {blocker.what}" + (f"\n    {blocker.hint}" if blocker.hint else "")
        for key in plan.keys
        for blocker in key.blockers
    ]
    raise NeedsPerson(f"nothing was changed; in the way:{''.join(lines)}", hint="--dry-run shows the whole plan.")


def carry_out(
    invocation: "Invocation", plan: "Plan", wait: "Wait | None", form: Format, limit: "timedelta | None"
) -> int:
    """Do it, with progress on stderr; print where its rotations stand, and give the exit status."""
    from keyward.cli.outcome_text import write_outcomes
    from keyward.cli.progress import Progress

    progress = Progress()
    outcomes = invocation.desk.rotating.apply(plan, progress, wait=until(wait), timeout=limit)
    progress.end()
    return write_outcomes(invocation.desk, outcomes, form)
