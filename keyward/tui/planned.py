"""A plan as rows and facts for the screen: its places, its steps, what stands in the way, what it does not know."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from keyward.model.capability import Ready
from keyward.tui import words
from keyward.tui.keymap import Keymap
from keyward.tui.widgets.pane import Fact

if TYPE_CHECKING:
    from keyward.model.source import SourceReport
    from keyward.rotation.plan import KeyPlan, Plan

NEW = "NEW"
READY = {Ready.YES: "✓", Ready.NO: "✗", Ready.UNKNOWN: "?"}
_TONES = {"✓": "grid--good", "✗": "grid--bad", "?": "grid--warn"}


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One place of a key in the plan; `said` names it with its host, where that is another one."""

    key: str
    at: str
    said: str
    status: str
    tone: str
    form: str
    detail: str
    can_accept: bool
    accepted: bool


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of a key in the plan, with what it is known by in events: `step` and `target`."""

    key: str
    number: int
    step: str
    what: str
    target: str
    undo: str
    ready: str
    permission: str
    at: datetime | None


def name_of(plan: "KeyPlan") -> str:
    """What to call the key: its display name, else the last part of its id."""
    return (plan.old.name if plan.old is not None else None) or plan.id.rpartition("/")[2]


def scope_of(plan: "KeyPlan") -> str:
    """The project or account of the key."""
    return plan.want.scope if plan.want is not None else plan.id.partition(":")[2].partition("/")[0]


def place_lines(key: "KeyPlan") -> list[PlaceLine]:
    """Every place of the key that was found, whether it is written or not."""
    targets = {(target.at, target.host) for target in key.targets}
    found = []
    for place in key.places:
        if place.said in key.waived:
            status, tone = "- left out", "grid--dim"
        elif not place.here and (place.at, place.host) in targets:
            status, tone = f"✓ on {place.host}", "grid--good"
        elif not place.here:
            status, tone = f"on {place.host}", "grid--warn"
        elif place.holds is None:
            status, tone = "unreadable", "grid--bad"
        elif not place.current:
            status, tone = place.holds.value, "grid--dim"
        elif (place.at, place.host) in targets:
            status, tone = "✓ accepted", "grid--good"
        elif place.new:
            status, tone = NEW, "grid--warn"
        else:
            status, tone = "· found", "grid--warn"
        detail = place.problem or place.unsafe or place.foreign or place.how
        acceptable = place.here and place.current and place.holds is not None and place.said not in key.waived
        version = f"version {place.version}" if place.versions and place.version else ""
        beside = f"id in {place.beside}" if place.beside else ""
        form = ", ".join(piece for piece in (version, place.form, beside) if piece)
        found.append(PlaceLine(key.id, place.at, place.said, status, tone, form, detail, acceptable, place.accepted))
    return found


def step_lines(key: "KeyPlan") -> list[StepLine]:
    """Every step of the key, in order."""
    forms = {line.at: line.form for line in place_lines(key) if line.form}
    return [
        StepLine(
            key.id,
            number,
            step.step,
            f"write {step.target} ({forms.get(step.target, '')})" if step.step == "write" else step.what,
            step.target,
            step.undo,
            READY[step.ready],
            step.permission,
            step.at,
        )
        for number, step in enumerate(key.steps, 1)
    ]


def ready_tone(mark: str) -> str | None:
    """The colour of a readiness."""
    return _TONES.get(mark)


def head_facts(plan: "Plan") -> Iterator[Fact]:
    """Who acts where."""
    yield Fact("acting as", " ".join(piece for piece in (plan.identity or plan.actor, f"on {plan.host}") if piece))
    yield Fact("world", plan.world, "$text-warning" if plan.world != "google" else "")
    for endpoint in plan.endpoints[:2]:
        yield Fact("", endpoint, "dim")
    if len(plan.endpoints) > 2:
        yield Fact("", f"and {len(plan.endpoints) - 2} more endpoints that are not Google's", "dim")


def key_facts(key: "KeyPlan", at: datetime) -> Iterator[Fact]:
    """Age, use, where it was looked."""
    age = words.span(key.age.total_seconds()) if key.age is not None else "not known"
    at_least = ">=" if key.age_is is not None and key.age_is.value == "at_least" else ""
    yield Fact(name_of(key), f"age {at_least}{age} · last use {last_use(key, at)}")
    looked = f"{key.looked:,} payloads were looked at"
    not_looked = f"{key.not_looked:,} were not" if key.not_looked else "none was left out"
    yield Fact("looked", f"{looked}, {not_looked}; {key.audited_reads} audited reads")
    if key.under_way is not None:
        what = "replaced by" if key.under_way.state.closed else "continues"
        yield Fact(what, f"rotation {key.under_way.id}, {key.under_way.state.value} {key.under_way.why}".rstrip())
    for end in key.irreversible:
        when = f" · from {words.moment(end.at)} UTC" if end.at is not None else ""
        yield Fact("for good", end.what + when, "$text-warning")


def last_use(key: "KeyPlan", at: datetime) -> str:
    """Last use with window and lag, or which kind of not knowing it is."""
    use = key.last_use
    used = use.at.timestamp() if use.at is not None else None
    said = words.last_use(use.status.value, used, use.window_days, at.timestamp())
    if used is not None:
        said = "less than a day ago" if said.startswith("<") else f"{said} ago"
    if use.window_days:
        said += f" (record: {use.window_days} d back"
        said += f", late by up to {words.span(use.lag.total_seconds())})" if use.lag > timedelta(0) else ")"
    return said


def trouble_facts(key: "KeyPlan", places: Sequence[PlaceLine], keymap: Keymap | None = None) -> Iterator[Fact]:
    """What stands in the way, and what is only worth knowing. Places to accept are said once: they stand in the list above."""
    waiting = [line for line in places if line.can_accept and not line.accepted]
    if waiting:
        keys = keymap or Keymap()
        one, every = keys.key_of("plan.accept"), keys.key_of("plan.accept_all")
        new = sum(1 for line in waiting if line.status == NEW)
        said = f"{len(waiting)} of {len(places)} places hold the key and are not accepted. {one} accepts the one under the cursor"
        yield Fact("✗ to accept", f"{said}, {every} all{f' but the {new} NEW' if new else ''}.", "$text-error")
    for blocker in key.blockers:
        if not any(blocker.what.startswith(line.at) for line in waiting):
            yield Fact("✗ in the way", f"{blocker.what}. {blocker.hint}".rstrip(), "$text-error")
    unread = [source for source in key.sources if not source.covered]
    if unread or key.not_looked:
        yield Fact("! not looked at", _not_looked(unread, key.not_looked), "$text-warning")
    for warning in key.warnings:
        if not any(warning.startswith(f"{source.id} was not looked at") for source in unread):
            yield Fact("! note", warning, "$text-warning")
    for line in places:
        if line.said in key.waived:
            yield Fact("! left out", f"{line.said} keeps the old key: its readers fail when that goes", "$text-warning")


def _not_looked(unread: "Sequence[SourceReport]", values: int) -> str:
    """Where a place of the key may be that is not in the plan."""
    named = ", ".join(f"{source.id} ({source.status.value})" for source in unread[:3])
    more = f" and {len(unread) - 3} more sources" if len(unread) > 3 else ""
    counted = f"{values:,} payloads" if values else ""
    return f"{' and '.join(filter(None, (named + more, counted)))}: a place there is not in this plan"


def command(plan: "Plan") -> str:
    """The command line that does exactly this."""
    return shlex.join(plan.command)
