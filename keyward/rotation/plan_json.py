"""A plan as JSON-ready data, without values and without fingerprints; and what differs between two plans."""

from collections.abc import Iterator, Mapping
from typing import Any

from keyward.rotation.codec import encode
from keyward.rotation.plan import Plan

SCHEMA = "keyward.plan/1"
# What may change between planning and applying without making it another plan.
_VOLATILE = frozenset(
    {
        "at",
        "valid_until",
        "age",
        "last_use",
        "steps",
        "irreversible",
        "readiness",
        "looked",
        "not_looked",
        "sources",
        "audited_reads",
    }
)
_HIDDEN = frozenset({"fingerprint"})


def to_json(plan: Plan) -> dict[str, Any]:
    """The plan as data whose form does not change between versions."""
    data = _without(encode(plan), _HIDDEN)
    return {"schema": SCHEMA, "ready": plan.ready, "exit_code": int(plan.exit_code), **data}


def differences(saved: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What is different, as `path: before -> now`, ages and dates apart."""
    return list(_differences(_without(dict(saved), _VOLATILE), _without(dict(now), _VOLATILE), ""))


def _without(data: Any, names: frozenset[str]) -> Any:
    if isinstance(data, dict):
        return {name: _without(value, names) for name, value in data.items() if name not in names}
    if isinstance(data, list):
        return [_without(item, names) for item in data]
    return data


def _differences(before: Any, now: Any, path: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for name in sorted(before.keys() | now.keys()):
            yield from _differences(before.get(name), now.get(name), f"{path}.{name}" if path else name)
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for number, (left, right) in enumerate(zip(before, now, strict=True)):
            yield from _differences(left, right, f"{path}[{number}]")
    elif before != now:
        yield f"{path}: {before!r} -> {now!r}"
