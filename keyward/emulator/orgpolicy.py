"""Organisation Policy v2: the policy that is in force in a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyward.emulator.errors import precondition, refuse_with
from keyward.emulator.routing import Route, Service

if TYPE_CHECKING:
    from keyward.emulator.errors import ApiError
    from keyward.emulator.projects import Project
    from keyward.emulator.routing import Request
    from keyward.emulator.world import World

SERVICE = Service("orgpolicy.googleapis.com", "Organization Policy API", "orgpolicy.v2")

BOUND_KEYS = "iam.managed.disableServiceAccountApiKeyCreation"
"""The constraint against keys bound to service accounts; enforced by default."""

LISTS = {"iam.serviceAccountKeyExpiryHours"}
"""Constraints that name values, where the others are either on or off."""


def effective(world: World, project: Project, constraint: str) -> dict[str, Any]:
    """Give the `spec` in force for a constraint."""
    if constraint in project.policies:
        return {"rules": [], **project.policies[constraint]}
    if constraint in LISTS:
        return {"rules": [{"allowAll": True}]}
    return {"rules": [{"enforce": constraint == BOUND_KEYS and world.behaviour.bound_keys_blocked}]}


def enforced(world: World, project: Project, constraint: str) -> bool:
    """Say whether a constraint that is either on or off is on."""
    return any(rule.get("enforce") for rule in effective(world, project, constraint)["rules"])


def denied_by_policy(project: Project, constraint: str, description: str) -> ApiError:
    """Give the refusal by a managed constraint."""
    name = f"constraints/{constraint}"
    message = f'Operation denied by org policy on resource \'{project.resource}\': ["{name}": "{description}"].'
    return refuse_with("FAILED_PRECONDITION", message, precondition(name, project.resource, description))


def routes() -> list[Route]:
    """Give the routes of the service."""
    template = "/v2/projects/{project}/policies/{constraint}:getEffectivePolicy"
    rpc = "orgpolicy.projects.policies.getEffectivePolicy"
    return [Route(SERVICE, "GET", template, _get_effective, rpc, "orgpolicy.policy.get")]


def _get_effective(request: Request) -> dict[str, Any]:
    constraint = request.params["constraint"].removeprefix("constraints/")
    spec = effective(request.world, request.owner, constraint)
    return {"name": f"{request.owner.resource}/policies/{constraint}", "spec": spec}
