"""A plan as text: everything that would be done, where it was looked, what stands in the way, and the command that does exactly this."""

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from keyward.cli import words
from keyward.cli.plan_lines import line, who_acts_where

if TYPE_CHECKING:
    from keyward.model.capability import Readiness
    from keyward.rotation.facts import PlaceFacts
    from keyward.rotation.plan import KeyPlan, Plan


def plan_text(plan: "Plan") -> str:
    """The whole plan, one line a fact."""
    lines = [
        f"Plan for {words.count(len(plan.keys), 'key')}, made {words.moment(plan.at)}",
        *who_acts_where(plan, plan.policy.reason),
    ]
    for key in plan.keys:
        lines += ["", *_key(key, plan)]
    lines += ["", *_end(plan)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _key(key: "KeyPlan", plan: "Plan") -> Iterator[str]:
    name = f'  "{key.old.name}"' if key.old and key.old.name else ""
    yield f"{key.id}{name}"
    if key.under_way:
        state = f"{key.under_way.state.value}{f', waiting on {key.under_way.waiting_on}' if key.under_way.waiting_on else ''}"
        what = "has replaced this key" if key.under_way.state.closed else "goes on by what was agreed then"
        yield line("under way", f"rotation {key.under_way.id} ({state}) {what}")
        if key.under_way.why:
            yield line("", key.under_way.why)
    if key.old is None:
        yield from _in_the_way(key)
        return
    yield line("state", key.state)
    yield line("age", words.age(key.age, key.age_is))
    yield line("last use", words.last_use(key.last_use, plan.at))
    yield from _looked(key)
    yield from _targets(key)
    yield from _steps(key)
    yield from _readiness(key)
    for number, item in enumerate(key.irreversible):
        since = f" (earliest {words.moment(item.at)})" if item.at else ""
        yield line("" if number else "for good", f"{item.what}{since}")
    for number, thing in enumerate(key.tolerate):
        yield line("" if number else "users", thing)
    for number, place in enumerate(key.seen):
        yield line("" if number else "seen in", place)
    for place in key.waived:
        yield line("waived", place)
    for warning in key.warnings:
        yield line("note", warning)
    yield from _in_the_way(key)


def _looked(key: "KeyPlan") -> Iterator[str]:
    seen = sum(source.covered for source in key.sources)
    yield line(
        "looked",
        f"in {seen} of {words.count(len(key.sources), 'source')}; {words.count(key.looked, 'payload')} searched, "
        f"{key.not_looked:,} not; this plan made {words.count(key.audited_reads, 'audited read')}",
    )


def _targets(key: "KeyPlan") -> Iterator[str]:
    targets = {(target.at, target.host) for target in key.targets}
    for number, place in enumerate(key.places):
        written = (place.at, place.host) in targets
        yield line("" if number else "places", f"{_word(place, written=written):<9} {place.at}")
        facts = [fact for fact in (_version(place), place.form, _beside(place), place.how, _on(place)) if fact]
        if written:
            facts.append("undo: another version with the old value" if place.versions else "undo: the old value")
        yield line("", f"{'':<9} {'; '.join(facts)}")


def _word(place: "PlaceFacts", *, written: bool) -> str:
    if written:
        return "WRITE"
    if place.new:
        return "NEW"
    return "accepted" if place.accepted else "found"


def _version(place: "PlaceFacts") -> str:
    return f"version {place.version}" if place.version else place.problem


def _beside(place: "PlaceFacts") -> str:
    return f"with its id in {place.beside}" if place.beside else ""


def _on(place: "PlaceFacts") -> str:
    if place.here:
        return f"on {place.host}" if place.host else ""
    return f"on {place.host}, which writes it itself; last read there {words.moment(place.last_read)}"


def _steps(key: "KeyPlan") -> Iterator[str]:
    for number, step in enumerate(key.steps, 1):
        at = f" (about {words.moment(step.at)})" if step.at else ""
        yield line("" if number > 1 else "steps", f"{number}. {step.what}{at}; undo: {step.undo}")


def _readiness(key: "KeyPlan") -> Iterator[str]:
    found: list[Readiness] = [*key.readiness, *(item for place in key.places for item in place.readiness)]
    held = [item.permission or item.what for item in found if item.ready.value == "yes"]
    if held:
        yield line("ready", ", ".join(dict.fromkeys(held)))
    for item in found:
        if item.ready.value != "yes":
            word = "missing" if item.ready.value == "no" else "not known"
            yield line(word, f"{item.permission or item.what}: {item.why}")
        elif item.why:
            yield line("", f"{item.what}: {item.why}")


def _in_the_way(key: "KeyPlan") -> Iterator[str]:
    for blocker in key.blockers:
        yield line("IN THE WAY", blocker.what)
        if blocker.hint:
            yield line("", blocker.hint)


def _end(plan: "Plan") -> Iterator[str]:
    if not plan.ready:
        yield "Not ready: something is in the way; nothing would be done."
        return
    yield f"Apply exactly this (valid until {words.moment(plan.valid_until)}):"
    yield f"  {shlex.join(plan.command)}"
