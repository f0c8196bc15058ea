"""A plan of an act, and how it ended, as one JSON-ready document without values and fingerprints."""

from collections.abc import Sequence
from typing import Any

from keyward.model.errors import Exit
from keyward.rotation.acts.outcome import ActOutcome
from keyward.rotation.acts.plan import ActPlan, KeyAct
from keyward.rotation.codec import encode

SCHEMA = "keyward.act/1"


def document(plan: ActPlan, outcomes: Sequence[ActOutcome] = (), *, code: Exit | None = None) -> dict[str, Any]:
    """The document; without outcomes nothing was done."""
    ended = {one.id: one for one in outcomes}
    return {
        "schema": SCHEMA,
        "act": plan.wish.act.value,
        "world": plan.world,
        "at": encode(plan.at),
        "actor": plan.actor,
        "identity": plan.identity,
        "host": plan.host,
        "endpoints": list(plan.endpoints),
        "reason": plan.wish.reason,
        "ready": plan.ready,
        "exit_code": int(plan.exit_code if code is None else code),
        "command": list(plan.command),
        "keys": [_key(key, ended.get(key.id)) for key in plan.keys],
    }


def _key(key: KeyAct, outcome: ActOutcome | None) -> dict[str, Any]:
    use = key.last_use
    return {
        "id": key.id,
        "name": key.name,
        "state": key.state or None,
        "kind": key.kind or None,
        "age_days": None if key.age is None else key.age.days,
        "age_is": key.age_is.value if key.age_is else None,
        "last_used": {
            "status": use.status.value,
            "at": encode(use.at),
            "window_days": use.window_days,
            "source": use.source or None,
        },
        "in_use": key.in_use.value,
        "already": key.already,
        "production": key.production,
        "places": [
            {
                "at": place.at,
                "host": place.host or None,
                "version": place.version or None,
                "problem": place.problem or None,
            }
            for place in key.places
        ],
        "breaks": list(key.breaks),
        "undo": key.undo or None,
        "undo_until": encode(key.undo_until),
        "by_hand": key.by_hand or None,
        "under_way": key.under_way.id if key.under_way else None,
        "permissions": [
            {"permission": item.permission, "ready": item.ready.value, "why": item.why or None}
            for item in key.readiness
        ],
        "sources": [{"id": one.id, "status": one.status.value} for one in key.sources],
        "blockers": [{"why": one.why.value, "what": one.what, "hint": one.hint or None} for one in key.blockers],
        "warnings": list(key.warnings),
        "outcome": None if outcome is None else _outcome(outcome),
    }


def _outcome(one: ActOutcome) -> dict[str, Any]:
    return {
        "done": one.done,
        "said": one.said,
        "state": one.state or None,
        "proof": one.proof or None,
        "proved": one.proved,
        "undo_until": encode(one.undo_until),
        "exit_code": int(one.exit_code),
    }
