"""Reads the writable fields of a secret out of a request, within the limits that the reference states."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from keyward.emulator.clock import micros, parse
from keyward.emulator.secretmanager import refusals
from keyward.emulator.secretmanager.wire import duration, parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from keyward.emulator.secretmanager.resources import Json, Secret

MASKABLE = {
    "labels",
    "annotations",
    "topics",
    "expire_time",
    "ttl",
    "etag",
    "rotation",
    "version_aliases",
    "version_destroy_ttl",
    "customer_managed_encryption",
}
"""What an update mask may name; replication and type are fixed at creation."""

_SECRET_ID = re.compile(r"[A-Za-z0-9_-]{1,255}", re.ASCII)
_ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}", re.ASCII)
_LABEL_KEY = re.compile(r"[^\W\d_A-Z][\w-]{0,62}")
_LABEL_VALUE = re.compile(r"[\w-]{0,63}")
_ANNOTATION_KEY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_./-]{0,61}[A-Za-z0-9])?", re.ASCII)
_TOPIC = re.compile(r"projects/[^/]+/topics/[^/]+")
_ANNOTATION_BYTES = 16 * 1024
_DAY = 86_400.0
_CENTURY = 3_153_600_000.0


def check_secret_id(secret_id: str) -> None:
    """Refuses an id that is not 1 to 255 letters, digits, hyphens and underscores."""
    if not _SECRET_ID.fullmatch(secret_id):
        raise refusals.invalid(
            f"Secret ID [{secret_id[:300]}] is invalid: it must be 1 to 255 letters, digits, hyphens or underscores."
        )


def read_replication(body: Json) -> Json:
    """The replication policy of a new global secret: exactly one of automatic and userManaged."""
    given = body.get("replication") or {}
    if len(given) != 1 or not set(given) <= {"automatic", "userManaged"}:
        raise refusals.invalid("Secret.replication is required: set exactly one of automatic and user_managed.")
    if "userManaged" in given:
        replicas = given["userManaged"].get("replicas") or []
        if not replicas or not all(replica.get("location") for replica in replicas):
            raise refusals.invalid("Secret.replication.user_managed.replicas needs at least one location.")
        return {"userManaged": {"replicas": [dict(replica) for replica in replicas]}}
    return {"automatic": dict(given["automatic"] or {})}


def apply(secret: Secret, body: Json, paths: set[str], now: datetime) -> None:
    """Sets the masked fields of the secret from the request; absent ones are cleared.

    Args:
        secret: What is changed; untouched when anything is refused.
        body: The secret as the request spells it.
        paths: Snake-case members of MASKABLE, with `labels.env` style paths for single entries.
        now: The moment of the request, for limits that lie in the future.
    """
    changes: dict[str, Any] = {}
    for path in sorted(paths):
        field, _, entry = path.partition(".")
        if field in _MAPS:
            name, attribute = _MAPS[field]
            changes[attribute] = _merged(changes.get(attribute, getattr(secret, attribute)), body.get(name), entry)
        elif field in _READERS:
            attribute, read = _READERS[field]
            changes[attribute] = read(body, now)
        elif field == "rotation":
            changes["rotation"] = _rotation(body.get("rotation") or {}, now)
    _labels(changes.get("labels", {}))
    _annotations(changes.get("annotations", {}))
    if "aliases" in changes:
        changes["aliases"] = _aliases(secret, changes["aliases"])
    if changes.get("rotation", secret.rotation) and not changes.get("topics", secret.topics):
        raise refusals.invalid("Secret.topics must be set with Secret.rotation.")
    for attribute, value in changes.items():
        setattr(secret, attribute, value)


def _merged(known: dict[str, Any], given: dict[str, Any] | None, entry: str) -> dict[str, Any]:
    given = given or {}
    if not entry:
        return dict(given)
    merged = {key: value for key, value in known.items() if key != entry}
    return {**merged, entry: given[entry]} if entry in given else merged


def _labels(labels: dict[str, str]) -> None:
    if len(labels) > 64:
        raise refusals.invalid("Secret.labels holds more than 64 labels.")
    for key, value in labels.items():
        if not _LABEL_KEY.fullmatch(key) or len(key.encode()) > 128 or not _LABEL_VALUE.fullmatch(value):
            raise refusals.invalid(f"Secret.labels has an invalid label [{key}].")
        if any(letter.isupper() for letter in key + value) or len(value.encode()) > 128:
            raise refusals.invalid(f"Secret.labels has an invalid label [{key}].")


def _annotations(annotations: dict[str, str]) -> None:
    for key in annotations:
        if not _ANNOTATION_KEY.fullmatch(key):
            raise refusals.invalid(f"Secret.annotations has an invalid key [{key}].")
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) >= _ANNOTATION_BYTES:
        raise refusals.invalid("Secret.annotations is larger than 16 KiB.")


def _aliases(secret: Secret, aliases: dict[str, Any]) -> dict[str, int]:
    if len(aliases) > 50:
        raise refusals.invalid("Secret.version_aliases holds more than 50 aliases.")
    try:
        read = {alias: int(number) for alias, number in aliases.items()}
    except (TypeError, ValueError):
        raise refusals.invalid("Secret.version_aliases maps aliases to version numbers.") from None
    for alias, number in read.items():
        if not _ALIAS.fullmatch(alias) or alias in {"latest", "NEW"}:
            raise refusals.invalid(f"Secret.version_aliases has an invalid alias [{alias}].")
        if not 1 <= number <= len(secret.versions):
            raise refusals.precondition(
                f"Alias [{alias}] names version [{number}], which [{secret.name}] does not have."
            )
    return read


def _topics(body: Json, _: datetime) -> list[str]:
    names = [str(topic.get("name", "")) for topic in body.get("topics") or []]
    if len(names) > 10 or not all(_TOPIC.fullmatch(name) for name in names):
        raise refusals.invalid("Secret.topics takes up to 10 names like projects/*/topics/*.")
    return names


def _expiry(body: Json, now: datetime) -> datetime | None:
    if body.get("expireTime") and body.get("ttl"):
        raise refusals.invalid("Only one of Secret.expire_time and Secret.ttl can be set.")
    try:
        if body.get("ttl"):
            return now + timedelta(seconds=parse_duration(body["ttl"]))
        moment = parse(body["expireTime"]) if body.get("expireTime") else None
    except ValueError as problem:
        raise refusals.invalid(f"Secret.expiration is invalid: {problem}") from None
    if moment is not None and moment <= now:
        raise refusals.invalid("Secret.expire_time must be in the future.")
    return moment


def _destroy_ttl(body: Json, _: datetime) -> float | None:
    text = body.get("versionDestroyTtl")
    if not text:
        return None
    seconds = _seconds("version_destroy_ttl", text)
    if seconds == 0:
        return None
    if not _DAY <= seconds <= 1000 * _DAY:
        raise refusals.invalid("Secret.version_destroy_ttl must lie between 1 and 1000 days.")
    return seconds


def _rotation(given: Json, now: datetime) -> Json:
    if not given:
        return {}
    rotation: Json = {}
    if given.get("nextRotationTime"):
        try:
            following = parse(given["nextRotationTime"])
        except ValueError as problem:
            raise refusals.invalid(f"Secret.rotation.next_rotation_time is invalid: {problem}") from None
        if following < now + timedelta(minutes=5):
            raise refusals.invalid("Secret.rotation.next_rotation_time must be at least 5 minutes in the future.")
        rotation["nextRotationTime"] = micros(following)
    if given.get("rotationPeriod"):
        seconds = _seconds("rotation.rotation_period", given["rotationPeriod"])
        if not 3600 <= seconds <= _CENTURY:
            raise refusals.invalid("Secret.rotation.rotation_period must be at least 3600s and at most 3153600000s.")
        if "nextRotationTime" not in rotation:
            raise refusals.invalid("Secret.rotation.next_rotation_time must be set with rotation_period.")
        rotation["rotationPeriod"] = duration(seconds)
    return rotation


def _seconds(field: str, text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError:
        raise refusals.invalid(f"Secret.{field} is not a duration.") from None


def _encryption(body: Json, _: datetime) -> Json:
    return dict(body.get("customerManagedEncryption") or {})


_MAPS = {
    "labels": ("labels", "labels"),
    "annotations": ("annotations", "annotations"),
    "version_aliases": ("versionAliases", "aliases"),
}
"""Mask path to JSON name and attribute, for fields that can be changed entry by entry."""
_READERS: dict[str, tuple[str, Callable[[Json, datetime], Any]]] = {
    "topics": ("topics", _topics),
    "expire_time": ("expires", _expiry),
    "ttl": ("expires", _expiry),
    "version_destroy_ttl": ("destroy_ttl", _destroy_ttl),
    "customer_managed_encryption": ("encryption", _encryption),
}
"""Mask path to attribute and reader, for fields that are set as a whole."""
