"""`keyward swap`: replace a key that only a person can make. keyward does the rest, and waits for the person where it has to."""

import sys
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli import rotate_options as asked
from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption, TimeoutOption, Wait, WaitOption, timeout_of, until
from keyward.cli.output import Format

if TYPE_CHECKING:
    from keyward.cli.progress import Progress
    from keyward.desk import Changes
    from keyward.model.secret import Secret
    from keyward.rotation.outcome import Outcome
    from keyward.rotation.plan import Plan
    from keyward.rotation.state import Rotation

_PATIENCE = timedelta(seconds=60)
"""How long a swap waits for the new key to be known before it leaves the rest to `keyward resume`."""


def swap(
    context: typer.Context,
    key: Annotated[
        str, typer.Argument(metavar="[KEY]", help="A key, by id; at a terminal also by prefix or name.")
    ] = "",
    provider: Annotated[
        str, typer.Option(metavar="NAME", help="Declare a key that has no shape: who issued it, such as invideo.")
    ] = "",
    at: Annotated[str, typer.Option(metavar="PLACE", help="Where the declared key is kept.")] = "",
    name: Annotated[str, typer.Option(metavar="NAME", help="What to call the declared key, beside its issuer.")] = "",
    stdin: Annotated[bool, typer.Option("--stdin", help="Take the new key from standard input; ask nothing.")] = False,
    old_deleted: Annotated[
        bool, typer.Option("--old-deleted", help="Say that you have deleted the old key; it is probed until dead.")
    ] = False,
    keep_old: Annotated[bool, typer.Option("--keep-old", help="Keep the old key; the swap stays open.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and change nothing.")] = False,
    accept_targets: asked.AcceptTargets = False,
    accept_target: asked.AcceptTarget = None,
    grace: asked.Grace = "",
    waive: asked.Waive = None,
    accept_unproved: asked.AcceptUnproved = False,
    reason: Annotated[str, typer.Option(help="Why; kept in the audit trail.")] = "",
    wait: WaitOption = None,
    timeout: TimeoutOption = "",
    form: FormatOption = Format.TABLE,
) -> int:
    """Replace a key that only you can make: where to make it, the value by hidden prompt or stdin, tried, written everywhere accepted."""
    from keyward.desk import Changes  # the engines are loaded when something is done
    from keyward.model.text import clean
    from keyward.settings.values import option_duration

    invocation: Invocation = context.obj
    limit = timeout_of(timeout, wait)
    _check(key, provider, at, old_deleted=old_deleted, keep_old=keep_old)
    interactive = invocation.interactive and not stdin
    changes = Changes(
        grace=option_duration(grace) if grace else None,
        retire="never" if keep_old else "auto",
        accept_targets=accept_targets,
        accept_target=asked.places(accept_target),
        waive=asked.left_out(waive),
        accept_unproved=accept_unproved,
        by_hand=True,
        old_gone=old_deleted,
        reason=clean(reason),
        yes=not interactive,
        interactive=interactive,
    )
    found = _key(invocation, key, provider, at, name, writes=not dry_run)
    run = _Run(invocation, found, changes, wait, limit, form)
    return run.plan_only() if dry_run else run.go()


def _check(key: str, provider: str, at: str, *, old_deleted: bool, keep_old: bool) -> None:
    from keyward.model.errors import UsageError

    if bool(key) is bool(provider or at) or bool(provider) is not bool(at):
        raise UsageError(
            "Name a key, or declare one with --provider NAME --at PLACE.", hint="`keyward list` shows the keys."
        )
    if old_deleted and keep_old:
        raise UsageError("--old-deleted and --keep-old say the opposite of each other.", hint="Leave one out.")


def _key(invocation: Invocation, key: str, provider: str, at: str, name: str, *, writes: bool) -> str:
    """The full id of the key that is meant, which may be declared right now."""
    from keyward.desk.swapping import by_a_person, meant
    from keyward.model.errors import UsageError

    if provider:
        from keyward.desk.declaring import declare

        found, full = meant(invocation.desk, declare(invocation.desk, provider, at, name))
    else:
        found, full = meant(invocation.desk, key)
    by_a_person(invocation.desk, found)
    if found != key:
        if writes and not full and not invocation.interactive:
            raise UsageError(
                f"{key!r} is not the full id of a key, which commands that write need without a terminal.",
                hint=f"Perhaps it means {found}",
            )
        sys.stderr.write(f"{key or at} is {found}\n")
    return found


