"""Plans and ends of acts as text: one line a fact."""

import shlex
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from keyward.cli import words
from keyward.cli.plan_lines import line, who_acts_where

if TYPE_CHECKING:
    from keyward.rotation.acts.outcome import ActOutcome
    from keyward.rotation.acts.plan import ActPlan, KeyAct


def plan_text(plan: "ActPlan") -> str:
    """The whole plan."""
    return (
        "\n".join([*_head(plan), *(line for key in plan.keys for line in ("", *_key(key, plan))), "", *_tail(plan)])
        + "\n"
    )


def _head(plan: "ActPlan") -> Iterator[str]:
    yield f"Plan to {plan.wish.act.value} {words.count(len(plan.keys), 'key')}, made {words.moment(plan.at)}"
    yield from who_acts_where(plan, plan.wish.reason)


def _key(key: "KeyAct", plan: "ActPlan") -> Iterator[str]:
    name = f'  "{key.name}"' if key.name else ""
    yield f"{key.id}{name}{'  PRODUCTION' if key.production else ''}"
    if key.state:
        yield from _facts(key, plan)
    for item in key.readiness:
        word = {"yes": "ready", "no": "missing"}.get(item.ready.value, "not known")
        yield line(word, f"{item.permission}{f': {item.why}' if item.why else ''}")
    if key.by_hand:
        yield line("by hand", key.by_hand)
    for warning in key.warnings:
        yield line("note", warning)
    for blocker in key.blockers:
        yield line("IN THE WAY", blocker.what)
        if blocker.hint:
            yield line("", blocker.hint)


def _facts(key: "KeyAct", plan: "ActPlan") -> Iterator[str]:
    yield line("state", f"{key.state}{' (nothing to do)' if key.already else ''}")
    yield line("age", words.age(key.age, key.age_is))
    if plan.wish.ends:
        yield line("last use", f"{words.last_use(key.last_use, plan.at)}: {key.in_use.value}")
        yield line("looked", _looked(key))
    for number, what in enumerate(key.breaks):
        yield line("" if number else "BREAKS", what)
    if key.undo:
        until = f" (until about {words.moment(key.undo_until)})" if key.undo_until else ""
        yield line("undo", f"{key.undo}{until}")
    else:
        yield line("undo", "none: this cannot be taken back")


def _looked(key: "KeyAct") -> str:
    seen = sum(source.covered for source in key.sources)
    return (
        f"in {seen} of {words.count(len(key.sources), 'source')}; this plan made "
        f"{words.count(key.audited_reads, 'audited read')}"
    )


def _tail(plan: "ActPlan") -> Iterator[str]:
    if not plan.ready:
        yield "Not ready: something is in the way; nothing would be done."
    elif not plan.already:
        yield "Do exactly this:"
        yield f"  {shlex.join(plan.command)}"


def outcome_text(plan: "ActPlan", outcomes: "Sequence[ActOutcome]", now: datetime) -> str:
    """How it ended."""
    return "".join(f"{line}\n" for one in outcomes for line in _outcome(plan, one, now))


def _outcome(plan: "ActPlan", one: "ActOutcome", now: datetime) -> Iterator[str]:
    yield f"{one.id}: {one.said if one.done else f'NOT {plan.wish.act.value}d: {one.said}'}"
    if one.state:
        yield line("state", one.state)
    if one.proof:
        yield line("proof", one.proof)
    undo = next((key.undo for key in plan.keys if key.id == one.id), "")
    if one.done and undo:
        until = f"   (until {words.moment(one.undo_until)})" if one.undo_until and one.undo_until > now else ""
        yield line("undo", f"{undo}{until}")
    yield line("history", f"keyward history {one.id}")
