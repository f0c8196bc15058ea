"""Metrics scopes (Cloud Monitoring v1): which projects one project monitors beside itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from keyward.emulator.clock import micros
from keyward.emulator.routing import Route, Service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyward.emulator.projects import Project
    from keyward.emulator.routing import Request
    from keyward.emulator.world import World

SERVICE = Service("monitoring.googleapis.com", "Cloud Monitoring API", "monitoring.v1")


class MetricsScopes:
    """The monitored projects of every scoping project, by number."""

    slot: ClassVar[str] = "metrics-scopes"

    def __init__(self, world: World) -> None:
        self._world = world
        self._monitored: dict[int, list[int]] = {}

    def add(self, scoping: Project, *projects: Project) -> None:
        """Let a project monitor others."""
        with self._world.lock:
            numbers = self._monitored.setdefault(scoping.number, [])
            numbers += [one.number for one in projects if one.number not in numbers]
            self._world.dirty = True

    def of(self, scoping: Project) -> list[Project]:
        """Give what a project monitors, itself first."""
        others = (self._world.known(str(number)) for number in self._monitored.get(scoping.number, ()))
        return [scoping, *(one for one in others if one is not None)]

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON values."""
        return {"monitored": [[number, others] for number, others in self._monitored.items()]}

    def load(self, data: Mapping[str, Any]) -> None:
        """Take back what `dump` gave."""
        self._monitored = {number: list(others) for number, others in data["monitored"]}


def routes() -> list[Route]:
    """Give the routes of the service."""
    rpc = "monitoring.locations.global.metricsScopes.get"
    template = "/v1/locations/global/metricsScopes/{scope}"
    permission = "resourcemanager.projects.get"
    return [Route(SERVICE, "GET", template, _get, rpc, permission, names=lambda request: request.params["scope"])]


def _get(request: Request) -> dict[str, Any]:
    owner = request.owner
    name = f"locations/global/metricsScopes/{owner.number}"
    then = micros(owner.create_time)
    projects = request.world.state(MetricsScopes).of(owner)
    return {
        "name": name,
        "createTime": then,
        "updateTime": then,
        "monitoredProjects": [{"name": f"{name}/projects/{one.number}", "createTime": then} for one in projects],
    }
