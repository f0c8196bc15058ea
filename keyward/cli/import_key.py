"""`keyward import`: give a key that was made outside of keyward a place."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli import hidden
from keyward.cli.acting import DryRunOption, ReasonOption, YesOption
from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_json
from keyward.model.errors import NeedsPerson, UsageError

if TYPE_CHECKING:
    from keyward.model.secret import Secret
    from keyward.rotation.acts.importing import ImportPlan
    from keyward.rotation.acts.outcome import ActOutcome

SCHEMA = "keyward.import/1"
_COLUMNS = ("key", "place", "done", "said", "exit_code")


def import_key(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="A key, by id; at a terminal also by prefix or name.")],
    to: Annotated[
        str, typer.Option("--to", metavar="PLACE", help="Where to: a secret that is empty or does not exist yet.")
    ],
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Take the value from standard input, where its provider does not show it.")
    ] = False,
    allow_less_guarded: Annotated[
        bool, typer.Option("--allow-less-guarded", help="Although the place is less guarded than those it is in now.")
    ] = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    reason: ReasonOption = "",
    form: FormatOption = Format.TABLE,
) -> int:
    """Write a key that has no place, or only others, into a secret, and accept that as a place that rotations write to."""
    from keyward.cli.keys import named
    from keyward.desk import importing  # the engines are loaded when something is done
    from keyward.model.text import clean

    invocation: Invocation = context.obj
    (full,) = named(invocation, [key], writes=not dry_run)
    interactive = invocation.interactive and not yes and not stdin
    plan = importing.plan(
        invocation.desk,
        full,
        to,
        allow_less_guarded=allow_less_guarded,
        interactive=interactive,
        reason=clean(reason),
    )
    if dry_run:
        _print(plan, None, form)
        return 0 if plan.ready else int(NeedsPerson.exit_code)
    _agreed(plan, form, interactive=interactive, yes=yes)
    outcome = importing.do(invocation.desk, plan, _value(invocation, plan, stdin=stdin))
    _print(plan, outcome, form)
    return int(outcome.exit_code)


def _agreed(plan: "ImportPlan", form: Format, *, interactive: bool, yes: bool) -> None:
    """Have it agreed to.

    Raises:
        NeedsPerson: something is in the way, or it was not agreed to.
        UsageError: nobody is there to agree.
    """
    from keyward.cli.ask import yes as asked

    if interactive:
        sys.stderr.writelines(f"{line}\n" for line in _text(plan))
    if not plan.ready:
        if form is Format.JSON:
            _print(plan, None, form)
        lines = [f"\n  {one.what}" + (f"\n    {one.hint}" if one.hint else "") for one in plan.blockers]
        raise NeedsPerson(f"nothing was changed; in the way:{''.join(lines)}")
    if interactive and not asked(f"Write to {plan.place}?"):
        raise NeedsPerson("Not confirmed; nothing was changed.")
    if not interactive and not yes:
        raise UsageError(
            "There is no terminal to ask at, so nothing was changed.",
            hint="Look at the plan with --dry-run, then run it with --yes.",
        )


def _value(invocation: Invocation, plan: "ImportPlan", *, stdin: bool) -> "Secret | None":
    if not plan.asks:
        return None
    if stdin:
        return hidden.from_stdin()
    if not invocation.interactive:
        raise UsageError(f"{plan.id} cannot be read again, so its value has to be handed in.", hint="Add --stdin.")
    value = hidden.ask("The value of the key (not shown; Enter alone stops here): ", invocation.parts.cancel)
    if value is None:
        raise NeedsPerson("No value was handed in; nothing was changed.")
    return value


def _print(plan: "ImportPlan", outcome: "ActOutcome | None", form: Format) -> None:
    if form is Format.JSON:
        write_json(_document(plan, outcome))
    elif form is Format.IDS:
        sys.stdout.write(f"{plan.place}\n" if outcome is None or outcome.done else "")
    elif form is Format.CSV:
        said, code = (outcome.said, str(int(outcome.exit_code))) if outcome else ("", "")
        done = "yes" if outcome is not None and outcome.done else "no"
        write_csv([[plan.id, plan.place, done, said, code]], _COLUMNS)
    elif outcome is None:
        sys.stdout.writelines(f"{line}\n" for line in _text(plan))
    else:
        sign = "" if outcome.done else "NOT "
        sys.stdout.write(
            f"{plan.id}\n  {sign}imported into {plan.place}: {outcome.said}\n  history  keyward history {plan.id}\n"
        )


def _text(plan: "ImportPlan") -> list[str]:
    from keyward.cli import words

    world = f"EMULATOR ({plan.world})" if plan.world.startswith("emulator:") else plan.world
    lines = [
        f"Plan to import 1 key, made {words.moment(plan.at)}",
        f"  acting as    {plan.identity}; {plan.actor} on {plan.host}",
        f"  world        {world}",
        f"{plan.id}{f'  {plan.name!r}' if plan.name else ''}",
        f"  state        {plan.state or 'not known'}",
        f"  to           {plan.place}: {plan.destination.there.value}, in {plan.destination.kind}",
    ]
    lines += [f"  is in        {place.at}" for place in plan.places]
    lines += [f"  step         {number}. {step}" for number, step in enumerate(plan.steps, 1)]
    for one in plan.blockers:
        lines += [f"  IN THE WAY   {one.what}", *([f"               {one.hint}"] if one.hint else [])]
    return lines


def _document(plan: "ImportPlan", outcome: "ActOutcome | None") -> dict[str, object]:
    ended = None if outcome is None else {"done": outcome.done, "said": outcome.said}
    code = (0 if plan.ready else int(NeedsPerson.exit_code)) if outcome is None else int(outcome.exit_code)
    return {
        "schema": SCHEMA,
        "world": plan.world,
        "key": plan.id,
        "place": plan.place,
        "place_is": plan.destination.there.value,
        "ready": plan.ready,
        "exit_code": code,
        "asks_for_value": plan.asks,
        "places": [place.at for place in plan.places],
        "steps": list(plan.steps),
        "blockers": [{"why": one.why.value, "what": one.what, "hint": one.hint or None} for one in plan.blockers],
        "outcome": ended,
    }
