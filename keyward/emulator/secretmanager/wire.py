"""Resources as JSON: the spelling that the recordings show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keyward.emulator.clock import micros, nanos

if TYPE_CHECKING:
    from keyward.emulator.secretmanager.resources import Json, Secret, Version

_DURATION = re.compile(r"(-?\d{1,12})(?:\.(\d{1,9}))?s", re.ASCII)


def parse_duration(text: str) -> float:
    """The seconds in a protobuf duration such as `3600s`.

    Raises:
        ValueError: The text is not a duration.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return float(text[:-1])


def duration(seconds: float) -> str:
    """The seconds as a protobuf duration."""
    return f"{seconds:g}s" if seconds % 1 else f"{int(seconds)}s"


def secret_json(secret: Secret) -> Json:
    """The secret as `secrets.get` answers it; empty fields are left out, as Google does."""
    body: Json = {"name": secret.name}
    if not secret.parent.location:
        body["replication"] = secret.replication
    body["createTime"] = micros(secret.created)
    optional: Json = {
        "labels": dict(secret.labels),
        "topics": [{"name": topic} for topic in secret.topics],
        "expireTime": micros(secret.expires) if secret.expires else None,
        "etag": secret.etag,
        "rotation": dict(secret.rotation),
        "versionAliases": {alias: str(number) for alias, number in secret.aliases.items()},
        "annotations": dict(secret.annotations),
        "versionDestroyTtl": duration(secret.destroy_ttl) if secret.destroy_ttl else None,
        "customerManagedEncryption": secret.encryption,
        "secretType": secret.secret_type,
    }
    body.update((name, value) for name, value in optional.items() if value)
    return body


def version_json(secret: Secret, version: Version) -> Json:
    """The version as `versions.get` answers it."""
    body: Json = {"name": secret.version_name(version), "createTime": micros(version.created)}
    if version.destroyed is not None:
        body["destroyTime"] = nanos(version.destroyed, version.destroyed_nanos)
    body["state"] = str(version.state)
    if not secret.parent.location:
        body["replicationStatus"] = _replication_status(secret.replication)
    body["etag"] = version.etag
    if version.checksum_given:
        body["clientSpecifiedPayloadChecksum"] = True
    if version.destroy_at is not None:
        body["scheduledDestroyTime"] = micros(version.destroy_at)
    return body


def _replication_status(replication: Json) -> Json:
    if "userManaged" not in replication:
        return {"automatic": _key_version(replication["automatic"])}
    replicas = replication["userManaged"]["replicas"]
    return {"userManaged": {"replicas": [{"location": each["location"], **_key_version(each)} for each in replicas]}}


def _key_version(holder: Json) -> Json:
    key = holder.get("customerManagedEncryption", {}).get("kmsKeyName")
    return {"customerManagedEncryption": {"kmsKeyVersionName": f"{key}/cryptoKeyVersions/1"}} if key else {}
