"""The curated organisation: reads `demo.toml` and makes its values, times and use from a seed."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from keyward.emulator.organisation.model import (
    Organisation,
    SampleKey,
    SampleProject,
    SampleSecret,
    SampleVersion,
)
from keyward.emulator.organisation.payloads import render, shape
from keyward.emulator.organisation.services import GEMINI, HOSTS, PERMISSIONS, restrictions
from keyward.emulator.organisation.uses import uses
from keyward.emulator.organisation.values import Values

if TYPE_CHECKING:
    from datetime import datetime


def read(now: datetime, seed: str) -> Organisation:
    """The organisation as it stands at `now`; the same seed gives the same one."""
    catalogue = tomllib.loads(files(__package__).joinpath("demo.toml").read_text(encoding="utf-8"))
    values = Values(seed)
    plans = [(project, *_identity(project, values)) for project in catalogue["project"]]
    keys = {
        entry["ref"]: _key(entry, project_id, now, values)
        for project, project_id, _ in plans
        for entry in project["keys"]
    }
    projects = [
        SampleProject(
            id=project_id,
            number=number,
            name=project["name"],
            folder=project.get("folder", ""),
            created=now - timedelta(days=project["age"] + 1),
            labels=project.get("labels", {}),
            denied=frozenset(name for word in project.get("denied", ()) for name in PERMISSIONS[word]),
            off=frozenset(HOSTS[word] for word in project.get("off", ())),
            keys=tuple(keys[entry["ref"]] for entry in project["keys"]),
            secrets=tuple(_secret(entry, project_id, now, keys, values) for entry in project.get("secret", ())),
            billing=project.get("billing", "open"),
            bindings=tuple(project.get("bindings", ())),
            alert=project.get("alert", ""),
            payer=project.get("payer", ""),
            budget=project.get("budget", ""),
        )
        for project, project_id, number in plans
    ]
    return Organisation(catalogue["organisation"], now, tuple(projects), unseen=True)


def _identity(project: dict[str, Any], values: Values) -> tuple[str, int]:
    project_id, _, _ = render(project["id"], {}, values, "")
    return project_id.decode(), int(values.digits(12))


def _key(entry: dict[str, Any], project: str, now: datetime, values: Values) -> SampleKey:
    draw = values.random
    uid = values.uid()
    # Some hours before the round age, so that a secret of the same age is younger than the key in it.
    created = now - timedelta(days=entry["age"], minutes=draw.uniform(40, 400), microseconds=draw.randrange(10**6))
    deleted = now - timedelta(days=entry["deleted"]) if "deleted" in entry else None
    return SampleKey(
        project=project,
        uid=uid,
        key_id=entry.get("id", uid),
        value=values.key_string(bound="account" in entry),
        name=entry.get("name", ""),
        created=created,
        restrictions=restrictions(entry, values.fingerprint()),
        annotations=entry.get("annotations", {}),
        account=entry.get("account", ""),
        deleted=deleted,
        leaked=entry.get("leaked", False),
        service=HOSTS[entry["only"][0]] if "only" in entry else GEMINI,
        uses=tuple(use for use in uses(entry["use"], created, now, draw) if deleted is None or use.when < deleted),
    )


def _secret(
    entry: dict[str, Any], project: str, now: datetime, keys: dict[str, SampleKey], values: Values
) -> SampleSecret:
    versions = []
    for number, version in enumerate(entry["versions"], 1):
        payload, parts, flaws = render(version["payload"], keys, values, project)
        versions.append(
            SampleVersion(
                number=number,
                created=now - timedelta(days=version["age"], minutes=values.random.uniform(0, 15)),
                state=version.get("state", "ENABLED"),
                payload=payload,
                shape=shape(payload),
                parts=parts,
                flaws=flaws,
            )
        )
    return SampleSecret(
        project=project,
        secret_id=entry["id"],
        created=now - timedelta(days=entry["age"], minutes=values.random.uniform(16, 30)),
        labels=entry.get("labels", {}),
        annotations=entry.get("annotations", {}),
        aliases=entry.get("aliases", {}),
        versions=tuple(versions),
        topic=entry.get("topic", ""),
        rotation_days=entry.get("rotation_days", 0),
        destroy_after_days=entry.get("destroy_after_days", 0),
        user_managed=tuple(entry.get("user_managed", ())),
    )
