"""`keyward rotate`: the plan, what a person has to say to it, and the doing."""

import sys
from typing import Annotated

import typer

from keyward.cli import rotate_options as asked
from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption, RetireWhen, TimeoutOption, Wait, WaitOption, timeout_of
from keyward.cli.output import Format


def rotate(
    context: typer.Context,
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY]...", help="Keys, by id; at a terminal also by prefix or name.")
    ] = None,
    due: Annotated[
        bool,
        typer.Option(
            "--due", help="Everything that is due, and everything that is open: one unattended run, with --yes."
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and change nothing.")] = False,
    out: Annotated[
        str, typer.Option(metavar="FILE", help="Save the plan for `keyward apply FILE`, and change nothing.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for unattended runs.")] = False,
    accept_targets: asked.AcceptTargets = False,
    accept_target: asked.AcceptTarget = None,
    to: asked.To = None,
    allow_less_guarded: asked.AllowLessGuarded = False,
    grace: asked.Grace = "",
    retire: asked.RetireOption = RetireWhen.AUTO,
    waive: asked.Waive = None,
    accept_unproved: asked.AcceptUnproved = False,
    accept_unread: asked.AcceptUnread = False,
    even_if_foreign: asked.EvenIfForeign = False,
    tfstate: asked.TfState = None,
    kind: asked.As = "",
    service_account: asked.ServiceAccount = "",
    restrict_to: asked.RestrictTo = None,
    to_project: asked.ToProject = "",
    emergency: asked.Emergency = False,
    even_if_broken: asked.EvenIfBroken = False,
    owned: asked.Owned = None,
    not_ours: asked.NotOurs = None,
    new_ledger: Annotated[
        bool, typer.Option("--new-ledger", help="With --due: begin although the ledger is new and empty.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="With --due: say what is done, and what stands as it stood.")
    ] = False,
    reason: asked.Reason = "",
    wait: WaitOption = None,
    timeout: TimeoutOption = "",
    form: FormatOption = Format.TABLE,
) -> int:
    """Replace keys: make a new one, write it everywhere the old one is accepted, prove it, retire the old one."""
    if due or not keys:
        return _due(context, keys, yes=yes, dry_run=dry_run, new_ledger=new_ledger, verbose=verbose, form=form)
    from keyward.cli.planned import agreed, carry_out, print_plan
    from keyward.desk import Changes  # the engines are loaded when something is done
    from keyward.model.text import clean
    from keyward.settings.values import option_duration

    invocation: Invocation = context.obj
    wait = Wait.DEAD if emergency and wait is None else wait
    limit = timeout_of(timeout, wait)
    changes = Changes(
        grace=option_duration(grace) if grace else None,
        retire=retire.value,
        accept_targets=accept_targets,
        accept_target=asked.places(accept_target),
        to=asked.places(to),
        allow_less_guarded=allow_less_guarded,
        waive=asked.left_out(waive),
        accept_unproved=accept_unproved,
        accept_unread=accept_unread,
        even_if_foreign=even_if_foreign,
        even_if_broken=even_if_broken,
        emergency=emergency,
        as_kind=clean(kind),
        account=asked.account(service_account),
        to_scope=asked.project(to_project),
        restrict_to=asked.services(restrict_to),
        owned=asked.keys(owned),
        disowned=asked.keys(not_ours),
        tfstate=tuple(tfstate or ()),
        reason=clean(reason),
        yes=yes,
        interactive=invocation.interactive and not yes,
    )
    asked.check(changes, invocation, dry_run=dry_run or bool(out))
    from keyward.cli.keys import named

    ids = named(invocation, keys, writes=not dry_run)
    if out:
        from keyward.cli.saving import save

        return save(invocation, ids, changes, out, form)
    plan = invocation.desk.rotating.plan(ids, changes)
    if dry_run:
        print_plan(plan, form, sys.stdout)
        return int(plan.exit_code)
    return carry_out(invocation, agreed(invocation, plan, changes, form), wait, form, limit)


def _due(
    context: typer.Context,
    keys: list[str] | None,
    *,
    yes: bool,
    dry_run: bool,
    new_ledger: bool,
    verbose: bool,
    form: Format,
) -> int:
    """An unattended run: what is due goes by rules and by what was accepted, never by options of that one run.

    Raises:
        UsageError: keys are named too, or an option that belongs to them.
    """
    from keyward.model.errors import UsageError

    mine = {"due", "yes", "dry_run", "new_ledger", "verbose", "form", "keys"}
    astray = [name for name in context.params if name not in mine and _was_given(context, name)]
    if keys or astray:
        given = ", ".join([*(keys or ()), *(f"--{name.replace('_', '-')}" for name in astray)])
        raise UsageError(f"--due takes neither keys nor their options ({given}).", hint="Rules are in keyward.toml.")
    if not context.params["due"]:
        raise UsageError("No key is named.", hint="keyward rotate KEY, or keyward rotate --due --yes")
    from keyward.cli.unattended import run_due

    return run_due(context.obj, yes=yes, dry_run=dry_run, new_ledger=new_ledger, verbose=verbose, form=form)


def _was_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
