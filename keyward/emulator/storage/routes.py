"""The methods of Cloud Storage for HMAC keys.

Unverified, because no document says it: the words of all refusals, the code at the limit of keys (400) and under the
organisation policy (412, as other policies of Cloud Storage answer), and that a deleted key can still be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.orgpolicy import enforced
from keyward.emulator.paging import make_token, read_token
from keyward.emulator.routing import Response, Route, Service
from keyward.emulator.storage import audit, signed
from keyward.emulator.storage.refusals import render, storage_error
from keyward.emulator.storage.state import HmacKeys

if TYPE_CHECKING:
    from keyward.emulator.routing import Request
    from keyward.emulator.storage.state import HmacKey

SERVICE = Service("storage.googleapis.com", "Cloud Storage API", "storage.v1", render)
XML = Service("storage.googleapis.com", "Cloud Storage API")

_PARENT = "/storage/v1/projects/{project}/hmacKeys"
_NAME = _PARENT + "/{key}"
_POLICY = "iam.managed.disableServiceAccountKeyCreation"
_MOST = 250


def routes() -> list[Route]:
    """Give the routes of the service: the JSON API, and the root of the XML API."""

    def route(method: str, template: str, handler: Any, verb: str) -> Route:
        quota = "read" if method == "GET" else "write"
        rpc = f"storage.projects.hmacKeys.{verb}"
        return Route(SERVICE, method, template, handler, rpc, f"storage.hmacKeys.{verb}", quota)

    return [
        route("GET", _PARENT, _list, "list"),
        route("POST", _PARENT, _create, "create"),
        route("GET", _NAME, lambda request: _key(request).resource(), "get"),
        route("PUT", _NAME, _update, "update"),
        route("DELETE", _NAME, _delete, "delete"),
        Route(XML, "GET", "/", signed.list_buckets, "storage.xml.listBuckets", quota="", auth=False),
    ]


def _list(request: Request) -> dict[str, Any]:
    email, deleted = request.arg("serviceAccountEmail"), request.flag("showDeletedKeys")
    found = [
        key
        for key in request.world.state(HmacKeys).of(request.owner.id)
        if (not email or key.email == email) and (deleted or key.state != "DELETED")
    ]
    start = read_token(request.arg("pageToken"), request.path)
    end = start + min(request.number("maxResults") or _MOST, _MOST)
    accounts = request.world.behaviour.hmac_page_accounts
    seen: set[str] = set()
    for position, key in enumerate(found[start:end], start):
        seen.add(key.email)
        if accounts and len(seen) > accounts:
            end = position
            break
    out: dict[str, Any] = {"kind": "storage#hmacKeysMetadata"}
    if found[start:end]:
        out["items"] = [key.resource() for key in found[start:end]]
    if end < len(found):
        out["nextPageToken"] = make_token(end, request.path)
    return out


def _create(request: Request) -> dict[str, Any]:
    world, email = request.world, request.arg("serviceAccountEmail")
    account = world.state(ServiceAccounts).by_email(email)
    if account is None or account.project_id != request.owner.id:
        raise storage_error(404, f"Service Account '{email}' not found.")
    if enforced(world, request.owner, _POLICY):
        raise storage_error(412, f"Request violates constraint 'constraints/{_POLICY}'")
    state = world.state(HmacKeys)
    held = [key for key in state.of(request.owner.id) if key.email == account.email and key.state != "DELETED"]
    if len(held) >= world.behaviour.hmac_key_limit:
        raise storage_error(400, f"The service account has the maximum of {world.behaviour.hmac_key_limit} HMAC keys.")
    key = state.plant(account)
    state.spread(key, works=False)
    request.notes.update(account=account.email, key=key.access_id)
    audit.note(request, key, "create")
    return {"kind": "storage#hmacKey", "metadata": key.resource(), "secret": key.secret}


def _update(request: Request) -> dict[str, Any]:
    key, body = _key(request), request.json()
    state, etag = body.get("state"), body.get("etag")
    if etag and etag != key.etag:
        raise storage_error(412, "The etag does not match the current state of the HMAC key.")
    if key.state == "DELETED":
        raise storage_error(400, "Deleted HMAC keys cannot be changed.")
    if state not in {"ACTIVE", "INACTIVE"}:
        raise storage_error(400, f"Invalid HMAC key state: {state}")
    if state != key.state:
        request.world.state(HmacKeys).change(key, state)
        audit.note(request, key, "update")
    return key.resource()


def _delete(request: Request) -> Response:
    key = _key(request)
    if key.state == "ACTIVE":
        raise storage_error(400, "Cannot delete keys in 'ACTIVE' state.")
    if key.state == "DELETED":
        raise _gone(key.access_id)
    request.world.state(HmacKeys).change(key, "DELETED")
    audit.note(request, key, "delete")
    return Response(b"", 204)


def _key(request: Request) -> HmacKey:
    access_id = request.params["key"]
    key = request.world.state(HmacKeys).get(access_id)
    if key is None or key.project_id != request.owner.id:
        raise _gone(access_id)
    request.notes.update(account=key.email, key=key.access_id)
    return key


def _gone(access_id: str) -> Exception:
    return storage_error(404, f"Access ID '{access_id}' not found.")
