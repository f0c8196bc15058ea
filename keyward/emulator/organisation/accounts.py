"""Service accounts of the curated organisation: reads `accounts.toml`, with values of its own from the seed."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from datetime import timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from keyward.emulator.accountkeys.holes import hole
from keyward.emulator.organisation.model import (
    Part,
    SampleAccount,
    SampleAccountKey,
    SampleHmac,
    SampleSecret,
    SampleVersion,
)
from keyward.emulator.organisation.payloads import shape
from keyward.emulator.organisation.services import PERMISSIONS
from keyward.emulator.organisation.uses import uses
from keyward.emulator.organisation.values import Values

if TYPE_CHECKING:
    from datetime import datetime

    from keyward.emulator.organisation.model import Organisation, SampleProject

_HOLE = re.compile(r"\{\{(file|line|base64|hmac|hmac-secret) ([\w-]+)\}\}")
_NAME = re.compile(r"([A-Z_]+)=['\"]?\Z", re.MULTILINE)


def join(organisation: Organisation, seed: str) -> Organisation:
    """The organisation with its service accounts and the secrets that hold their keys."""
    catalogue = tomllib.loads(files(__package__).joinpath("accounts.toml").read_text(encoding="utf-8"))
    entries = {entry["id"]: entry for entry in catalogue["project"]}
    # Values of their own, so that what is here changes nothing that demo.toml makes from the same seed.
    reader = _Reader(organisation.now, Values(f"{seed}/accounts"))
    projects = [reader.with_accounts(project, entries.get(project.id, {})) for project in organisation.projects]
    projects = [reader.with_secrets(project, entries.get(project.id, {})) for project in projects]
    return dataclasses.replace(organisation, projects=tuple(projects))


class _Reader:
    """Makes samples from entries of the catalogue and remembers the keys that have a reference."""

    def __init__(self, now: datetime, values: Values) -> None:
        self._now = now
        self._values = values
        self._keys: dict[str, tuple[str, SampleAccountKey]] = {}
        self._hmacs: dict[str, SampleHmac] = {}

    def with_accounts(self, project: SampleProject, entry: dict[str, Any]) -> SampleProject:
        denied = project.denied | {name for word in entry.get("denied", ()) for name in PERMISSIONS[word]}
        accounts = tuple(self._account(one, project) for one in entry.get("account", ()))
        return dataclasses.replace(project, denied=denied, accounts=accounts)

    def with_secrets(self, project: SampleProject, entry: dict[str, Any]) -> SampleProject:
        more = tuple(self._secret(one, project.id) for one in entry.get("secret", ()))
        return dataclasses.replace(project, secrets=project.secrets + more)

    def _account(self, entry: dict[str, Any], project: SampleProject) -> SampleAccount:
        keys, hmacs = [], []
        unique_id = self._values.digits(21)
        for one in entry.get("keys", ()):
            keys.append(self._key(one))
            if "ref" in one:
                self._keys[one["ref"]] = (project.email(entry["id"]), keys[-1])
        for one in entry.get("hmac", ()):
            made, values = self._now - self._days(one["age"]), self._values
            hmacs.append(SampleHmac(values.access_id(), values.hmac_secret(), made, one.get("state", "ACTIVE")))
            if "ref" in one:
                self._hmacs[one["ref"]] = hmacs[-1]
        return SampleAccount(entry["id"], unique_id, entry["name"], tuple(keys), tuple(hmacs))

    def _key(self, entry: dict[str, Any]) -> SampleAccountKey:
        # IAM tells whole seconds.
        created = (self._now - self._days(entry["age"])).replace(microsecond=0)
        return SampleAccountKey(
            key_id=self._values.hex(40),
            created=created,
            expires=created + timedelta(days=entry["days_valid"]) if "days_valid" in entry else None,
            origin=entry.get("origin", "GOOGLE_PROVIDED"),
            disabled=entry.get("disabled", ""),
            text=entry.get("text", ""),
            uses=uses(entry["use"], created, self._now, self._values.random),
        )

    def _days(self, age: float, low: float = 40, high: float = 400) -> timedelta:
        """A little more than the round age, so that a secret of the same age is younger than the key in it."""
        return timedelta(days=age, minutes=self._values.random.uniform(low, high))

    def _secret(self, entry: dict[str, Any], project: str) -> SampleSecret:
        versions = tuple(self._version(number, one) for number, one in enumerate(entry["versions"], 1))
        created = self._now - self._days(entry["age"], 16, 30)
        labels, annotations = entry.get("labels", {}), entry.get("annotations", {})
        return SampleSecret(project, entry["id"], created, labels, annotations, {}, versions)

    def _version(self, number: int, entry: dict[str, Any]) -> SampleVersion:
        payload, parts = self._render(entry["payload"])
        return SampleVersion(
            number=number,
            created=self._now - self._days(entry["age"], 0, 15),
            state=entry.get("state", "ENABLED"),
            payload=payload,
            shape="json" if entry["payload"].startswith("{{file") else shape(payload),
            parts=(),
            account_parts=parts,
        )

    def _render(self, template: str) -> tuple[bytes, tuple[Part, ...]]:
        """The payload that a template means (with holes for files of keys), and where which key stands in it."""
        parts: list[Part] = []

        def fill(match: re.Match[str]) -> str:
            kind, ref = match.groups()
            name = _NAME.search(template[: match.start()])
            path = name[1] if name else ""
            if kind.startswith("hmac"):
                parts.append(Part(self._hmacs[ref].access_id, path))
                return self._hmacs[ref].access_id if kind == "hmac" else self._hmacs[ref].secret
            email, key = self._keys[ref]
            parts.append(Part(key.key_id, path))
            return hole(kind, email, key.key_id)

        return _HOLE.sub(fill, template).encode(), tuple(parts)
