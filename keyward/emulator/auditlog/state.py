"""The entries of the admin activity log: who changed which key, with what client.

The form follows published samples of `google.iam.admin.v1` entries: proto field names inside `request` and
`response`, the account by its unique id in `resourceName`. For HMAC keys no sample was found: method names
`storage.hmacKeys.*` are documented, everything else about those entries is a guess.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from keyward.emulator.clock import nanos, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyward.emulator.routing import Request
    from keyward.emulator.world import World

ACTIVITY = "cloudaudit.googleapis.com/activity"


@dataclass(frozen=True, slots=True)
class Change:
    """What a handler did."""

    service: str
    method: str
    permission: str
    name: str
    """`resourceName` of the entry."""
    resource: dict[str, Any]
    """The monitored resource, with `type` and `labels`."""
    request: dict[str, Any]
    response: dict[str, Any]


class AuditLog:
    """The entries of all projects, oldest first. Callers hold the world's lock."""

    slot: ClassVar[str] = "auditlog"

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_project: dict[int, list[dict[str, Any]]] = {}

    def add(self, request: Request, change: Change) -> None:
        """Note a change in the log of the request's project; it can be read some time later."""
        world, project, headers = self._world, request.owner, request.headers
        now = world.clock.now()
        received = now + timedelta(seconds=world.behaviour.log_delay_seconds)
        authorization = {"resource": change.name, "permission": change.permission, "granted": True}
        payload = {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "status": {},
            "authenticationInfo": {"principalEmail": request.principal or world.behaviour.caller_email},
            "requestMetadata": {
                "callerIp": world.behaviour.caller_ip,
                "callerSuppliedUserAgent": headers.get("user-agent", ""),
                "requestAttributes": {"time": nanos(now), "auth": {}},
                "destinationAttributes": {},
            },
            "serviceName": change.service,
            "methodName": change.method,
            "authorizationInfo": [{**authorization, "resourceAttributes": {"name": change.name}}],
            "resourceName": change.name,
            "request": change.request,
            "response": change.response,
        }
        entry = {
            "protoPayload": payload,
            "insertId": world.ids.text(13, string.digits + string.ascii_lowercase),
            "resource": change.resource,
            "timestamp": nanos(now),
            "severity": "NOTICE",
            "logName": f"projects/{project.id}/logs/{quote(ACTIVITY, safe='')}",
            "receiveTimestamp": nanos(received),
        }
        self._by_project.setdefault(project.number, []).append(entry)
        world.dirty = True

    def of(self, project: int) -> list[dict[str, Any]]:
        """Give the entries of a project that can be read now, oldest first."""
        now = self._world.clock.now()
        kept = now - timedelta(seconds=self._world.behaviour.log_retention_seconds)
        return [
            entry
            for entry in self._by_project.get(project, ())
            if parse(entry["receiveTimestamp"]) <= now and parse(entry["timestamp"]) >= kept
        ]

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON values."""
        return {"entries": {str(number): entries for number, entries in self._by_project.items()}}

    def load(self, data: Mapping[str, Any]) -> None:
        """Take back what `dump` gave."""
        self._by_project = {int(number): entries for number, entries in data["entries"].items()}
