"""What Terraform manages, told by its state (format version 4): addresses and names, never a value. Pure."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from keyward.model.credential import Credential
from keyward.model.errors import UsageError
from keyward.model.ids import SecretRef
from keyward.model.text import clean

FORMAT = 4
KEPT = frozenset({"id", "name", "uid", "project", "location", "secret", "secret_id"})
"""Attributes that name a resource; everything else of it, values among it, is let go while the state is read."""

_KEYS = frozenset({"google_apikeys_key", "google_service_account_key"})
_SECRETS = frozenset(
    f"google_secret_manager_{kind}"
    for kind in ("secret", "secret_version", "regional_secret", "regional_secret_version")
)
_STORE = "gsm"
"""The store that those secrets are in, as its ids name it."""

_NUMBERED = "projects/"
_LOCATED = re.compile(r"projects/[^/]+/locations/([^/]+)/")


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: its address in Terraform, and the names that the cloud knows it by."""

    address: str
    names: frozenset[str]
    project: str = ""


@dataclass(frozen=True, slots=True)
class TerraformState:
    """Keys and secrets that Terraform manages. `files` are the states that were read, as they were named."""

    keys: tuple[Resource, ...] = ()
    secrets: tuple[Resource, ...] = ()
    files: tuple[str, ...] = field(default=())

    def key(self, credential: Credential) -> str:
        """Who manages this key and what to run there; empty when it is in none of the states."""
        names = {
            credential.uid,
            credential.resource,
            f"{_NUMBERED}{credential.ref.scope}/{_tail(credential.resource)}",
        } - {""}
        for one in self.keys:
            if names & one.names or _tail(credential.resource) in one.names:
                return _advice(one, "create_before_destroy, so that the new key is there before the old one goes")
        return ""

    def secret(self, ref: SecretRef) -> str:
        """Who manages this secret and what to run there; empty when it is in none of the states."""
        if ref.store != _STORE:
            return ""
        region = "".join(f"locations/{one}/" for one in ref.locator[1:-1])
        name = f"{region}secrets/{ref.name}"
        for one in self.secrets:
            if f"{_NUMBERED}{ref.locator[0]}/{name}" in one.names:
                return _advice(one, "create_before_destroy, so that readers always find a version")
            # Where the state names only the project's number, the same name is taken for the same secret: that is for a person to tell.
            if one.project.isdecimal() and name in one.names:
                return _advice(one, f"the state names its project only by number ({one.project})")
        return ""

    def __add__(self, other: "TerraformState") -> "TerraformState":
        return TerraformState(self.keys + other.keys, self.secrets + other.secrets, self.files + other.files)


NO_STATE = TerraformState()


def trimmed(found: dict[str, Any]) -> dict[str, Any]:
    """For `json.load(object_hook=...)`: an instance keeps what names it, so that no value stays in memory."""
    attributes = found.get("attributes")
    if isinstance(attributes, dict):
        found["attributes"] = {
            name: value for name, value in attributes.items() if name in KEPT and isinstance(value, str)
        }
    found.pop("sensitive_attributes", None)
    found.pop("private", None)
    found.pop("outputs", None)
    return found


def read_state(data: object, file: str) -> TerraformState:
    """The keys and secrets of one state, as `json.load` gave it.

    Raises:
        UsageError: it is no Terraform state of that format.
    """
    if not isinstance(data, dict) or not isinstance(data.get("resources"), list) or "terraform_version" not in data:
        raise UsageError(f"{file} is not a Terraform state.", hint="`terraform state pull > FILE` writes one.")
    if data.get("version") != FORMAT:
        version = clean(str(data.get("version")))
        raise UsageError(
            f"{file} is a Terraform state of format {version}; keyward reads format {FORMAT}.",
            hint="Terraform 0.12 and later write it: `terraform state pull > FILE`.",
        )
    keys: list[Resource] = []
    secrets: list[Resource] = []
    for resource in data["resources"]:
        if isinstance(resource, dict) and resource.get("mode") == "managed":
            kind = str(resource.get("type", ""))
            if kind in _KEYS | _SECRETS:
                (keys if kind in _KEYS else secrets).extend(_instances(resource, kind))
    return TerraformState(tuple(keys), tuple(secrets), (file,))


def _instances(resource: Mapping[str, Any], kind: str) -> Iterator[Resource]:
    instances = resource.get("instances")
    for instance in instances if isinstance(instances, list) else ():
        attributes = instance.get("attributes") if isinstance(instance, dict) else None
        if isinstance(attributes, dict):
            project = _text(attributes, "project")
            names = frozenset(_names(attributes, kind, project)) - {""}
            yield Resource(_address(resource, instance, kind), names, project or _project(names))


def _names(attributes: Mapping[str, Any], kind: str, project: str) -> Iterator[str]:
    if kind in _KEYS:
        # A service account key's full name is unique; an API key has its uid beside a name that may be of any project.
        for name in ("id", "uid") if kind == "google_apikeys_key" else ("id", "name"):
            yield _text(attributes, name)
        if kind == "google_service_account_key" and "/serviceAccounts/" in _text(attributes, "name"):
            yield _tail(_text(attributes, "name"))
        return
    full = _text(attributes, "secret") or _text(attributes, "name") or _text(attributes, "id")
    full = full.partition("/versions/")[0]
    secret = _text(attributes, "secret_id") or full.rpartition("/")[2]
    located = _LOCATED.match(full)
    region = located[1] if located else _text(attributes, "location")
    below = f"locations/{region}/secrets/{secret}" if region else f"secrets/{secret}"
    yield full
    yield below
    if project:
        yield f"{_NUMBERED}{project}/{below}"
    if _text(attributes, "id").startswith(_NUMBERED):
        yield _text(attributes, "id").partition("/versions/")[0]


def _address(resource: Mapping[str, Any], instance: Mapping[str, Any], kind: str) -> str:
    module = _text(resource, "module")
    index = instance.get("index_key")
    key = f"[{index}]" if isinstance(index, int) else f'["{index}"]' if isinstance(index, str) else ""
    return clean(
        f"{module}.{kind}.{_text(resource, 'name')}{key}" if module else f"{kind}.{_text(resource, 'name')}{key}"
    )


def _advice(one: Resource, more: str) -> str:
    return f"Terraform manages it ({one.address}); rotate it there: terraform apply {shlex.quote(f'-replace={one.address}')} (with {more})"


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _project(names: frozenset[str]) -> str:
    projects = {name.split("/")[1] for name in names if name.startswith(_NUMBERED) and name.count("/") > 1}
    return min(projects) if projects else ""


def _tail(resource: str) -> str:
    """A resource's name below its project."""
    head, _, rest = resource.partition("/")
    return rest.partition("/")[2] if head == "projects" else ""
