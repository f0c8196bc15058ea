"""Secrets and versions as the library has them, and as the vocabulary has them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from keyward.model.ids import SecretRef
from keyward.model.redact import label
from keyward.model.secretinfo import SecretInfo, Version, VersionState
from keyward.model.text import clean

NAME = "gsm"

PENDING = "keyward-pending-"
"""How the names of secrets begin that keyward makes for a while, and may remove."""

_STATES = {"ENABLED": VersionState.ENABLED, "DISABLED": VersionState.DISABLED, "DESTROYED": VersionState.DESTROYED}


def project(ref: SecretRef) -> str:
    """The project id."""
    return ref.locator[0]


def resource(ref: SecretRef) -> str:
    """The secret's resource name."""
    return f"projects/{ref.locator[0]}/secrets/{ref.locator[1]}"


def last(name: str) -> str:
    """The last part of a resource name."""
    return clean(name.rpartition("/")[2])


def info(secret: Any, versions: Iterable[Any], scope: str) -> SecretInfo:
    """The secret with its versions, newest first."""
    found = sorted((version(one) for one in versions), key=lambda one: _number(one.id), reverse=True)
    return SecretInfo(
        ref=SecretRef(NAME, (scope, last(secret.name)), scope),
        created=moment(secret.create_time),
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
    return Version(
        last(one.name), _STATES.get(one.state.name, VersionState.DISABLED), moment(one.create_time), one.etag
    )


def newest(versions: Iterable[Any]) -> str:
    """The id of the newest version, whatever its state; empty when there is none."""
    return max((last(one.name) for one in versions), key=_number, default="")


def _number(version_id: str) -> int:
    return int(version_id) if version_id.isdecimal() else -1


def moment(at: Any) -> datetime | None:
    """The library's time as a plain one, in UTC."""
    if at is None:
        return None
    utc = at.astimezone(UTC)
    return datetime.combine(utc.date(), utc.time(), UTC)


def _rotation(secret: Any) -> str:
    if not secret.rotation:
        return ""
    period, due = secret.rotation.rotation_period, moment(secret.rotation.next_rotation_time)
    parts = [f"every {period.total_seconds() / 86400:g} d"] if period else []
    parts += [f"next {due:%Y-%m-%d}"] if due else []
    return ", ".join(parts)


def _texts(mapping: Any) -> dict[str, str]:
    return {label(name): label(value) for name, value in mapping.items()}