class _Run:
    """One run of the command for one key."""

    def __init__(
        self,
        invocation: Invocation,
        key: str,
        changes: "Changes",
        wait: Wait | None,
        limit: timedelta | None,
        form: Format,
    ) -> None:
        self._invocation, self._desk, self._key = invocation, invocation.desk, key
        self._changes, self._wait, self._limit, self._form = changes, wait, limit, form

    def plan_only(self) -> int:
        """Print the plan."""
        from keyward.cli.planned import print_plan

        plan = self._desk.rotating.plan([self._key], self._changes)
        print_plan(plan, self._form, sys.stdout)
        return int(plan.exit_code)

    def go(self) -> int:
        """Begin, or go on with what was begun; ask for what only a person has."""
        from keyward.cli.outcome_text import write_outcomes
        from keyward.desk.swapping import needs_value, under_way
        from keyward.model.errors import NeedsPerson, UsageError

        before = under_way(self._desk, self._key)
        if before is not None and before.failure:
            raise NeedsPerson(f"The swap of {self._key} is being undone.", hint=f"First: keyward resume {before.id}")
        plan, value = self._desk.rotating.plan([self._key], self._changes), None
        if before is None:
            if self._changes.old_gone:
                raise UsageError(f"No swap of {self._key} is under way.", hint="`keyward history` lists what was done.")
            plan, value = self._agreed(plan)
        outcomes = self._desk.rotating.apply(plan, self._progress(quiet=True))
        rotation = under_way(self._desk, self._key)
        if rotation is not None and self._wait is not None and not needs_value(self._desk, outcomes[0]):
            outcomes = self._desk.rotating.go_on(
                [rotation.id], self._progress(), wait=until(self._wait), timeout=self._limit
            )
        if rotation is not None and needs_value(self._desk, outcomes[0]):
            outcomes = self._hand_in(rotation, value)
        rotation = under_way(self._desk, self._key)
        if rotation is not None and rotation.cutover is not None and not self._decided(rotation):
            if before is None or before.cutover is None:
                self._written(rotation)
            if self._changes.interactive:
                outcomes = self._old_one(rotation, outcomes)
        return write_outcomes(self._desk, outcomes, self._form)

    def _agreed(self, plan: "Plan") -> "tuple[Plan, Secret | None]":
        """What a person agreed to, or a value on standard input stands for."""
        from keyward.cli.ask import yes
        from keyward.cli.handing import from_stdin
        from keyward.cli.planned import agreed
        from keyward.model.errors import NeedsPerson

        plan = agreed(self._invocation, plan, self._changes, self._form)
        if not self._changes.interactive:
            return plan, from_stdin(self._invocation, self._key, accept_unproved=plan.policy.accept_unproved)
        untried = [item for key in plan.keys for item in key.readiness if item.ready.value == "unknown"]
        if untried and not plan.policy.accept_unproved:
            if not yes(f"The new key cannot be tried from here ({untried[0].why}). Go on without a proof?"):
                raise NeedsPerson("Not agreed to; nothing was changed.")
            plan = replace(plan, policy=replace(plan.policy, accept_unproved=True))
        return plan, None

    def _hand_in(self, rotation: "Rotation", value: "Secret | None") -> "tuple[Outcome, ...]":
        from keyward.cli.handing import at_terminal, from_stdin

        accepted = rotation.policy.accept_unproved or self._changes.accept_unproved
        if value is None and self._changes.interactive:
            value, unproved = at_terminal(self._invocation, rotation)
            if unproved and not accepted:
                self._decide(accept_unproved=True)
        elif value is None:
            value = from_stdin(self._invocation, self._key, accept_unproved=accepted)
        wait, limit = (self._wait or Wait.CUT_OVER), (self._limit if self._wait else _PATIENCE)
        return self._desk.rotating.hand_in(rotation.id, value, self._progress(), wait=until(wait), timeout=limit)

    def _old_one(self, rotation: "Rotation", outcomes: "tuple[Outcome, ...]") -> "tuple[Outcome, ...]":
        """Ask about the old key."""
        from keyward.cli.ask import choice
        from keyward.desk.swapping import by_hand

        todo = by_hand(self._desk, rotation)
        seen = f" {todo.seen}" if todo.seen else ""
        sys.stderr.write(
            f"\nBoth keys work now. Once nothing uses the old one any more, delete it {todo.delete}.{seen}\n"
        )
        answer = choice("The old key: [d]eleted now, [l]ater, [k]eep it", "dlk", "l")
        if answer == "d":
            return self._decide(old_gone=True, wait=self._wait)
        if answer == "k":
            return self._decide(retire="never")
        sys.stderr.write(f"When it is deleted: keyward swap {self._key} --old-deleted\n")
        return outcomes

    def _decide(self, *, wait: Wait | None = None, **decided: object) -> "tuple[Outcome, ...]":
        """Hand a decision to the swap that is under way."""
        changes = replace(self._changes, **decided)  # type: ignore[arg-type]  # names and types are the fields'
        plan = self._desk.rotating.plan([self._key], changes)
        return self._desk.rotating.apply(
            plan, self._progress(), wait=until(wait), timeout=self._limit if wait else None
        )

    def _written(self, rotation: "Rotation") -> None:
        untold = [target.at for target in rotation.targets if not target.told]  # the others' consumers were run already
        if untold:
            sys.stderr.write("\nWritten. Restart what read the old key when it started:\n")
            sys.stderr.write("".join(f"  {at}\n" for at in untold))

    def _decided(self, rotation: "Rotation") -> bool:
        return rotation.policy.old_gone or rotation.policy.retire.value == "never"

    def _progress(self, *, quiet: bool = False) -> "Progress":
        from keyward.cli.progress import Progress

        return Progress(quiet=quiet)
