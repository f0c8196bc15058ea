"""The method `entries.list` of Logging v2 over HTTP."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from keyward.emulator.auditlog.filters import compile_filter
from keyward.emulator.auditlog.state import AuditLog
from keyward.emulator.errors import permission_denied, refuse
from keyward.emulator.paging import make_token, read_token
from keyward.emulator.routing import Route, Service

if TYPE_CHECKING:
    from keyward.emulator.routing import Request

SERVICE = Service("logging.googleapis.com", "Cloud Logging API", "logging.v2")

_PERMISSION = "logging.logEntries.list"
_NAME = re.compile(r"projects/([^/]+)(?:/.*)?")
_ORDERS = ("", "timestamp asc", "timestamp desc")


def routes() -> list[Route]:
    """Give the routes of the service."""
    return [Route(SERVICE, "POST", "/v2/entries:list", _list, "logging.entries.list", _PERMISSION, names=_first)]


def _projects(request: Request) -> list[str]:
    body = request.json()
    names = body.get("resourceNames") or [f"projects/{one}" for one in body.get("projectIds") or []]
    found = [_NAME.fullmatch(str(name)) for name in names]
    return [match[1] for match in found if match]


def _first(request: Request) -> str:
    return next(iter(_projects(request)), "")


def _list(request: Request) -> dict[str, Any]:
    body, projects = request.json(), _projects(request)
    if not projects:
        raise refuse(
            "INVALID_ARGUMENT", "The emulator lists the log entries of projects only: resourceNames must name one."
        )
    order = str(body.get("orderBy") or "")
    if order not in _ORDERS:
        raise refuse("INVALID_ARGUMENT", f"order_by must be one of timestamp asc, timestamp desc: {order}")
    wanted = compile_filter(str(body.get("filter") or ""))
    entries = []
    for name in projects:
        project = request.world.project(name, _PERMISSION)
        if project.denies(_PERMISSION, request.principal):
            raise permission_denied(_PERMISSION, f"//{SERVICE.name}/projects/{name}")
        entries += [entry for entry in request.world.state(AuditLog).of(project.number) if wanted(entry)]
    entries.sort(key=lambda entry: entry["timestamp"], reverse=order == "timestamp desc")
    start = read_token(str(body.get("pageToken") or ""), request.path)
    size = int(body.get("pageSize") or 50)
    if size < 0:
        raise refuse("INVALID_ARGUMENT", "page_size must not be negative")
    out: dict[str, Any] = {"entries": entries[start : start + size]} if entries[start : start + size] else {}
    if start + size < len(entries):
        out["nextPageToken"] = make_token(start + size, request.path)
    return out
