"""One API key, as the service keeps and shows it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from keyward.emulator.clock import micros, parse

if TYPE_CHECKING:
    from datetime import datetime

_TIMES = ("create_time", "update_time", "delete_time", "works_from", "dies_at")


@dataclass(slots=True)
class Key:
    """An API key of a project."""

    project: int
    """Number of the project."""
    key_id: str
    uid: str
    key_string: str
    create_time: datetime
    update_time: datetime
    works_from: datetime
    """Services do not know the key before this time."""
    etag: str
    display_name: str = ""
    annotations: dict[str, str] = field(default_factory=dict)
    restrictions: dict[str, Any] = field(default_factory=dict)
    """As in JSON; empty is unrestricted."""
    service_account: str = ""
    """E-mail of the bound account; empty for standard keys."""
    delete_time: datetime | None = None
    dies_at: datetime | None = None
    """End of the time that a deleted key may go on working."""
    probes: int = 0
    """Requests seen while the key was dying; keeps the draws repeatable."""
    purged: bool = False
    """Gone for good; only its string is still remembered, as one that existed."""
    blocked: str = ""
    """`leaked` when Google has blocked the key."""

    @property
    def name(self) -> str:
        """The resource name, with the project's number."""
        return f"projects/{self.project}/locations/global/keys/{self.key_id}"

    def resource(self, *, with_string: bool = False) -> dict[str, Any]:
        """Give the JSON resource; the key string only where an operation carries it."""
        optional = {
            "displayName": self.display_name,
            "keyString": self.key_string if with_string else "",
            "annotations": dict(self.annotations),
            "restrictions": self.restrictions,
            "serviceAccountEmail": self.service_account,
            "deleteTime": micros(self.delete_time) if self.delete_time else "",
        }
        return {
            "name": self.name,
            "createTime": micros(self.create_time),
            "uid": self.uid,
            "updateTime": micros(self.update_time),
            "etag": self.etag,
            **{name: value for name, value in optional.items() if value},
        }

    def dump(self) -> dict[str, Any]:
        """Give the JSON form of a snapshot."""
        data = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        return {**data, **{name: micros(data[name]) for name in _TIMES if data[name]}}

    @classmethod
    def load(cls, data: dict[str, Any]) -> Key:
        """Read the JSON form of a snapshot."""
        return cls(**{**data, **{name: parse(data[name]) for name in _TIMES if data[name]}})
