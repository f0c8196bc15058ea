"""What differs between a plan that was saved and the same plan made anew. Pure.

Ages, counts and whatever follows from other facts (steps, warnings) may differ; everything that decides what would be done may not.
"""

from collections.abc import Iterator, Mapping
from typing import Any

_PLAN = frozenset({"keys", "policy", "actor", "identity", "world", "host", "endpoints"})
_OF_THE_RUN = frozenset({"yes", "interactive"})
"""Who sits there is told anew at each run."""

_KEY = frozenset(
    {
        "old",
        "want",
        "state",
        "age_is",
        "targets",
        "places",
        "waived",
        "blockers",
        "readiness",
        "sources",
        "under_way",
        "crash",
        "home",
    }
)
_AGING = frozenset({"first_seen", "audited", "last_read"})
_ABSENT, _THERE = "absent", "there"


def differences(saved: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What is different, a line each: `path: before -> now`. Both are what `to_json` gave."""
    return list(_differences(_comparable(saved), _comparable(now), ""))


def _comparable(plan: Mapping[str, Any]) -> dict[str, Any]:
    """The plan with lists of things as mappings by their names, and without what may change."""
    kept = {name: value for name, value in plan.items() if name in _PLAN}
    kept["policy"] = {name: value for name, value in _mapping(plan.get("policy")).items() if name not in _OF_THE_RUN}
    kept["keys"] = {str(key.get("id")): _key(key) for key in _mappings(plan.get("keys"))}
    return kept


def _key(key: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in key.items() if name in _KEY}
    kept["targets"] = {_at(one): {**one} for one in _mappings(key.get("targets"))}
    kept["places"] = {_at(one): _place(one) for one in _mappings(key.get("places"))}
    kept["readiness"] = _readiness(key)
    kept["sources"] = {str(one.get("id")): one.get("status") for one in _mappings(key.get("sources"))}
    kept["blockers"] = {str(one.get("what")): one.get("why") for one in _mappings(key.get("blockers"))}
    return kept


def _place(place: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in place.items() if name not in _AGING}
    return {**kept, "readiness": _readiness(place)}


def _readiness(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        str(one.get("permission") or one.get("what")): one.get("ready") for one in _mappings(found.get("readiness"))
    }


def _at(place: Mapping[str, Any]) -> str:
    host = place.get("host")
    return f"{place.get('at')} on {host}" if host else str(place.get("at"))


def _mapping(data: Any) -> Mapping[str, Any]:
    return data if isinstance(data, Mapping) else {}


def _mappings(data: Any) -> list[Mapping[str, Any]]:
    return [one for one in data if isinstance(one, Mapping)] if isinstance(data, list) else []


def _differences(before: Any, now: Any, path: str) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for name in sorted(before.keys() | now.keys()):
            named = name.isidentifier()
            below = (f"{path}.{name}" if path else name) if named else f"{path}[{name}]"
            yield from _differences(before.get(name), now.get(name), below)
    elif before != now and (before or now):  # what an older version did not write is not another plan
        yield f"{path}: {_shown(before)} -> {_shown(now)}"


def _shown(value: Any) -> str:
    if value is None or value == "":
        return _ABSENT
    if isinstance(value, Mapping):
        said = [str(value[name]) for name in ("state", "version", "why") if value.get(name)]
        return f"{_THERE} ({', '.join(said)})" if said else _THERE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value) or _ABSENT
    return str(value)
