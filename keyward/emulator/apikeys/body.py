"""Reads the writable fields of a key out of a request, and applies update masks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from keyward.emulator.errors import refuse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keyward.emulator.apikeys.key import Key

CLIENTS = ("browserKeyRestrictions", "serverKeyRestrictions", "androidKeyRestrictions", "iosKeyRestrictions")
"""The client restrictions, of which a key has at most one."""

_FIELDS = {
    "name",
    "uid",
    "displayName",
    "keyString",
    "createTime",
    "updateTime",
    "deleteTime",
    "annotations",
    "restrictions",
    "etag",
    "serviceAccountEmail",
}
_MUTABLE = ("displayName", "annotations", "restrictions")
_LISTS = {
    "browserKeyRestrictions": "allowedReferrers",
    "serverKeyRestrictions": "allowedIps",
    "androidKeyRestrictions": "allowedApplications",
    "iosKeyRestrictions": "allowedBundleIds",
}
_ID = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def check_id(key_id: str) -> None:
    """Refuse a key id that Google would refuse."""
    if not _ID.fullmatch(key_id) or _UUID.fullmatch(key_id):
        raise refuse(
            "INVALID_ARGUMENT", f"Invalid key id: {key_id!r}. It must match [a-z]([a-z0-9-]{{0,61}}[a-z0-9])?."
        )


def check(body: dict[str, Any]) -> None:
    """Refuse unknown fields, wrong types and contradictory restrictions."""
    _known(body, _FIELDS, "key")
    if len(_text(body, "displayName")) > 63:
        raise refuse("INVALID_ARGUMENT", "Display name must be at most 63 characters.")
    annotations = body.get("annotations") or {}
    if not isinstance(annotations, dict) or not all(isinstance(value, str) for value in annotations.values()):
        raise refuse("INVALID_ARGUMENT", "Invalid value at 'key.annotations', expected a map of strings.")
    restrictions(body)


def restrictions(body: dict[str, Any]) -> dict[str, Any]:
    """Give the restrictions of a request in the form in which they are shown; empty is unrestricted."""
    given = body.get("restrictions") or {}
    _known(given, {*CLIENTS, "apiTargets"}, "key.restrictions")
    clients = [name for name in CLIENTS if name in given]
    if len(clients) > 1:
        message = (
            f"Invalid value at 'key.restrictions' (oneof), oneof field 'client_restrictions' is already set: {clients}."
        )
        raise refuse("INVALID_ARGUMENT", message)
    out: dict[str, Any] = {}
    for name in clients:
        _known(given[name], {_LISTS[name]}, f"key.restrictions.{name}")
        values = given[name].get(_LISTS[name], [])
        if name == "androidKeyRestrictions":
            values = [{**one, "sha1Fingerprint": one.get("sha1Fingerprint", "").replace(":", "")} for one in values]
        out[name] = {_LISTS[name]: values} if values else {}
    targets = given.get("apiTargets") or []
    for target in targets:
        _known(target, {"service", "methods"}, "key.restrictions.api_targets")
        if not _text(target, "service"):
            raise refuse("INVALID_ARGUMENT", "Every API target must name a service.")
    if targets:
        out["apiTargets"] = [{name: value for name, value in target.items() if value} for target in targets]
    return out


def update(key: Key, body: dict[str, Any], mask: str) -> None:
    """Apply a patch; an empty mask means all fields that are set, `*` all that can change.

    Raises:
        ApiError: a path that does not exist or cannot change.
    """
    check(body)
    if mask == "*":
        paths: Iterable[str] = _MUTABLE
    elif mask:
        paths = [_camel(path.strip()) for path in mask.split(",")]
    else:
        paths = [name for name in _MUTABLE if name in body]
    wanted = restrictions(body)
    for path in paths:
        head, _, tail = path.partition(".")
        if head == "displayName" and not tail:
            key.display_name = _text(body, "displayName")
        elif head == "annotations" and not tail:
            key.annotations = dict(body.get("annotations") or {})
        elif head == "restrictions" and not tail:
            key.restrictions = wanted
        elif head == "restrictions" and tail.split(".")[0] in {*CLIENTS, "apiTargets"}:
            key.restrictions = _merged(key.restrictions, wanted, tail.split(".")[0])
        else:
            raise refuse("INVALID_ARGUMENT", f"The update mask contains an invalid or immutable path: {path!r}.")


def _merged(old: dict[str, Any], wanted: dict[str, Any], name: str) -> dict[str, Any]:
    # Setting one member of the oneof clears the others.
    cleared = {*CLIENTS} if name in CLIENTS and name in wanted else {name}
    kept = {field: value for field, value in old.items() if field not in cleared}
    return {**kept, **({name: wanted[name]} if name in wanted else {})}


def _camel(path: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), path)


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name) or ""
    if not isinstance(value, str):
        raise refuse("INVALID_ARGUMENT", f"Invalid value at 'key.{name}' (TYPE_STRING), {value!r}")
    return value


def _known(given: Any, fields: set[str], at: str) -> None:
    if not isinstance(given, dict):
        raise refuse("INVALID_ARGUMENT", f"Invalid value at '{at}', expected an object.")
    for name in given:
        if name not in fields:
            message = f"Invalid JSON payload received. Unknown name \"{name}\" at '{at}': Cannot find field."
            raise refuse("INVALID_ARGUMENT", message)
