"""What `revoke`, `restore`, `disable` and `enable` share: the plan, what a person has to say to it, the doing, the document."""

import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.output import Format, write_csv, write_json
from keyward.model.errors import Exit, NeedsPerson, UsageError

if TYPE_CHECKING:
    from keyward.rotation.acts.outcome import ActOutcome
    from keyward.rotation.acts.plan import ActPlan
    from keyward.rotation.acts.wish import Wish

KeysArgument = Annotated[
    list[str], typer.Argument(metavar="KEY...", help="Keys, by id; at a terminal also by prefix or name.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Print the plan and change nothing.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for unattended runs.")]
ReasonOption = Annotated[str, typer.Option(help="Why; kept in the audit trail.")]
ForeignOption = Annotated[
    bool, typer.Option("--even-if-foreign", help="Although another tool, such as Terraform, manages the key.")
]
DeletedOption = Annotated[
    bool, typer.Option("--deleted", help="A person did it where keyward cannot; for keys of providers without an API.")
]
_COLUMNS = ("key", "act", "done", "state", "said", "proof", "undo_until", "exit_code")


def wished(
    invocation: Invocation, wish: "Wish", *, reason: str, yes: bool, waive: Sequence[str] | None = None
) -> "Wish":
    """The wish with what every such command line says besides: places to leave out, why, and whether a person is asked.

    Raises:
        UsageError: a place to leave out is none.
    """
    from dataclasses import replace

    from keyward.model.ids import PlacementRef
    from keyward.model.text import clean

    places = tuple(str(PlacementRef.parse(one)) for one in waive or ())
    return replace(wish, waive=places, reason=clean(reason), yes=yes, interactive=invocation.interactive and not yes)


def act(
    invocation: Invocation,
    keys: Sequence[str],
    wish: "Wish",
    form: Format,
    *,
    dry_run: bool,
    wait: bool = False,
    timeout: timedelta | None = None,
) -> int:
    """Plan an act, have it agreed to, do it, and print how it ended; gives the exit status."""
    from keyward.cli.keys import named
    from keyward.cli.progress import Progress
    from keyward.desk import acting  # the engines are loaded when something is done

    ids = named(invocation, keys, writes=not dry_run)
    plan = acting.plan(invocation.desk, ids, wish)
    if dry_run:
        _print(plan, form)
        return int(plan.exit_code)
    plan = _agreed(invocation, plan, form)
    progress = Progress()
    outcomes = acting.do(invocation.desk, plan, progress, wait=wait, timeout=timeout)
    progress.end()
    return _end(invocation, plan, outcomes, form)


def _print(plan: "ActPlan", form: Format) -> None:
    if form is Format.JSON:
        from keyward.rotation.acts.to_json import document

        write_json(document(plan))
    elif form is Format.IDS:
        sys.stdout.write("".join(f"{key.id}\n" for key in plan.keys))
    elif form is Format.CSV:
        raise UsageError("A plan has no form as CSV.", hint="-o json has all of it.")
    else:
        from keyward.cli.act_text import plan_text

        sys.stdout.write(plan_text(plan))


def _agreed(invocation: Invocation, plan: "ActPlan", form: Format) -> "ActPlan":
    """The plan that a person, or --yes, agreed to.

    Raises:
        NeedsPerson: something is in the way, or it was not agreed to.
        UsageError: nobody is there to agree, or a reason is needed.
    """
    wish = plan.wish
    if wish.interactive:
        from keyward.cli.act_text import plan_text

        sys.stderr.write(plan_text(plan))
        if not plan.ready:
            raise NeedsPerson("Something is in the way, as the plan says; nothing was changed.")
        return plan if plan.already else _asked(plan)
    if not plan.ready:
        if form is Format.JSON:
            _print(plan, form)
        lines = [
            f"\n  {key.id}: {one.what}" + (f"\n    {one.hint}" if one.hint else "")
            for key in plan.keys
            for one in key.blockers
        ]
        raise NeedsPerson(f"nothing was changed; in the way:{''.join(lines)}", hint="--dry-run shows the whole plan.")
    if not wish.yes:
        raise UsageError(
            "There is no terminal to ask at, so nothing was changed.",
            hint="Look at the plan with --dry-run, then run it with --yes.",
        )
    if not wish.reason and not plan.already and (wish.even_if_used or wish.even_if_broken or plan.production):
        why = "production keys" if plan.production else "what is in use, or may be,"
        raise UsageError(
            f"An act on {why} without a person at the terminal needs a reason for the audit trail.",
            hint="Add --reason TEXT.",
        )
    return plan


def _asked(plan: "ActPlan") -> "ActPlan":
    """Ask a person: a typed phrase for what ends a key or touches production, else a yes."""
    from dataclasses import replace

    from keyward.cli.ask import typed, yes
    from keyward.cli.words import count

    wish, number = plan.wish, len(plan.keys)
    by_hand = [key for key in plan.keys if key.person]
    if by_hand and not wish.gone:  # only a revocation comes so far
        for key in by_hand:
            sys.stderr.write(f"{key.id}: {key.by_hand or f'{wish.act.value} it where it was made'}\n")
        typed("it is done", "keyward cannot do this. Do it there now; what you say is put into the audit trail.")
        return replace(plan, wish=replace(wish, gone=True))
    production = "PRODUCTION " if plan.production else ""
    broken = sum(len(key.breaks) for key in plan.keys)
    if wish.ends or plan.production:
        fails = f"; {count(broken, 'place')} that held it will fail" if broken else ""
        what = {"revoke": "deleted", "disable": "switched off"}.get(wish.act.value, "brought back")
        typed(f"{wish.act.value} {count(number, production.lower() + 'key')}", f"{production}Keys are {what}{fails}.")
    elif not yes(f"{wish.act.value.capitalize()} {count(number, 'key')}?"):
        raise NeedsPerson("Not confirmed; nothing was changed.")
    return plan


def _end(invocation: Invocation, plan: "ActPlan", outcomes: "Sequence[ActOutcome]", form: Format) -> int:
    from keyward.rotation.outcome import worst

    code = int(worst(one.exit_code for one in outcomes))
    if form is Format.JSON:
        from keyward.rotation.acts.to_json import document

        write_json(document(plan, outcomes, code=Exit(code)))
    elif form is Format.IDS:
        sys.stdout.write("".join(f"{one.id}\n" for one in outcomes if one.done))
    elif form is Format.CSV:
        write_csv([_cells(plan, one) for one in outcomes], _COLUMNS)
    else:
        from keyward.cli.act_text import outcome_text

        sys.stdout.write(outcome_text(plan, outcomes, invocation.parts.clock.now()))
    return code


def _cells(plan: "ActPlan", one: "ActOutcome") -> list[str]:
    until = one.undo_until.isoformat() if one.undo_until else ""
    return [
        one.id,
        plan.wish.act.value,
        "yes" if one.done else "no",
        one.state,
        one.said,
        one.proof,
        until,
        str(int(one.exit_code)),
    ]
