"""Alert policies and the channels that they tell: made, listed, changed, deleted. Nothing is ever sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from keyward.emulator.clock import micros
from keyward.emulator.errors import refuse
from keyward.emulator.paging import page
from keyward.emulator.routing import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyward.emulator.projects import Project
    from keyward.emulator.routing import Request, Service
    from keyward.emulator.world import World

_KINDS = ("alertPolicies", "notificationChannels")
"""Collections; so are the lists in the answers called."""


class Alerting:
    """The policies and channels of all projects."""

    slot: ClassVar[str] = "alerting"

    def __init__(self, world: World) -> None:
        self._world = world
        self._made: dict[str, dict[str, Any]] = {}

    def plant(self, project: Project, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make one of that collection; gives the resource."""
        name = f"projects/{project.id}/{kind}/{self._world.ids.digits(19)}"
        made = {"enabled": True, **body, "name": name}
        for number, condition in enumerate(made.get("conditions", ())):
            condition["name"] = f"{name}/conditions/{number}"
        stamp = {"mutateTime": micros(self._world.clock.now())}
        self._made[name] = {**made, "creationRecord": stamp}
        self._world.dirty = True
        return self._made[name]

    def of(self, project: Project, kind: str) -> list[dict[str, Any]]:
        """All of a collection, oldest first."""
        return [one for name, one in self._made.items() if name.startswith(f"projects/{project.id}/{kind}/")]

    def get(self, name: str) -> dict[str, Any]:
        """One of them.

        Raises:
            ApiError: NOT_FOUND.
        """
        if name not in self._made:
            raise refuse("NOT_FOUND", f"Cannot find {name}.")
        return self._made[name]

    def delete(self, name: str) -> None:
        """Take one away."""
        del self._made[self.get(name)["name"]]

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON values."""
        return {"made": list(self._made.values())}

    def load(self, data: Mapping[str, Any]) -> None:
        """Take back what `dump` gave."""
        self._made = {one["name"]: one for one in data["made"]}


def routes(service: Service) -> list[Route]:
    """Give the routes of both collections."""
    found = []
    for kind in _KINDS:
        rpc, above = f"monitoring.projects.{kind}", f"/v3/projects/{{project}}/{kind}"
        for method, path, handler, verb in (
            ("GET", above, _list, "list"),
            ("POST", above, _create, "create"),
            ("GET", f"{above}/{{id}}", _get, "get"),
            ("PATCH", f"{above}/{{id}}", _patch, "patch"),
            ("DELETE", f"{above}/{{id}}", _delete, "delete"),
        ):
            permission = f"monitoring.{kind}.{'update' if verb == 'patch' else verb}"
            found.append(Route(service, method, path, handler, f"{rpc}.{verb}", permission))
    return found


def _kind(request: Request) -> str:
    return request.path.split("/")[4]


def _name(request: Request) -> str:
    return f"projects/{request.owner.id}/{_kind(request)}/{request.params['id']}"


def _list(request: Request) -> dict[str, Any]:
    kind = _kind(request)
    found = request.world.state(Alerting).of(request.owner, kind)
    return page(request, found, lambda one: one, kind, default=100, most=1000)


def _create(request: Request) -> dict[str, Any]:
    body, kind = request.json(), _kind(request)
    _check(request, kind, body)
    return request.world.state(Alerting).plant(request.owner, kind, body)


def _check(request: Request, kind: str, body: dict[str, Any]) -> None:
    if kind == "notificationChannels":
        if not body.get("type"):
            raise refuse("INVALID_ARGUMENT", "Field channel.type must be set.")
        return
    if not body.get("combiner") or not body.get("conditions") or not body.get("displayName"):
        raise refuse("INVALID_ARGUMENT", "Field alert_policy must have a display name, a combiner and conditions.")
    for name in body.get("notificationChannels", ()):
        request.world.state(Alerting).get(name)


def _get(request: Request) -> dict[str, Any]:
    return request.world.state(Alerting).get(_name(request))


def _patch(request: Request) -> dict[str, Any]:
    kept = request.world.state(Alerting).get(_name(request))
    body = request.json()
    names = request.arg("updateMask").split(",") if request.arg("updateMask") else list(body)
    kept.update({name: body[name] for name in names if name in body})
    return kept


def _delete(request: Request) -> dict[str, Any]:
    request.world.state(Alerting).delete(_name(request))
    return {}
