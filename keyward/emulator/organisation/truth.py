"""The ground truth: what the generator made, for a judge who does not trust what the emulator answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from keyward.emulator.clock import micros
from keyward.emulator.organisation.services import HOSTS, PERMISSIONS
from keyward.emulator.organisation.truth_accounts import describe_accounts
from keyward.emulator.organisation.truth_checklists import checklists
from keyward.emulator.organisation.truth_findings import findings
from keyward.emulator.organisation.uses import RECORD

if TYPE_CHECKING:
    from pathlib import Path

    from keyward.emulator.organisation.model import (
        Organisation,
        SampleKey,
        SampleProject,
        SampleSecret,
        SampleVersion,
        Use,
    )

SCHEMA = "keyward.emulator.truth/1"
_RESTORABLE = timedelta(days=30)
_PROVIDER, _STORE = "google-api-keys", "gsm"
_LISTING = {_PROVIDER: ("apikeys", "apikeys.keys.list"), _STORE: ("secretmanager", "secretmanager.secrets.list")}


@dataclass(frozen=True, slots=True)
class Truth:
    """What an organisation holds, by the generator's own model; no value of any key or secret."""

    data: dict[str, Any]
    """JSON values; `describe` says what the fields mean."""

    def write(self, path: Path) -> None:
        """Writes the truth as JSON."""
        path.write_text(json.dumps(self.data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def describe(organisation: Organisation, size: str, seed: str) -> Truth:
    """The truth about an organisation at its moment.

    The fields: `projects`, with `billing` (`open`, `closed`, `none`); `metrics_scopes` (projects that monitor others); `sources` with the status that a scan must report; `keys` with `visible` (a caller can list
    it), `state`, `last_used` as Monitoring must show it, and `placements`; `secrets` with `versions` and, in each, the
    `parts` that hold a key, by uid, `white_space` (whether any stands around the payload), `flaws` of single values, and the `account_parts` that hold a service account key or HMAC key. The lists
    `account_sources`, `service_account_keys` and `hmac_keys` say the same of those. `findings` are what a check must find, `checklists` how
    the items of the list for Gemini in production must end, by project. Times are UTC.
    """
    places = _placements(organisation)
    data = {
        "schema": SCHEMA,
        "size": size,
        "seed": seed,
        "now": micros(organisation.now),
        "organisation": organisation.domain,
        "projects": [_project(project) for project in organisation.projects],
        "metrics_scopes": [project.id for project in organisation.scoping],
        "sources": [_source(project, name) for project in organisation.projects for name in (_PROVIDER, _STORE)],
        "keys": [
            _key(key, project, organisation, places.get(key.uid, []))
            for project in organisation.projects
            for key in project.keys
        ],
        "secrets": [_secret(secret, project) for project in organisation.projects for secret in project.secrets],
        **describe_accounts(organisation, places),
    }
    data["findings"] = findings(organisation, data)
    return Truth({**data, "checklists": checklists(organisation, data)})


def _project(project: SampleProject) -> dict[str, Any]:
    return {
        "id": project.id,
        "number": str(project.number),
        "name": project.name,
        "folder": project.folder,
        "labels": dict(project.labels),
        "denied": sorted(project.denied),
        "api_off": sorted(project.off),
        "billing": project.billing,
    }


def _source(project: SampleProject, name: str) -> dict[str, Any]:
    word, permission = _LISTING[name]
    source: dict[str, Any] = {"id": f"{name}:{project.id}", "status": _status(project, name)}
    if source["status"] == "denied":
        source["permission"] = permission
    if source["status"] == "disabled":
        source["api"] = HOSTS[word]
    return source


def _status(project: SampleProject, name: str) -> str:
    word, permission = _LISTING[name]
    if HOSTS[word] in project.off:
        return "disabled"
    return "denied" if permission in project.denied else "ok"


def _key(
    key: SampleKey, project: SampleProject, organisation: Organisation, places: list[dict[str, Any]]
) -> dict[str, Any]:
    state = "active"
    if key.deleted is not None:
        state = "deleted-restorable" if organisation.now - key.deleted < _RESTORABLE else "deleted"
    return {
        "id": f"{_PROVIDER}:{project.id}/{key.uid}",
        "project": project.id,
        "uid": key.uid,
        "resource": f"projects/{project.number}/locations/global/keys/{key.key_id}",
        "name": key.name or None,
        "kind": "auth-key" if key.account else "api-key",
        "state": state,
        "visible": _status(project, _PROVIDER) == "ok" and state != "deleted",
        "blocked": "leaked" if key.leaked else None,
        "created_at": micros(key.created),
        "deleted_at": micros(key.deleted) if key.deleted else None,
        "restrictions": dict(key.restrictions),
        "annotations": dict(key.annotations),
        "bound_identity": f"{key.account}@{project.id}.iam.gserviceaccount.com" if key.account else None,
        "last_used": _last_used(key, project, organisation),
        "placements": places,
    }


def _last_used(key: SampleKey, project: SampleProject, organisation: Organisation) -> dict[str, Any]:
    """The last use as a reader of Monitoring must see it: nothing older than the record."""
    if set(PERMISSIONS["monitoring"]) & project.denied:
        return {"status": "denied", "at": None}
    since = organisation.now - RECORD
    recent = [use for use in key.uses if use.when >= since]
    if recent:
        served = [use for use in recent if use.code < 400]
        return {"status": "used", "at": _minute(recent[-1]), "success_at": _minute(served[-1]) if served else None}
    return {"status": "never" if key.created >= since else "not_seen", "at": None}


def _minute(use: Use) -> str:
    return micros(use.when.replace(second=0, microsecond=0))


def _secret(secret: SampleSecret, project: SampleProject) -> dict[str, Any]:
    return {
        "id": f"{_STORE}:{project.id}/{secret.secret_id}",
        "project": project.id,
        "environment": project.labels.get("env"),
        "secret": secret.secret_id,
        "visible": _status(project, _STORE) == "ok",
        "created_at": micros(secret.created),
        "labels": dict(secret.labels),
        "annotations": dict(secret.annotations),
        "aliases": dict(secret.aliases),
        "rotation_days": secret.rotation_days or None,
        "current_version": str(len(secret.versions)) if secret.versions else None,
        "versions": [_version(version) for version in secret.versions],
    }


def _version(version: SampleVersion) -> dict[str, Any]:
    return {
        "version": str(version.number),
        "state": version.state,
        "created_at": micros(version.created),
        "shape": version.shape,
        "white_space": version.payload != version.payload.strip(),
        "flaws": [{"kind": flaw.kind, "path": flaw.path, "of": flaw.of or None} for flaw in version.flaws],
        "parts": [{"key": part.uid, "path": part.path} for part in version.parts],
        "account_parts": [{"key": part.uid, "path": part.path} for part in version.account_parts],
    }


def _placements(organisation: Organisation) -> dict[str, list[dict[str, Any]]]:
    """Where each key stands, by uid: every version that can still hold it, so none that is destroyed."""
    found: dict[str, list[dict[str, Any]]] = {}
    for secret in organisation.every_secret():
        for version in secret.versions:
            if version.state == "DESTROYED":
                continue
            for part in version.parts + version.account_parts:
                place = {
                    "secret": f"{_STORE}:{secret.project}/{secret.secret_id}",
                    "version": str(version.number),
                    "version_state": version.state,
                    "current": version.number == len(secret.versions),
                    "aliases": sorted(alias for alias, number in secret.aliases.items() if number == version.number),
                    "shape": version.shape,
                    "path": part.path,
                }
                found.setdefault(part.uid, []).append(place)
    return found
