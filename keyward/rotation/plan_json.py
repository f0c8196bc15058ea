"""A plan as JSON-ready data, without values and without fingerprints."""

from typing import Any

from keyward.rotation.codec import encode
from keyward.rotation.plan import Plan

SCHEMA = "keyward.plan/1"
_HIDDEN = frozenset({"fingerprint"})


def to_json(plan: Plan) -> dict[str, Any]:
    """The plan as data whose form does not change between versions."""
    data = _without(encode(plan), _HIDDEN)
    return {"schema": SCHEMA, "ready": plan.ready, "exit_code": int(plan.exit_code), **data}


def _without(data: Any, names: frozenset[str]) -> Any:
    if isinstance(data, dict):
        return {name: _without(value, names) for name, value in data.items() if name not in names}
    if isinstance(data, list):
        return [_without(item, names) for item in data]
    return data
