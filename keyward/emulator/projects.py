"""A project of the emulated cloud, with what is allowed and switched on in it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from keyward.emulator.clock import micros, parse

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(slots=True)
class Project:
    """One project: identity, place in the tree and switches."""

    id: str
    number: int
    name: str
    create_time: datetime
    parent: str = ""
    """`organizations/N`, `folders/N` or empty."""
    state: str = "ACTIVE"
    labels: dict[str, str] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    """Permissions that the caller lacks; `*` stands for any text: `apikeys.*`."""
    api_off: set[str] = field(default_factory=set)
    """Services that are not enabled, by host name."""
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Effective organisation policies that differ from the defaults, by constraint, as a `spec`."""
    quotas: dict[str, dict[str, int]] = field(default_factory=dict)
    """Requests per minute that differ from the defaults, by service and kind."""
    blocked: str = ""
    """What Gemini says to keys of this project: empty, `suspended`, `denied` or `exhausted`."""

    @property
    def resource(self) -> str:
        """The name with the number, as services answer it."""
        return f"projects/{self.number}"

    def denies(self, permission: str) -> bool:
        """Say whether the caller lacks a permission here."""
        return any(fnmatchcase(permission, pattern) for pattern in self.denied)

    def dump(self) -> dict[str, Any]:
        """Give the JSON form."""
        data = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        data["create_time"] = micros(self.create_time)
        data["denied"] = sorted(self.denied)
        data["api_off"] = sorted(self.api_off)
        return data

    @classmethod
    def load(cls, data: dict[str, Any]) -> Project:
        """Read the JSON form."""
        sets = {"denied": set(data["denied"]), "api_off": set(data["api_off"])}
        return cls(**{**data, **sets, "create_time": parse(data["create_time"])})
