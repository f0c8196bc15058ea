"""`keyward apply`: do a saved plan, if the world is still what it was made for."""

from dataclasses import replace
from typing import Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption, TimeoutOption, Wait, WaitOption, timeout_of
from keyward.cli.output import Format


def apply(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A plan that `keyward rotate --out FILE` wrote.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for unattended runs.")] = False,
    wait: WaitOption = None,
    timeout: TimeoutOption = "",
    form: FormatOption = Format.TABLE,
) -> int:
    """Plan again, and do it if nothing but ages changed since the plan was saved; else say what changed (exit 7)."""
    from keyward.cli.planned import agreed, carry_out
    from keyward.desk import saved_plan  # the engines are loaded when something is done

    invocation: Invocation = context.obj
    saved = saved_plan.load(invocation.desk, file)
    wait = Wait.DEAD if saved.changes.emergency and wait is None else wait
    limit = timeout_of(timeout, wait)
    changes = replace(saved.changes, yes=yes, interactive=invocation.interactive and not yes)
    plan = invocation.desk.rotating.plan(saved.keys, changes)
    saved_plan.check(saved, plan)
    return carry_out(invocation, agreed(invocation, plan, changes, form, asks_for_places=False), wait, form, limit)
