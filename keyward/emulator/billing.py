"""Cloud Billing v1: whether a project is linked to a billing account that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyward.emulator.routing import Route, Service

if TYPE_CHECKING:
    from keyward.emulator.routing import Request

SERVICE = Service("cloudbilling.googleapis.com", "Cloud Billing API", "cloudbilling.v1")


def routes() -> list[Route]:
    """Give the routes of the service."""
    rpc, permission = "cloudbilling.projects.getBillingInfo", "resourcemanager.projects.get"
    return [Route(SERVICE, "GET", "/v1/projects/{project}/billingInfo", _get, rpc, permission)]


def _get(request: Request) -> dict[str, Any]:
    project = request.owner
    return {
        "name": f"projects/{project.id}/billingInfo",
        "projectId": project.id,
        "billingAccountName": project.billing,
        "billingEnabled": bool(project.billing) and project.billing_open,
    }
