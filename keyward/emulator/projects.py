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
    """Permissions that every caller lacks; `*` stands for any text: `apikeys.*`."""
    denied_to: dict[str, set[str]] = field(default_factory=dict)
    """Permissions that one caller lacks beside those, by the e-mail of the service account; empty for who shows no token of here."""
    api_off: set[str] = field(default_factory=set)
    """Services that are not enabled, by host name."""
    api_on: set[str] = field(default_factory=set)
    """Services that are enabled beside those that every project has here, by host name."""
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Effective organisation policies that differ from the defaults, by constraint, as a `spec`."""
    quotas: dict[str, dict[str, int]] = field(default_factory=dict)
    """Requests per minute that differ from the defaults, by service and kind."""
    billing: str = "billingAccounts/0A1B2C-3D4E5F-6A7B8C"
    """The billing account that it is linked to; empty for none."""
    billing_open: bool = True
    """Whether that account is open."""
    bindings: list[dict[str, Any]] = field(default_factory=list)
    """Its IAM policy: `{"role", "members", "condition"}`. The emulator only tells it; what a caller lacks is in `denied`."""
    audit_configs: list[dict[str, Any]] = field(default_factory=list)
    """What of its IAM policy is about audit logs: `{"service", "auditLogConfigs"}`."""
    blocked: str = ""
    """What Gemini says to keys of this project: empty, `suspended`, `denied` or `exhausted`."""

    @property
    def resource(self) -> str:
        """The name with the number, as services answer it."""
        return f"projects/{self.number}"

    def denies(self, permission: str, caller: str = "") -> bool:
        """Say whether a caller (the e-mail of a service account, empty for anybody else) lacks a permission here."""
        lacks = (*self.denied, *self.denied_to.get(caller, ()))
        return any(fnmatchcase(permission, pattern) for pattern in lacks)

    def dump(self) -> dict[str, Any]:
        """Give the JSON form."""
        data = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        data["create_time"] = micros(self.create_time)
        data["denied"] = sorted(self.denied)
        data["denied_to"] = {caller: sorted(lacks) for caller, lacks in self.denied_to.items()}
        data["api_off"], data["api_on"] = sorted(self.api_off), sorted(self.api_on)
        return data

    @classmethod
    def load(cls, data: dict[str, Any]) -> Project:
        """Read the JSON form."""
        sets = {"denied": set(data["denied"]), "api_off": set(data["api_off"]), "api_on": set(data.get("api_on", ()))}
        by_caller = {caller: set(lacks) for caller, lacks in data.get("denied_to", {}).items()}
        return cls(**{**data, **sets, "denied_to": by_caller, "create_time": parse(data["create_time"])})
