"""`rotate --out`: the plan goes into a file instead of being done."""

import shlex
import sys
from typing import TYPE_CHECKING

from keyward.cli import words
from keyward.cli.planned import print_plan, refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyward.cli.invocation import Invocation
    from keyward.cli.output import Format
    from keyward.desk import Changes


def save(invocation: "Invocation", keys: "Sequence[str]", changes: "Changes", file: str, form: "Format") -> int:
    """Plan, print the plan, save it, and say how it is applied.

    Raises:
        NeedsPerson: something is in the way; no file was written.
    """
    from keyward.desk import saved_plan

    plan = invocation.desk.rotating.plan(keys, changes)
    if not plan.ready:
        refuse(plan, form)
    path = saved_plan.save(invocation.desk, plan, changes, file)
    print_plan(plan, form, sys.stdout)
    until = f" until {words.moment(plan.valid_until)}" if plan.valid_until else ""
    sys.stderr.write(f"Saved; good{until}: keyward apply {shlex.quote(str(path))}\n")
    return int(plan.exit_code)
