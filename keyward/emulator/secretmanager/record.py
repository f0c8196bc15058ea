"""Secrets as they stand in a snapshot file, payloads included."""

from __future__ import annotations

import base64
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from keyward.emulator.clock import micros, parse
from keyward.emulator.secretmanager.resources import Parent, Secret, State, Version

if TYPE_CHECKING:
    from keyward.emulator.secretmanager.resources import Json


def dump(secret: Secret) -> Json:
    """The secret as JSON values."""
    record = {field.name: _plain(getattr(secret, field.name)) for field in fields(Secret) if field.name != "versions"}
    record["parent"] = [secret.parent.project, secret.parent.location]
    record["versions"] = [
        {field.name: _plain(getattr(version, field.name)) for field in fields(Version)} for version in secret.versions
    ]
    return record


def load(record: Json) -> Secret:
    """The secret that `dump` gave."""
    versions = [
        Version(
            **{
                **data,
                "state": State(data["state"]),
                "payload": None if data["payload"] is None else base64.b64decode(data["payload"]),
                **{name: _moment(data[name]) for name in ("created", "destroyed", "destroy_at")},
            }
        )
        for data in record["versions"]
    ]
    moments = {name: _moment(record[name]) for name in ("created", "expires")}
    return Secret(**{**record, **moments, "parent": Parent(*record["parent"]), "versions": versions})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return micros(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _moment(text: str | None) -> datetime | None:
    return parse(text) if text else None
