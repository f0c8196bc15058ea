"""`POST /token`: the exchange of a signed assertion for a bearer token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from keyward.emulator.authentications import Authentications
from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.routing import Route, Service
from keyward.emulator.tokens import refusals
from keyward.emulator.tokens.assertion import check_times, read, signer
from keyward.emulator.tokens.state import Tokens

if TYPE_CHECKING:
    from keyward.emulator.routing import Request

SERVICE = Service("oauth2.googleapis.com", "OAuth 2.0 token endpoint")

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_GOOGLES = ("https://oauth2.googleapis.com/token", "https://www.googleapis.com/oauth2/v4/token")
"""Audiences that Google takes; files made elsewhere name them."""


def routes() -> list[Route]:
    """Give the route of the service."""
    return [Route(SERVICE, "POST", "/token", _exchange, "oauth2.token", quota="", auth=False)]


def _exchange(request: Request) -> dict[str, Any]:
    world = request.world
    form = parse_qs(request.body.decode("utf-8", "replace"))
    grant = form.get("grant_type", [""])[0]
    if grant != _GRANT:
        raise refusals.OAuthError("unsupported_grant_type", f"Invalid grant_type: {grant}")
    assertion = read(form.get("assertion", [""])[0])
    email = assertion.text("iss")
    account = world.state(ServiceAccounts).by_email(email)
    if account is None or account.disabled:
        raise refusals.no_account()
    request.project = project = world.project(account.project_id)
    request.notes.update(project=project.id, account=account.email, key=str(assertion.header.get("kid") or ""))
    key = signer(world, assertion, account.email)
    # The key signed: that is a use of it, whatever comes of the request.
    world.state(Authentications).record(project.number, account.unique_id, key.key_id)
    here = f"http://{request.headers.get('host', '')}/token"
    if assertion.text("aud") not in {f"{world.url}token", here, *_GOOGLES}:
        raise refusals.bad_audience(f"{world.url}token")
    check_times(world, assertion)
    if assertion.text("sub") not in {"", account.email}:
        message = (
            "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of "
            "the scopes requested."
        )
        raise refusals.OAuthError("unauthorized_client", message, 401)
    scope = assertion.text("scope")
    if not scope:
        raise refusals.OAuthError("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
    token, lives = world.state(Tokens).issue(account.email, key.key_id, scope)
    return {"access_token": token, "expires_in": int(lives) - 1, "token_type": "Bearer"}
