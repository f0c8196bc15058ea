"""The truth about service account keys and HMAC keys: states, ages, last use as the records must show it, places."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from keyward.emulator.clock import micros, seconds
from keyward.emulator.organisation.services import HOSTS, PERMISSIONS
from keyward.emulator.organisation.uses import RECORD
from keyward.emulator.policyanalyzer.days import day

if TYPE_CHECKING:
    from keyward.emulator.organisation.model import (
        Organisation,
        SampleAccount,
        SampleAccountKey,
        SampleHmac,
        SampleProject,
        Use,
    )

PROVIDERS = {"google-sa-keys": "iam.serviceAccounts.list", "google-hmac-keys": "storage.hmacKeys.list"}
"""The permission without which nothing of a project can be listed."""

_DELAY = timedelta(hours=3)
"""Until Monitoring tells of a use."""
_ACTIVITY, _ACTIVITY_LAG = timedelta(days=400), timedelta(days=1.5)
"""How far back Policy Analyzer remembers, and how late it is; both before a day's border."""
MONITORING, ANALYZER = "Cloud Monitoring", "Policy Analyzer"
_STEP = 600
"""Seconds of one point."""

Places = dict[str, list[dict[str, Any]]]


def describe_accounts(organisation: Organisation, places: Places) -> dict[str, Any]:
    """The lists that are about service accounts.

    Args:
        organisation: All of it.
        places: Where each key stands, by key id or access id.
    """
    every = [(project, account) for project in organisation.projects for account in project.accounts]
    return {
        "account_sources": [_source(project, name) for project in organisation.projects for name in PROVIDERS],
        "service_account_keys": [
            _key(key, account, project, organisation, places) for project, account in every for key in account.keys
        ],
        "hmac_keys": [_hmac(key, account, project, places) for project, account in every for key in account.hmac],
    }


def _source(project: SampleProject, name: str) -> dict[str, Any]:
    source = {"id": f"{name}:{project.id}", "status": "ok"}
    if PROVIDERS[name] in project.denied:
        source |= {"status": "denied", "permission": PROVIDERS[name]}
    return source


def _key(
    key: SampleAccountKey, account: SampleAccount, project: SampleProject, organisation: Organisation, places: Places
) -> dict[str, Any]:
    email = project.email(account.id)
    expired = key.expires is not None and key.expires <= organisation.now
    return {
        "id": f"google-sa-keys:{project.id}/{email}/{key.key_id}",
        "project": project.id,
        "email": email,
        "unique_id": account.unique_id,
        "key_id": key.key_id,
        "resource": f"projects/{project.id}/serviceAccounts/{email}/keys/{key.key_id}",
        "state": _state(key, expired=expired),
        "disable_reason": key.disabled or None,
        "note": key.text or None,
        "origin": key.origin,
        "visible": PROVIDERS["google-sa-keys"] not in project.denied,
        "created_at": seconds(key.created),
        "expires_at": seconds(key.expires) if key.expires else None,
        "last_used": _last_used(key, project, organisation),
        "placements": places.get(key.key_id, []),
    }


def _state(key: SampleAccountKey, *, expired: bool) -> str:
    if key.disabled:
        return "disabled" if key.disabled == "USER_INITIATED" else "blocked-by-provider"
    return "expired" if expired else "active"


def _last_used(key: SampleAccountKey, project: SampleProject, organisation: Organisation) -> dict[str, Any]:
    """The last use as a reader of Monitoring and Policy Analyzer must see it; of a disabled key only the latter tells."""
    if set(PERMISSIONS["monitoring"]) & project.denied:
        return {"status": "denied", "at": None}
    since, until = organisation.now - RECORD, organisation.now - _DELAY
    recent = [use for use in key.uses if since < _end(use) <= until]
    if recent and not key.disabled:
        return {"status": "used", "at": micros(_end(recent[-1])), "source": MONITORING}
    closed = day(organisation.now - _ACTIVITY_LAG)
    days = [day(use.when) for use in key.uses if closed - _ACTIVITY <= day(use.when) < closed]
    if days:
        return {"status": "used", "at": micros(max(days) + timedelta(days=1)), "source": ANALYZER}
    if key.disabled:
        return {"status": "unknown", "at": None}
    return {"status": "never" if key.created >= since else "not_seen", "at": None}


def _end(use: Use) -> datetime:
    """The end of the ten minutes that the use is told in."""
    return datetime.fromtimestamp((use.when.timestamp() // _STEP + 1) * _STEP, UTC)


def _hmac(key: SampleHmac, account: SampleAccount, project: SampleProject, places: Places) -> dict[str, Any]:
    return {
        "project": project.id,
        "email": project.email(account.id),
        "access_id": key.access_id,
        "state": key.state,
        "visible": PROVIDERS["google-hmac-keys"] not in project.denied,
        "created_at": micros(key.created),
        "service": HOSTS["storage"],
        "placements": places.get(key.access_id, []),
    }
