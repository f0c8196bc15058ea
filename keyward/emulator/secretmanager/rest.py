"""Secret Manager over HTTP: its routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyward.emulator.routing import Route, Service
from keyward.emulator.secretmanager.methods import METHODS, Call

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyward.emulator.routing import Request
    from keyward.emulator.secretmanager.methods import Method
    from keyward.emulator.secretmanager.resources import Json

SERVICE = Service("secretmanager.googleapis.com", "Secret Manager API", "secretmanager.v1")
"""The service as projects switch it on and quotas count it."""

REGIONS = ("europe-west1", "europe-west3", "us-central1", "us-east1")
"""The regions that `locations.list` names; secrets can be in any."""

_PARENTS = {
    "projects/*": "secretmanager.projects.",
    "projects/*/locations/*": "secretmanager.projects.locations.",
}


def routes() -> list[Route]:
    """All routes of the service, for global and for regional secrets."""
    found = [
        Route(
            SERVICE,
            method.verb,
            _template(parent, method),
            _handler(method),
            rpc=prefix + method.rest,
            permission=method.permission,
            quota=method.quota,
        )
        for parent, prefix in _PARENTS.items()
        for method in METHODS
    ]
    listing = "secretmanager.projects.locations.list"
    return [*found, Route(SERVICE, "GET", "/v1/{resource=projects/*}/locations", _locations, rpc=listing)]


def _template(parent: str, method: Method) -> str:
    path, colon, custom = method.tail.partition(":")
    if path.endswith("*"):
        return f"/v1/{{resource={parent}{path}}}{colon}{custom}"
    above, _, collection = path.rpartition("/")
    return f"/v1/{{resource={parent}{above}}}/{collection}"


def _handler(method: Method) -> Callable[[Request], Json]:
    def handle(request: Request) -> Json:
        fields: Json = {name: values[-1] for name, values in request.query.items()}
        if method.body == "*":
            fields.update(request.json())
        elif method.body:
            fields[method.body] = request.json()
        return method.run(
            Call.to(request.world, request.project, request.params["resource"], fields, request.principal)
        )

    return handle


def _locations(request: Request) -> Json:
    parent = request.project.resource if request.project else request.params["resource"]
    return {"locations": [{"name": f"{parent}/locations/{region}", "locationId": region} for region in REGIONS]}
