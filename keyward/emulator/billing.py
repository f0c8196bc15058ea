"""Cloud Billing v1: the billing accounts, and which of them a project is linked to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from keyward.emulator.errors import refuse
from keyward.emulator.paging import page
from keyward.emulator.routing import Route, Service

if TYPE_CHECKING:
    from keyward.emulator.projects import Project
    from keyward.emulator.routing import Request

SERVICE = Service("cloudbilling.googleapis.com", "Cloud Billing API", "cloudbilling.v1")

_ACCOUNT = re.compile(r"billingAccounts/[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}")
_PATH = "/v1/projects/{project}/billingInfo"


def routes() -> list[Route]:
    """Give the routes of the service."""
    rpc = "cloudbilling.projects"
    reads, links = "resourcemanager.projects.get", "resourcemanager.projects.createBillingAssignment"
    return [
        Route(SERVICE, "GET", _PATH, lambda request: _info(request.owner), f"{rpc}.getBillingInfo", reads),
        Route(SERVICE, "PUT", _PATH, _link, f"{rpc}.updateBillingInfo", links, quota="write"),
        Route(SERVICE, "GET", "/v1/billingAccounts", _accounts, "cloudbilling.billingAccounts.list"),
    ]


def _info(project: Project) -> dict[str, Any]:
    return {
        "name": f"projects/{project.id}/billingInfo",
        "projectId": project.id,
        "billingAccountName": project.billing,
        "billingEnabled": bool(project.billing) and project.billing_open,
    }


def _link(request: Request) -> dict[str, Any]:
    """Link a project to an account, which is open, or to none."""
    name = str(request.json().get("billingAccountName", ""))
    if name and not _ACCOUNT.fullmatch(name):
        raise refuse("INVALID_ARGUMENT", "Request contains an invalid argument.")
    request.owner.billing, request.owner.billing_open = name, True
    return _info(request.owner)


def _accounts(request: Request) -> dict[str, Any]:
    """Every account that a project is linked to; it is open where one of them is."""
    found: dict[str, bool] = {}
    for project in request.world.projects():
        if project.billing:
            found[project.billing] = found.get(project.billing, False) or project.billing_open
    shown = [
        {"name": name, "open": is_open, "displayName": "Acme", "masterBillingAccount": "", "parent": ""}
        for name, is_open in sorted(found.items())
    ]
    return page(request, shown, lambda one: one, "billingAccounts", default=100, most=100)
