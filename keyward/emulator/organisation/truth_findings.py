"""What is wrong in an organisation, by the generator's own model: what a check must find that has read everything a caller may read."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from keyward.emulator.organisation.services import GEMINI

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keyward.emulator.organisation.model import Organisation, SampleProject

_DAY = timedelta(days=1)
_OWNERS = ("owner", "team")
_PUBLIC = ("browserKeyRestrictions", "androidKeyRestrictions", "iosKeyRestrictions")
_CLIENTS = (*_PUBLIC, "serverKeyRestrictions")
_PRODUCTION = {"prod", "production", "prd", "live"}
_DENIED_USE = {"denied": "unknown", "unknown": "unknown"}

Found = tuple[str, str, str]
"""Rule, subject, `fail` or `unknown`."""


def findings(organisation: Organisation, data: Mapping[str, Any]) -> list[dict[str, str]]:
    """Every finding about API keys, service account keys, secrets and projects.

    It is what follows from a scan that read all values and asked for everything around, where no file and no history was searched, and from trying every key after it, under these
    limits: 90 days of age, 30 of silence, 7 for a first use, 14 before an end, 2 keys an account, 90 days for an old version. Rules on daily use are left out.

    Args:
        organisation: All of it.
        data: The rest of the truth.
    """
    now = organisation.now
    projects = {project.id: project for project in organisation.projects}
    denied = {one["id"] for one in data["sources"] if one["status"] == "denied"}
    secrets = {one["id"]: one for one in data["secrets"] if f"gsm:{one['project']}" not in denied}
    found: list[Found] = []
    for key in data["keys"]:
        # Keys of a project whose API is off are listed under somebody else's quota; of a deleted one nobody gets the value any more, so
        # nobody can tell which secret holds it.
        if key["state"] == "active" and f"google-api-keys:{key['project']}" not in denied:
            found += _api_key(key, projects[key["project"]], secrets, now)
    for key in data["service_account_keys"]:
        if key["visible"]:
            found += _account_key(key, projects[key["project"]], secrets, now)
    for secret in secrets.values():
        found += _secret(secret, now)
    found += _values(secrets, {key["uid"]: key["state"] for key in data["keys"]})
    blind = _blind(data)
    for name, project in projects.items():
        found += _project(name, data, blind)
        found += _unpaid(project, data, secrets)
        found += _access(project, data, secrets)
        found += _alert(project, data)
        found += _budget(project, data)
    if any(one["status"] == "denied" for one in data["sources"] if one["id"].startswith("gsm:")):
        found += _homeless(data, secrets)
    return [{"rule": rule, "subject": subject, "result": result} for rule, subject, result in sorted(set(found))]


def _api_key(
    key: Mapping[str, Any], project: SampleProject, secrets: Mapping[str, Any], now: datetime
) -> Iterator[Found]:
    subject = key["id"]
    read = [place for place in _readable(key, secrets) if place["current"] or place["aliases"]]
    yield "KW-901", subject, "unknown"
    age = now - datetime.fromisoformat(key["created_at"])
    if age > 90 * _DAY:
        yield "KW-101", subject, "fail"
    yield from _use(key, age, now)
    yield from _shared(key, project, secrets, read)
    limits = key["restrictions"]
    apis = {one["service"] for one in limits.get("apiTargets", ())}
    standard = key["bound_identity"] is None
    if not apis or GEMINI in apis:
        yield from _handling(key, project)
    public = any(limits.get(name) for name in _PUBLIC)
    if not apis:
        yield "KW-401", subject, "fail"
    if standard and not any(limits.get(name) for name in _CLIENTS):
        yield "KW-402", subject, "fail"
    if standard and GEMINI not in project.off and (not apis or (GEMINI in apis and public)):
        yield "KW-404", subject, "fail"
    if standard and GEMINI in apis:
        yield "KW-405", subject, "fail"
    if not apis or GEMINI in apis:
        if key["blocked"] == "leaked":
            yield "KW-409", subject, "fail"
        elif standard and not limits:  # Gemini refuses it whatever else is wrong with it
            yield "KW-409", subject, "unknown"


def _account_key(
    key: Mapping[str, Any], project: SampleProject, secrets: Mapping[str, Any], now: datetime
) -> Iterator[Found]:
    subject = key["id"]
    read = [place for place in _readable(key, secrets) if place["current"] or place["aliases"]]
    if key["state"] != "active":
        if key["state"] == "blocked-by-provider":
            yield "KW-406", subject, "fail"
        if read:
            yield "KW-301", subject, "fail"
        return
    yield "KW-901", subject, "unknown"
    age = now - datetime.fromisoformat(key["created_at"])
    if age > 90 * _DAY:
        yield "KW-105", subject, "fail"
    if key["expires_at"] is None:
        yield "KW-104", subject, "fail"
    elif datetime.fromisoformat(key["expires_at"]) - now <= 14 * _DAY:
        yield "KW-103", subject, "fail"
    yield "KW-407", subject, "fail"
    yield from _handling(key, project)
    yield from _use(key, age, now)
    yield from _shared(key, project, secrets, read)


def _use(key: Mapping[str, Any], age: timedelta, now: datetime) -> Iterator[Found]:
    use = key["last_used"]
    if use["status"] in _DENIED_USE:
        yield "KW-201", key["id"], "unknown"
        yield "KW-202", key["id"], "unknown"
    elif use["status"] == "used":
        if now - datetime.fromisoformat(use["at"]) > 30 * _DAY:
            yield "KW-201", key["id"], "fail"
    elif use["status"] == "not_seen":
        if age > 30 * _DAY:
            yield "KW-201", key["id"], "fail"
    elif age > 7 * _DAY:
        yield "KW-202", key["id"], "fail"


def _handling(key: Mapping[str, Any], project: SampleProject) -> Iterator[Found]:
    """What is sent to AI services is not known where nobody may know which are on."""
    if "serviceusage.services.list" in project.denied and key["last_used"]["status"] not in ("never", "not_seen"):
        yield "KW-705", key["id"], "unknown"


def _shared(
    key: Mapping[str, Any], project: SampleProject, secrets: Mapping[str, Any], read: list[Any]
) -> Iterator[Found]:
    """Several places, several environments, nobody who owns it."""
    if len({place["secret"] for place in read}) > 1:
        yield "KW-303", key["id"], "fail"
    environments = {secrets[place["secret"]]["environment"] for place in read} | {project.labels.get("env")}
    if read and len(environments - {None}) > 1:
        yield "KW-304", key["id"], "fail"
    held = [secrets[place["secret"]] for place in _readable(key, secrets)]
    labels = [
        key.get("annotations", {}),
        project.labels,
        *(one["labels"] for one in held),
        *(one["annotations"] for one in held),
    ]
    if not any(one.get(name) for one in labels for name in _OWNERS):
        yield "KW-701", key["id"], "fail"


def _readable(key: Mapping[str, Any], secrets: Mapping[str, Any]) -> list[Any]:
    return [one for one in key["placements"] if one["version_state"] == "ENABLED" and one["secret"] in secrets]


def _secret(secret: Mapping[str, Any], now: datetime) -> Iterator[Found]:
    subject, versions = secret["id"], secret["versions"]
    if not secret["rotation_days"]:
        yield "KW-501", subject, "fail"
    if versions and versions[-1]["state"] != "ENABLED":
        yield "KW-506", subject, "fail"
    named = {str(number) for number in secret["aliases"].values()}
    for version, successor in pairwise(versions):
        replaced = now - datetime.fromisoformat(successor["created_at"])
        if version["state"] != "DESTROYED" and version["version"] not in named and replaced > 90 * _DAY:
            yield "KW-507", subject, "fail"


def _values(secrets: Mapping[str, Any], states: Mapping[str, str]) -> Iterator[Found]:
    """What is wrong with values in the versions that programs get."""
    shared: dict[str, list[tuple[str, str]]] = {}
    for subject, secret in secrets.items():
        named = {secret["current_version"], *map(str, secret["aliases"].values())}
        for version in secret["versions"]:
            if version["state"] == "ENABLED" and version["version"] in named:
                yield from ((rule, subject, "fail") for rule in _written(version, states))
            if version["state"] == "ENABLED" and version["version"] == secret["current_version"]:
                for flaw in (one for one in version["flaws"] if one["kind"] == "shared"):
                    shared.setdefault(flaw["of"], []).append((subject, flaw["path"]))
                if len({part["key"] for part in version["parts"]}) < len(version["parts"]):
                    yield "KW-308", subject, "fail"
    for places in shared.values():
        if len(places) > 1:
            yield "KW-308", min(places)[0], "fail"


def _written(version: Mapping[str, Any], states: Mapping[str, str]) -> Iterator[str]:
    if version["white_space"] and any(
        not part["path"] and states[part["key"]] == "active" for part in version["parts"]
    ):
        yield "KW-307"
    for flaw in version["flaws"]:
        if flaw["kind"] == "stand-in":
            yield "KW-309"
        elif flaw["kind"] == "query" and states[flaw["of"]] == "active":
            yield "KW-310"


def _blind(data: Mapping[str, Any]) -> set[str]:
    """Projects of which some source denies to be read."""
    every = (*data["sources"], *data["account_sources"])
    return {one["id"].partition(":")[2] for one in every if one["status"] == "denied"}


def _project(project: str, data: Mapping[str, Any], blind: set[str]) -> Iterator[Found]:
    keys = Counter(
        one["email"]
        for one in data["service_account_keys"]
        if one["project"] == project and one["visible"] and one["state"] == "active"
    )
    if project in blind:
        yield "KW-408", f"project:{project}", "unknown"
    if any(number > 2 for number in keys.values()):
        yield "KW-408", f"project:{project}", "fail"


def _unpaid(project: SampleProject, data: Mapping[str, Any], secrets: Mapping[str, Any]) -> Iterator[Found]:
    """Production without billing: by the id of the project (keyward's own default), its label, or that of a secret that holds the key."""
    if project.billing == "open" or GEMINI in project.off:
        return
    if f"google-api-keys:{project.id}" in {one["id"] for one in data["sources"] if one["status"] == "denied"}:
        yield "KW-601", f"project:{project.id}", "unknown"
    for key in data["keys"]:
        apis = {one["service"] for one in key["restrictions"].get("apiTargets", ())}
        if key["project"] != project.id or key["state"] != "active" or (apis and GEMINI not in apis):
            continue
        labels = (project.labels, *(secrets[place["secret"]]["labels"] for place in _readable(key, secrets)))
        if project.id.endswith("-prod") or any(one.get("env") in _PRODUCTION for one in labels):
            yield "KW-601", f"project:{project.id}", "fail"


def _access(project: SampleProject, data: Mapping[str, Any], secrets: Mapping[str, Any]) -> Iterator[Found]:
    """Who may read all keys and secrets of the project, or that nobody may know it."""
    subject, own = f"project:{project.id}", [one for one in secrets.values() if one["project"] == project.id]
    denied = {
        one["id"].partition(":")[0]
        for one in data["sources"]
        if one["status"] == "denied" and one["id"].endswith(f":{project.id}")
    }
    keys = "google-api-keys" in denied or any(key.deleted is None for key in project.keys)
    kept = "gsm" in denied or bool(own)
    roles = {one["role"] for one in project.bindings}
    if "resourcemanager.projects.getIamPolicy" in project.denied:
        if keys:
            yield "KW-504", subject, "unknown"
        if kept:
            yield "KW-505", subject, "unknown"
        for one in own:
            yield "KW-502", one["id"], "unknown"
            yield "KW-503", one["id"], "unknown"
        return
    if keys and roles & {"roles/viewer", "roles/editor"}:
        yield "KW-504", subject, "fail"
    if kept and "roles/secretmanager.secretAccessor" in roles:
        yield "KW-505", subject, "fail"


def _alert(project: SampleProject, data: Mapping[str, Any]) -> Iterator[Found]:
    """Keys are used, and nobody is told of calls."""
    hidden = any(one["id"] == f"google-api-keys:{project.id}" and one["status"] == "denied" for one in data["sources"])
    used = {
        key["last_used"]["status"]
        for key in data["keys"]
        if key["project"] == project.id and key["state"] == "active" and not hidden
    }
    if project.alert == "on" or not (hidden or used & {"used", "denied"}):
        return
    known = "monitoring.alertPolicies.list" not in project.denied and "used" in used
    yield "KW-603", f"project:{project.id}", "fail" if known else "unknown"


def _budget(project: SampleProject, data: Mapping[str, Any]) -> Iterator[Found]:
    """Keys can spend, and nothing tells of it: what counts one API only does not, unless it caps."""
    hidden = any(one["id"] == f"google-api-keys:{project.id}" and one["status"] == "denied" for one in data["sources"])
    keys = hidden or any(key.deleted is None for key in project.keys)
    if keys and project.billing == "open" and project.budget not in {"told", "capped"}:
        yield "KW-602", f"project:{project.id}", "unknown" if project.payer else "fail"


def _homeless(data: Mapping[str, Any], secrets: Mapping[str, Any]) -> Iterator[Found]:
    """Live keys that no secret holds: whether a secret of a project that denies reading does, nobody can tell."""
    denied = _blind(data)
    for key in (*data["keys"], *data["service_account_keys"]):
        if key["project"] not in denied and key["state"] == "active" and not _readable(key, secrets):
            yield "KW-302", key["id"], "unknown"
