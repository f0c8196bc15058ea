"""What the admin activity log says about changes of HMAC keys; but for the method names, a guess."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyward.emulator.auditlog.state import AuditLog, Change

if TYPE_CHECKING:
    from keyward.emulator.routing import Request
    from keyward.emulator.storage.state import HmacKey


def note(request: Request, key: HmacKey, verb: str) -> None:
    """Note that a key was changed; `verb` is `create`, `update` or `delete`."""
    method = f"storage.hmacKeys.{verb}"
    service = "storage.googleapis.com"
    labels = {"project_id": key.project_id, "service": service, "method": method}
    name = f"projects/{key.project_id}/hmacKeys/{key.access_id}"
    fields = {"accessId": key.access_id, "serviceAccountEmail": key.email, "state": key.state}
    resource = {"type": "audited_resource", "labels": labels}
    request.world.state(AuditLog).add(
        request, Change(service, method, method, name, resource, {"serviceAccountEmail": key.email}, fields)
    )
