"""IAM Service Account Credentials v1: a bearer token of a service account for a caller who may act as it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from keyward.emulator.clock import seconds
from keyward.emulator.errors import ApiError, refuse
from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.routing import Route, Service
from keyward.emulator.tokens.state import Tokens

if TYPE_CHECKING:
    from keyward.emulator.routing import Request

SERVICE = Service("iamcredentials.googleapis.com", "IAM Service Account Credentials API", "iamcredentials.v1")

_PERMISSION = "iam.serviceAccounts.getAccessToken"
_LONGEST = 3600
_DURATION = re.compile(r"(\d{1,6})(?:\.\d+)?s")


def routes() -> list[Route]:
    """Give the route of the service."""
    path = "/v1/projects/{project}/serviceAccounts/{account}:generateAccessToken"
    rpc = "iamcredentials.projects.serviceAccounts.generateAccessToken"
    return [Route(SERVICE, "POST", path, _generate, rpc, quota="", names=_own_project)]


def _own_project(request: Request) -> str:
    account = request.world.state(ServiceAccounts).by_email(request.params["account"])
    return account.project_id if account else ""


def _generate(request: Request) -> dict[str, Any]:
    world, name, body = request.world, request.params["account"], request.json()
    if request.params["project"] != "-":
        raise refuse("INVALID_ARGUMENT", "Request contains an invalid argument.")  # the project must be a hyphen
    account = world.state(ServiceAccounts).by_email(name)
    if account is None:
        raise refuse("NOT_FOUND", f"Not found; Gaia id not found for email {name}")
    if request.owner.denies(_PERMISSION, request.principal):
        raise _denied()
    if account.disabled:  # unverified: how Google words it
        raise refuse("FAILED_PRECONDITION", "The service account is disabled.")
    scopes = body.get("scope")
    if not isinstance(scopes, list) or not scopes:
        raise refuse("INVALID_ARGUMENT", "Scope required.")
    asked = _DURATION.fullmatch(str(body.get("lifetime") or f"{_LONGEST}s"))
    if asked is None or not 0 < int(asked[1]) <= _LONGEST:
        raise refuse("INVALID_ARGUMENT", "The lifetime of the token must be between 0 and 3600 seconds.")
    token, lives = world.state(Tokens).issue(account.email, "", " ".join(map(str, scopes)), int(asked[1]))
    request.notes.update(account=account.email)
    return {"accessToken": token, "expireTime": seconds(world.clock.now() + timedelta(seconds=lives))}


def _denied() -> ApiError:
    """Give the refusal in Google's words, which name no resource."""
    message = f"Permission '{_PERMISSION}' denied on resource (or it may not exist)."
    metadata = {"permission": _PERMISSION}
    return ApiError(
        403,
        "PERMISSION_DENIED",
        message,
        reason="IAM_PERMISSION_DENIED",
        domain="iam.googleapis.com",
        metadata=metadata,
    )
