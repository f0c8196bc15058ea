"""Service Usage v1: which APIs are on in a project: those that every project has here, and its own, but for what is switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyward.emulator.errors import refuse
from keyward.emulator.paging import page
from keyward.emulator.routing import Route, Service

if TYPE_CHECKING:
    from keyward.emulator.projects import Project
    from keyward.emulator.routing import Request

SERVICE = Service("serviceusage.googleapis.com", "Service Usage API", "serviceusage.v1")

TITLES = {
    "apikeys.googleapis.com": "API Keys API",
    "billingbudgets.googleapis.com": "Cloud Billing Budget API",
    "cloudasset.googleapis.com": "Cloud Asset API",
    "cloudbilling.googleapis.com": "Cloud Billing API",
    "cloudresourcemanager.googleapis.com": "Cloud Resource Manager API",
    "generativelanguage.googleapis.com": "Generative Language API",
    "iam.googleapis.com": "Identity and Access Management (IAM) API",
    "logging.googleapis.com": "Cloud Logging API",
    "monitoring.googleapis.com": "Cloud Monitoring API",
    "orgpolicy.googleapis.com": "Organization Policy API",
    "policyanalyzer.googleapis.com": "Policy Analyzer API",
    "secretmanager.googleapis.com": "Secret Manager API",
    "serviceusage.googleapis.com": "Service Usage API",
    "storage.googleapis.com": "Cloud Storage API",
}

_PARENT = "/v1/projects/{project}/services"


def routes() -> list[Route]:
    """Give the routes of the service."""
    rpc = "serviceusage.services"
    return [
        Route(SERVICE, "GET", _PARENT, _list, f"{rpc}.list", "serviceusage.services.list"),
        Route(SERVICE, "GET", _PARENT + ":batchGet", _batch, f"{rpc}.batchGet", "serviceusage.services.get"),
        Route(SERVICE, "GET", _PARENT + "/{service}", _get, f"{rpc}.get", "serviceusage.services.get"),
    ]


def _resource(project: Project, name: str) -> dict[str, Any]:
    return {
        "name": f"{project.resource}/services/{name}",
        "parent": project.resource,
        "config": {"name": name, "title": TITLES.get(name, name)},
        "state": "ENABLED" if name not in project.api_off and name in (*TITLES, *project.api_on) else "DISABLED",
    }


def _list(request: Request) -> dict[str, Any]:
    found = [_resource(request.owner, name) for name in sorted({*TITLES, *request.owner.api_on})]
    state = request.arg("filter").partition(":")[2]
    shown = [one for one in found if not state or one["state"] == state]
    return page(request, shown, lambda one: one, "services", default=50, most=200)


def _batch(request: Request) -> dict[str, Any]:
    names = request.args("names")
    if len(names) > 30:
        raise refuse("INVALID_ARGUMENT", "At most 30 services can be asked for at once.")
    return {"services": [_resource(request.owner, name.rpartition("/")[2]) for name in names]}


def _get(request: Request) -> dict[str, Any]:
    return _resource(request.owner, request.params["service"])
