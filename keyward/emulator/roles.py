"""IAM v1: custom roles of projects and organisations, to be read. Nothing is allowed or refused by them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, ClassVar

from keyward.emulator.errors import refuse
from keyward.emulator.iam import SERVICE
from keyward.emulator.routing import Route

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keyward.emulator.routing import Request
    from keyward.emulator.world import World


class CustomRoles:
    """The custom roles of everything."""

    slot: ClassVar[str] = "roles"

    def __init__(self, world: World) -> None:
        self._world = world
        self._made: dict[str, dict[str, Any]] = {}

    def plant(self, name: str, permissions: Sequence[str], **fields: Any) -> dict[str, Any]:
        """Make the role of that name (`projects/P/roles/R` or `organizations/N/roles/R`); gives the resource."""
        etag = base64.b64encode(name.encode()[-6:]).decode()
        made = {"stage": "GA", **fields, "name": name, "includedPermissions": list(permissions), "etag": etag}
        self._made[name] = {field: value for field, value in made.items() if value}
        self._world.dirty = True
        return self._made[name]

    def get(self, name: str) -> dict[str, Any]:
        """One of them.

        Raises:
            ApiError: NOT_FOUND.
        """
        if name not in self._made:
            raise refuse("NOT_FOUND", f"The role named {name} was not found.")
        return self._made[name]

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON values."""
        return {"made": list(self._made.values())}

    def load(self, data: Mapping[str, Any]) -> None:
        """Take back what `dump` gave."""
        self._made = {one["name"]: one for one in data["made"]}


def routes() -> list[Route]:
    """Give the routes of roles."""
    return [
        Route(SERVICE, "GET", "/v1/projects/{project}/roles/{role}", _get, "iam.projects.roles.get", "iam.roles.get"),
        Route(SERVICE, "GET", "/v1/organizations/{id}/roles/{role}", _get, "iam.organizations.roles.get"),
    ]


def _get(request: Request) -> dict[str, Any]:
    name = request.path.removeprefix("/v1/")
    if request.project is not None:  # whichever of its two names was asked for
        name = f"projects/{request.owner.id}/roles/{request.params['role']}"
    return request.world.state(CustomRoles).get(name)
