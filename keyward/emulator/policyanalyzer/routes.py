"""The method `activities.query` over HTTP, for the last authentication of service account keys."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from keyward.emulator.accountkeys.state import AccountKeys
from keyward.emulator.authentications import Authentications
from keyward.emulator.clock import seconds
from keyward.emulator.cloudasset.assets import below
from keyward.emulator.errors import permission_denied, refuse
from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.paging import page
from keyward.emulator.policyanalyzer.days import day
from keyward.emulator.resourcemanager.tree import Tree
from keyward.emulator.routing import Route, Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyward.emulator.accountkeys.key import AccountKey
    from keyward.emulator.iam import ServiceAccount
    from keyward.emulator.projects import Project
    from keyward.emulator.routing import Request

SERVICE = Service("policyanalyzer.googleapis.com", "Policy Analyzer API", "policyanalyzer.v1")

KEYS = "serviceAccountKeyLastAuthentication"

_PERMISSION = "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query"

_FILTER = re.compile(r'\s*activities\.(?:fullResourceName|full_resource_name)\s*=\s*"([^"]*)"\s*')


def routes() -> list[Route]:
    """Give the routes of the service."""
    end = "locations/{location}/activityTypes/{kind}/activities:query"
    rpc = "policyanalyzer.{}.locations.activityTypes.activities.query"
    return [
        Route(SERVICE, "GET", f"/v1/projects/{{project}}/{end}", _query, rpc.format("projects"), _PERMISSION),
        Route(SERVICE, "GET", f"/v1/folders/{{id}}/{end}", _query, rpc.format("folders")),
        Route(SERVICE, "GET", f"/v1/organizations/{{id}}/{end}", _query, rpc.format("organizations")),
    ]


def _projects(request: Request) -> list[Project]:
    """The project, or those below the folder or organisation, whose own policy says who may ask about all of them."""
    if request.project is not None:
        return [request.project]
    scope = "/".join(request.path.split("/")[2:4])
    node = request.world.state(Tree).get(scope)
    if node is None or node.denies(_PERMISSION):
        raise permission_denied(_PERMISSION, f"//{SERVICE.name}/{scope}")
    return below(request.world, scope)


def _query(request: Request) -> dict[str, Any]:
    if request.params["kind"] != KEYS:
        raise refuse("UNIMPLEMENTED", f"The emulator has no activities of the type {request.params['kind']}.")
    wanted = _wanted(request.arg("filter"))
    found = [one for one in _activities(request) if wanted in {"", one["fullResourceName"]}]
    return page(
        request, found, lambda one: one, "activities", default=500, most=request.world.behaviour.activity_page_size
    )


def _wanted(text: str) -> str:
    if not text:
        return ""
    match = _FILTER.fullmatch(text)
    if match is None:
        raise refuse("INVALID_ARGUMENT", f"Invalid filter: {text}")
    return match[1]


def _activities(request: Request) -> Iterator[dict[str, Any]]:
    world = request.world
    end = day(world.clock.now() - timedelta(seconds=world.behaviour.activity_lag_seconds))
    begin = end - timedelta(days=world.behaviour.activity_days)
    for project in _projects(request):
        used = {prover.key_id: minutes for prover, minutes in world.state(Authentications).of(project.number)}
        for account in world.state(ServiceAccounts).of(project):
            for key in world.state(AccountKeys).of(account.email):
                # What came after the period ended is not in it, the key itself included.
                if key.deleted is None and key.made < end:
                    name = f"{project.resource}/serviceAccounts/{account.unique_id}"
                    yield _activity(name, account, key, (begin, end), used.get(key.key_id, {})) | {"activityType": KEYS}


def _activity(
    owner: str, account: ServiceAccount, key: AccountKey, period: tuple[datetime, datetime], minutes: dict[int, int]
) -> dict[str, Any]:
    begin, end = period
    name = f"//iam.googleapis.com/projects/{account.project_id}/serviceAccounts/{account.email}/keys/{key.key_id}"
    days = [day(datetime.fromtimestamp(minute * 60, UTC)) for minute, count in minutes.items() if count]
    seen = max((one for one in days if begin <= one < end), default=None)
    detail: dict[str, Any] = {
        "serviceAccountKey": {
            "serviceAccountId": account.unique_id,
            "projectNumber": owner.split("/")[1],
            "fullResourceName": name,
        }
    }
    if seen is not None:
        detail["lastAuthenticatedTime"] = seconds(seen)
    return {
        "fullResourceName": name,
        "observationPeriod": {"startTime": seconds(begin), "endTime": seconds(end)},
        "activity": detail,
    }
