"""The JSON of a key or secret, made once when it is written: listing ten thousand of them only has to put in what depends on now.

A key is `head`, its age in days, `tail`, its placements, the numbers of places looked at, its findings, and the end. A secret is `head`,
its age in days or null, `tail`, its keys, and the end. The words are those of `keyward.inventory/1`.
"""

from collections.abc import Iterable
from typing import Any

from keyward.inventory.reports import Row
from keyward.inventory.rows import dump
from keyward.inventory.times import stamp
from keyward.model.credential import AgeIs, Credential
from keyward.model.secretinfo import SecretInfo


def key_head(credential: Credential, created: float | None) -> str:
    """Up to the age."""
    first = {
        "id": credential.id,
        "provider": credential.ref.provider,
        "scope": credential.ref.scope,
        "resource": credential.resource,
        "uid": credential.uid,
        "name": credential.name,
        "kind": credential.kind.value,
        "state": credential.state.value,
        "created_at": stamp(created),
    }
    return f'{dump(first)[:-1]}, "age_days": '


def key_tail(credential: Credential) -> str:
    """From the age to the placements."""
    use, limits = credential.last_use, credential.restrictions
    rest = {
        "age_is": (AgeIs.EXACT if credential.created is not None else AgeIs.AT_LEAST).value,
        "last_used": {
            "status": use.status.value,
            "at": stamp(use.at.timestamp()) if use.at is not None else None,
            "window_days": use.window_days,
            "source": use.source or None,
        },
        "expires_at": stamp(credential.expires.timestamp()) if credential.expires is not None else None,
        "restrictions": None if limits is None else {"apis": limits.apis, "client": limits.client},
        "bound_identity": credential.bound_identity,
    }
    if credential.state_why:
        rest["state_why"] = credential.state_why
    return f', {dump(rest)[1:-1]}, "placements": '


def placement_text(row: Row) -> dict[str, Any]:
    """One placement; `accepted` is put in when it is printed, because the ledger knows it."""
    return {
        "store": row["store"],
        "scope": row["secret_scope"],
        "secret": row["secret"],
        "version": row["version"],
        "role": row["role"],
        "version_state": row["version_state"],
        "part": row["part"],
        "host": row["host"] or None,
        "accepted": False,
    }


def placements_text(rows: Iterable[Row]) -> str:
    """All placements of a key."""
    return dump([placement_text(row) for row in rows])


def secret_head(info: SecretInfo) -> str:
    """Up to the age."""
    current = info.version(info.current) if info.current is not None else None
    first = {
        "store": info.ref.store,
        "scope": info.ref.scope,
        "secret": str(info.ref),
        "current_version": info.current,
        "version_state": current.state.value if current is not None else None,
        "created_at": stamp(info.created.timestamp()) if info.created is not None else None,
    }
    return f'{dump(first)[:-1]}, "age_days": '


def secret_tail(info: SecretInfo) -> str:
    """From the age to the keys."""
    return f', "rotation": {dump(info.rotation or None)}, "keys": '
