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
    "logging.googleapis.com": {"read": 60},
    "cloudasset.googleapis.com": {"read": 100},
    "policyanalyzer.googleapis.com": {"read": 1000},
}
"""Requests per minute of one consumer project, by service and kind; that of Policy Analyzer is unverified."""


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
    authn_delay_seconds: float = 180 * MINUTE
    """How long the metrics of service account authentications lag behind."""
    metric_retention_seconds: float = 42 * DAY
    activity_days: float = 400.0
    """Unverified: how many days Policy Analyzer remembers when a service account key last authenticated."""
    activity_lag_seconds: float = 1.5 * DAY
    """Unverified: how long Policy Analyzer lags behind; it then tells of whole days only."""
    activity_page_size: int = 1000
    """How many activities a page of Policy Analyzer holds at most."""
    metric_errors: list[str] = field(default_factory=list)
    """Messages that every time series answer carries as `executionErrors`."""
    bound_keys_blocked: bool = True
    """The default policy `iam.managed.disableServiceAccountApiKeyCreation`; keys only for Gemini stay allowed."""

    account_key_limit: int = 10
    """User-managed keys of a service account, disabled and expired ones included."""
    account_key_limit_status: str = "FAILED_PRECONDITION"
    """How a key too many is refused: `FAILED_PRECONDITION` (400, no details), or the older `RESOURCE_EXHAUSTED` (429)."""
    account_key_list_lag_seconds: float = 5.0
    """How long the list of a service account's keys misses a new key and shows a deleted one."""
    account_key_fresh_seconds: tuple[float, float] = (0.0, 60.0)
    """Unverified: shortest and longest time before a new service account key gets tokens."""
    account_key_switch_seconds: float = 5.0
    """How long a service account key that was disabled, enabled or deleted goes on as before."""
    account_key_slot_seconds: float = 0.0
    """Unverified: how long a deleted key still counts towards `account_key_limit`; 60 to 90 were reported."""
    account_key_repeated_upload: str = "new"
    """Unverified: what uploading a public key again does: a `new` key id, the `same` one, or `refused` (409)."""
    account_key_certificate: str = "kept"
    """Unverified: the certificate shown for an uploaded key is the one uploaded (`kept`) or Google's `own` for its key."""
    account_key_long_upload: str = "ignored"
    """Unverified: what `iam.serviceAccountKeyExpiryHours` does to an uploaded certificate valid for longer: the policy is
    `ignored`, or the upload `refused`."""
    token_seconds: float = 3600.0
    """How long a bearer token lives."""
    assertion_clock: str = "either"
    """Whose time the claims of a signed assertion (or a signed request) must fit: `emulated`, `real`, or `either`.

    Google's own client libraries sign with the machine's time, whatever the emulated time is.
    """

    caller_email: str = "operator@acme.example"
    """Whom the audit log names where the caller shows no token that was handed out here."""
    log_delay_seconds: float = 10.0
    """How long an entry of the audit log takes to be found."""
    log_retention_seconds: float = 400 * DAY
    hmac_key_limit: int = 10
    """Unverified: HMAC keys of a service account that are not deleted."""
    hmac_settle_seconds: tuple[float, float] = (0.0, 180.0)
    """Shortest and longest time until a new HMAC key, or a change of its state, is in force."""
    hmac_page_accounts: int = 0
    """How many service accounts one page of HMAC keys names at most; 0 is no limit. Google documents one, no number."""
    bucket_list_denied: bool = False
    """The owners of HMAC keys may not list buckets: a valid signature is answered with 403 AccessDenied."""
    asset_lag_seconds: float = 0.0
    """How long the asset inventory misses what is new and shows what is gone."""
    asset_deleted_keys: bool = True
    """Unverified: whether the asset inventory shows soft-deleted API keys."""
    asset_key_data: bool = True
    """Unverified: whether the asset inventory holds an API key's fields, or its name alone."""
    asset_account_names: str = "unique-id"
    """Unverified: what stands for the account in the asset name of its keys, its `unique-id` or its `email`."""

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
    behaviour = Behaviour(
        fresh_seconds=(0.0, 0.0),
        ghost_standard=(0.0, 0.0),
        ghost_auth=(0.0, 0.0),
        quotas=False,
        account_key_list_lag_seconds=0.0,
        account_key_fresh_seconds=(0.0, 0.0),
        account_key_switch_seconds=0.0,
        hmac_settle_seconds=(0.0, 0.0),
        log_delay_seconds=0.0,
    )
    behaviour.change(changes)
    return behaviour
