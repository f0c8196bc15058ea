"""A plan for several keys as rows and words: how ready each is, what all of them come to, and what another plan changed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyward.model.capability import Ready
from keyward.tui import planned, words
from keyward.tui.planned import PlaceLine, name_of, scope_of
from keyward.tui.widgets.pane import Fact

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyward.rotation.plan import KeyPlan, Plan
    from keyward.rotation.policy import Policy

_COUNTED: "tuple[tuple[str, str, Callable[[KeyPlan], int]], ...]" = (
    ("place", " to write", lambda key: len(key.targets)),
    ("step", "", lambda key: len(key.steps)),
    ("thing", " in the way", lambda key: len(key.blockers)),
)
READY, LEFT_OUT = "✓ ready", "- left out"


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One key of the plan: how ready it is, in words that need no colour, and the first thing that is in its way."""

    key: str
    status: str
    tone: str
    name: str
    scope: str
    places: str
    note: str


def key_line(key: "KeyPlan", places: Sequence[PlaceLine], *, left_out: bool) -> KeyLine:
    """The row of one key; `places` are its own."""
    waiting = [line for line in places if line.can_accept and not line.accepted]
    status, tone, note = _state(key, waiting)
    if left_out:
        status, tone = LEFT_OUT, "grid--dim"
    written = f"{len(key.targets)} of {len(places)}"
    return KeyLine(key.id, status, tone, name_of(key), scope_of(key), written, note)


def _state(key: "KeyPlan", waiting: Sequence[PlaceLine]) -> tuple[str, str, str]:
    if missing := missing_permissions(key):
        return "✗ not allowed", "grid--bad", f"needs {', '.join(missing)}"
    others = [one for one in key.blockers if not any(one.what.startswith(line.at) for line in waiting)]
    if others:
        return "✗ blocked", "grid--bad", f"{others[0].what}. {others[0].hint}".rstrip()
    if key.blockers:
        new = sum(1 for line in waiting if line.status == planned.NEW)
        return f"! {len(waiting)} to accept", "grid--warn", f"{new} of them NEW" if new else ""
    if key.under_way is not None and not key.under_way.state.closed:
        return "◷ goes on", "grid--warn", f"rotation {key.under_way.id}, {key.under_way.state.value}"
    unknown = sum(1 for step in key.steps if step.ready is Ready.UNKNOWN and step.permission)
    return READY, "grid--good", f"{unknown} permissions not known" if unknown else ""


def missing_permissions(key: "KeyPlan") -> list[str]:
    """The permissions that are known to be missing, by name."""
    found = [*key.readiness, *(item for place in key.places if place.accepted for item in place.readiness)]
    return list(dict.fromkeys(item.permission for item in found if item.ready is Ready.NO and item.permission))


def total_facts(plan: "Plan") -> Iterator[Fact]:
    """What all keys of it come to."""
    writes, steps = sum(len(key.targets) for key in plan.keys), sum(len(key.steps) for key in plan.keys)
    reads = sum(key.audited_reads for key in plan.keys)
    pieces = (_count(len(plan.keys), "key"), _count(writes, "place", " to write"), _count(steps, "step"))
    yield Fact("in all", f"{' · '.join(pieces)} · {_count(reads, 'audited read')} for this plan")
    ends = [end for key in plan.keys for end in key.irreversible]
    if ends:
        dated = sorted(end.at for end in ends if end.at is not None)
        if dated and dated[0] != dated[-1]:
            when = f", from {words.moment(dated[0])} to {words.moment(dated[-1])} UTC at the earliest"
        else:
            when = f", from {words.moment(dated[0])} UTC at the earliest" if dated else ""
        yield Fact("for good", f"{_count(len(ends), 'step')} cannot be taken back{when}", "$text-warning")


def options(policy: "Policy", key: str) -> Fact:
    """What may be edited before it is applied, with that key."""
    said = f"both keys work for {words.length(policy.grace)} · retire {policy.retire.value}"
    return Fact("options", f"{said}{f' · reason: {policy.reason}' if policy.reason else ''} · {key} edits them")


def phrase(plan: "Plan", production: Collection[str] = ()) -> str:
    """What must be typed to apply it: how many keys, where, and what is more dangerous than usual. `production` are ids."""
    scopes = sorted({scope_of(key) for key in plan.keys})
    where = scopes[0] if len(scopes) == 1 else f"{len(scopes)} projects"
    if production:
        where = f"production {where}" if len(scopes) == 1 else f"{where} with production"
    now = " and retire now" if plan.policy.retire.value == "now" else ""
    return f"rotate {len(plan.keys)} in {where}{now}"


def changed(before: Mapping[str, "KeyPlan"], policy: "Policy | None", after: "Plan") -> str:
    """What another plan made different, in a few words; empty when nothing of weight."""
    found = []
    if policy is not None and policy.grace != after.policy.grace:
        found.append(f"grace {words.length(policy.grace)} -> {words.length(after.policy.grace)}")
    if policy is not None and policy.retire is not after.policy.retire:
        found.append(f"retire {policy.retire.value} -> {after.policy.retire.value}")
    kept = [(before[key.id], key) for key in after.keys if key.id in before]
    for what, rest, count in _COUNTED:
        was, now = sum(count(one) for one, _ in kept), sum(count(one) for _, one in kept)
        if was != now:
            found.append(f"{'+' if now > was else '-'}{_count(abs(now - was), what, rest)}")
    return ", ".join(found)


def _count(number: int, what: str, rest: str = "") -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}{rest}"
