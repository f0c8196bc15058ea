"""Secrets and versions as the library has them, and as the vocabulary has them.

Both of the library's forms are read: its own classes, and the plain messages below them, which cost a tenth.

A global secret is `gsm:PROJECT/SECRET` in the scope PROJECT, one of a region `gsm:PROJECT/REGION/SECRET` in the scope PROJECT@REGION.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from keyward.model.errors import Refused
from keyward.model.ids import SecretRef
from keyward.model.redact import label
from keyward.model.secretinfo import SecretInfo, Version, VersionState
from keyward.model.text import clean

NAME = "gsm"

ASSET, VERSION_ASSET = "secretmanager.googleapis.com/Secret", "secretmanager.googleapis.com/SecretVersion"
"""Types in the asset index."""

PENDING = "keyward-pending-"
"""How the names of secrets begin that keyward makes for a while, and may remove."""

# google.cloud.secretmanager.v1.SecretVersion.State
_STATES = {1: VersionState.ENABLED, 2: VersionState.DISABLED, 3: VersionState.DESTROYED}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_REGION = re.compile(r"[a-z]{2,20}(?:-[a-z0-9]{1,20}){0,3}")
_IDS = "Ids are gsm:PROJECT/SECRET or gsm:PROJECT/REGION/SECRET."
_IN_NAME = re.compile(r"projects/[^/]+/locations/([^/]+)(?:/|$)")


def project(ref: SecretRef) -> str:
    """The project id."""
    return ref.locator[0]


def region(ref: SecretRef) -> str:
    """The region, empty for a global secret.

    Raises:
        Refused: the id is none of Secret Manager's.
    """
    if len(ref.locator) == 2:
        return ""
    if len(ref.locator) != 3:
        raise Refused(f"{ref} is no secret of Secret Manager.", hint=_IDS)
    return _checked(ref.locator[1])


def _checked(region_id: str) -> str:
    if not _REGION.fullmatch(region_id):  # it becomes a part of an address
        raise Refused(f"{clean(region_id)!r} is no region such as europe-west3.", hint=_IDS)
    return region_id


def scope(ref: SecretRef) -> str:
    """The scope that lists it."""
    return in_region(project(ref), region(ref))


def in_region(project_id: str, region_id: str) -> str:
    """The scope of the secrets of one region of a project, or of its global ones."""
    return f"{project_id}@{region_id}" if region_id else project_id


def place(scope_id: str) -> tuple[str, str]:
    """The project and the region (empty for the global secrets) of a scope."""
    project_id, _, region_id = scope_id.partition("@")
    return project_id, region_id


def parent(scope_id: str) -> str:
    """The resource name of what holds the secrets of a scope."""
    project_id, region_id = place(scope_id)
    return f"projects/{project_id}" + (f"/locations/{region_id}" if region_id else "")


def resource(ref: SecretRef) -> str:
    """The secret's resource name."""
    return f"{parent(scope(ref))}/secrets/{ref.name}"


def region_of(name: str) -> str:
    """The region that a resource name names; empty for none.

    Raises:
        Refused: what stands in its place can be no region.
    """
    found = _IN_NAME.match(name)
    return _checked(found[1]) if found else ""


def last(name: str) -> str:
    """The last part of a resource name."""
    return clean(name.rpartition("/")[2])


def plain(one: Any) -> Any:
    """The plain message in an object of the library; a plain message as it is."""
    return getattr(one, "_pb", one)


def ref(secret: Any, scope_id: str) -> SecretRef:
    """Which secret it is."""
    return SecretRef(NAME, (*filter(None, place(scope_id)), last(secret.name)), scope_id)


def info(secret: Any, versions: Iterable[Any], scope_id: str) -> SecretInfo:
    """The secret with its versions, newest first."""
    secret = plain(secret)
    found = sorted((version(one) for one in versions), key=lambda one: _number(one.id), reverse=True)
    return SecretInfo(
        ref=ref(secret, scope_id),
        created=moment(secret, "create_time"),
        updated=found[0].created if found else None,
        current=found[0].id if found else None,
        versions=tuple(found),
        aliases={clean(name): str(number) for name, number in secret.version_aliases.items()},
        labels=_texts(secret.labels),
        annotations=_texts(secret.annotations),
        rotation=_rotation(secret),
        topics=tuple(clean(topic.name) for topic in secret.topics),
        etag=secret.etag,
        immutable_versions=True,
    )


def version(one: Any) -> Version:
    """One version. A state that is not known to keyward counts as one that cannot be read."""
    one = plain(one)
    return Version(last(one.name), _STATES.get(one.state, VersionState.DISABLED), moment(one, "create_time"), one.etag)


def newest(versions: Iterable[Any]) -> str:
    """The id of the newest version, whatever its state; empty when there is none."""
    return max((last(one.name) for one in versions), key=_number, default="")


def _number(version_id: str) -> int:
    return int(version_id) if version_id.isdecimal() else -1


def moment(message: Any, field: str) -> datetime | None:
    """The time in that field of a plain message, in UTC, cut to microseconds; None where there is none."""
    if not message.HasField(field):
        return None
    at = getattr(message, field)
    return _EPOCH + timedelta(seconds=at.seconds, microseconds=at.nanos // 1000)


def _rotation(secret: Any) -> str:
    if not secret.HasField("rotation"):
        return ""
    period, due = secret.rotation.rotation_period, moment(secret.rotation, "next_rotation_time")
    parts = [f"every {period.seconds / 86400:g} d"] if period.seconds else []
    parts += [f"next {due:%Y-%m-%d}"] if due else []
    return ", ".join(parts)


def _texts(mapping: Any) -> dict[str, str]:
    return {label(name): label(value) for name, value in mapping.items()}
