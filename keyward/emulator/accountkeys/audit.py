"""What the admin activity log says about changes of service account keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyward.emulator.auditlog.state import AuditLog, Change

if TYPE_CHECKING:
    from keyward.emulator.accountkeys.key import AccountKey
    from keyward.emulator.iam import ServiceAccount
    from keyward.emulator.routing import Request

_TYPES = "type.googleapis.com/google.iam.admin.v1."
_EMPTY = {"@type": "type.googleapis.com/google.protobuf.Empty"}
_ORIGINS = {"USER_PROVIDED": 1, "GOOGLE_PROVIDED": 2}
_NEVER = 253402300799
"""9999-12-31T23:59:59Z as seconds since the epoch."""


def note(request: Request, account: ServiceAccount, key: AccountKey, verb: str) -> None:
    """Note that a key was changed; `verb` is `Create`, `Upload`, `Disable`, `Enable` or `Delete`."""
    own = f"projects/-/serviceAccounts/{account.unique_id}"
    is_new = verb in {"Create", "Upload"}
    name = own if is_new else f"{own}/keys/{key.key_id}"
    labels = {"project_id": account.project_id, "email_id": account.email, "unique_id": account.unique_id}
    request.world.state(AuditLog).add(
        request,
        Change(
            service="iam.googleapis.com",
            method=f"google.iam.admin.v1.{verb}ServiceAccountKey",
            permission=f"iam.serviceAccountKeys.{'create' if is_new else verb.lower()}",
            name=name,
            resource={"type": "service_account", "labels": labels},
            request={"@type": f"{_TYPES}{verb}ServiceAccountKeyRequest", "name": name},
            response=_answer(account, key) if is_new else _EMPTY,
        ),
    )


def _answer(account: ServiceAccount, key: AccountKey) -> dict[str, Any]:
    end = int(key.valid_before.timestamp()) if key.valid_before else _NEVER
    return {
        "@type": f"{_TYPES}ServiceAccountKey",
        "name": f"projects/{account.project_id}/serviceAccounts/{account.email}/keys/{key.key_id}",
        "key_algorithm": 2,
        "key_origin": _ORIGINS[key.origin],
        "key_type": 1,
        "valid_after_time": {"seconds": int(key.valid_after.timestamp())},
        "valid_before_time": {"seconds": end},
    }
