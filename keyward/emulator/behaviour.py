"""How the emulated cloud behaves: every window, delay, limit and unverified fact is a number or a word here."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

MINUTE = 60.0
DAY = 86400.0

QUOTAS = {
    "apikeys.googleapis.com": {"read": 240, "write": 120},
    "secretmanager.googleapis.com": {"read": 600, "write": 600, "access": 90_000},
    "cloudresourcemanager.googleapis.com": {"read": 600, "write": 600},
    "iam.googleapis.com": {"read": 6000, "write": 600},
}
"""Requests per minute of one consumer project, by service and kind."""


@dataclass(slots=True)
class Behaviour:
    """What can be set for a world; times are in emulated seconds unless they say otherwise."""

    strict_projects: bool = False
    """An unknown project answers 403, as Google does; otherwise it is created empty on first use."""
    latency_ms: float = 0.0
    """Real milliseconds that every request waits before it is handled."""
    auth: str = "off"
    """`off`: anybody may call. `required`: 401 without a bearer token. `listed`: 401 unless it is one of `tokens`."""
    tokens: list[str] = field(default_factory=list)
    quotas: bool = True
    quota_limits: dict[str, dict[str, int]] = field(default_factory=lambda: {k: dict(v) for k, v in QUOTAS.items()})
    operation_seconds: float = 0.0
    """How long an operation stays without `done`; the answer that starts it never has it."""
    list_lag_seconds: float = 0.0
    """How long a list misses a new key and shows a deleted one."""
    key_page_size: int = 300
    """Unverified: how many keys a page holds at most, and when the caller names no size."""
    key_limit: int = 300
    deleted_count_to_limit: bool = False
    """Unverified: whether soft-deleted keys count towards `key_limit`."""
    purge_seconds: float = 30 * DAY
    etag_mismatch: str = "ABORTED"
    """Unverified: status for a wrong etag, `ABORTED` (409) or `FAILED_PRECONDITION` (400)."""
    existing_usage_seconds: float = 7 * DAY
    fresh_seconds: tuple[float, float] = (0.0, 60.0)
    """Shortest and longest time before a new key works."""
    ghost_standard: tuple[float, float] = (8 * MINUTE, 23 * MINUTE)
    """Shortest and longest time that a deleted standard key goes on working, with falling probability."""
    ghost_auth: tuple[float, float] = (50.0, 70.0)
    unrestricted_refused_from: str = "2026-06-19T00:00:00Z"
    """From when on Gemini refuses standard keys without restrictions; empty is never."""
    standard_refused_from: str = ""
    """From when on Gemini refuses all standard keys (announced for September 2026, then withdrawn); empty is never."""
    region_blocked: bool = False
    caller_ip: str = "127.0.0.1"
    """The address that IP restrictions see."""
    metric_delay_seconds: float = 30 * MINUTE
    metric_retention_seconds: float = 42 * DAY
    metric_errors: list[str] = field(default_factory=list)
    """Messages that every time series answer carries as `executionErrors`."""
    bound_keys_blocked: bool = True
    """The default policy `iam.managed.disableServiceAccountApiKeyCreation`; keys only for Gemini stay allowed."""

    def change(self, values: dict[str, Any]) -> None:
        """Set fields by name.

        Raises:
            KeyError: there is no such field.
        """
        known = {one.name for one in dataclasses.fields(self)}
        for name, value in values.items():
            if name not in known:
                raise KeyError(name)
            setattr(self, name, tuple(value) if isinstance(getattr(self, name), tuple) else value)


def quick(**changes: Any) -> Behaviour:
    """Give a behaviour without waiting windows and quotas, for tests that are about something else."""
    behaviour = Behaviour(fresh_seconds=(0.0, 0.0), ghost_standard=(0.0, 0.0), ghost_auth=(0.0, 0.0), quotas=False)
    behaviour.change(changes)
    return behaviour
