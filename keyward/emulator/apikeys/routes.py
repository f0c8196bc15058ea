"""The methods of API Keys v2 over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from keyward.emulator.apikeys import body as fields
from keyward.emulator.apikeys.binding import check_binding
from keyward.emulator.apikeys.state import ApiKeys
from keyward.emulator.errors import HTTP_OF_STATUS, ApiError, permission_denied, refuse
from keyward.emulator.paging import page
from keyward.emulator.routing import Route, Service
from keyward.emulator.usage import Usage

if TYPE_CHECKING:
    from keyward.emulator.apikeys.key import Key
    from keyward.emulator.projects import Project
    from keyward.emulator.routing import Request

SERVICE = Service("apikeys.googleapis.com", "API Keys API", "apikeys.v2")

_PARENT = "/v2/projects/{project}/locations/{location}/keys"
_NAME = _PARENT + "/{key}"


def routes() -> list[Route]:
    """Give the routes of the service."""

    def route(method: str, template: str, handler: Any, rpc: str, permission: str = "") -> Route:
        name = rpc.rpartition(".")[2]
        allowed = permission or f"apikeys.keys.{name}"
        quota = "read" if method == "GET" else "write"
        return Route(SERVICE, method, template, handler, f"apikeys.{rpc}", allowed, quota)

    keys = "projects.locations.keys"
    return [
        route("GET", _PARENT, _list, f"{keys}.list"),
        route("POST", _PARENT, _create, f"{keys}.create"),
        route("GET", _NAME, _get, f"{keys}.get"),
        route("GET", _NAME + "/keyString", _get_key_string, f"{keys}.getKeyString"),
        route("PATCH", _NAME, _patch, f"{keys}.patch", "apikeys.keys.update"),
        route("DELETE", _NAME, _delete, f"{keys}.delete"),
        route("POST", _NAME + ":undelete", _undelete, f"{keys}.undelete"),
        route("GET", "/v2/keys:lookupKey", _lookup, "keys.lookupKey", "apikeys.keys.lookup"),
        route("GET", "/v2/operations/{operation}", _operation, "operations.get", "serviceusage.operations.get"),
    ]


def _project(request: Request) -> Project:
    if request.params.get("location") != "global":
        raise refuse("INVALID_ARGUMENT", "The parent must be projects/*/locations/global.")
    return request.owner


def _key(request: Request) -> Key:
    return request.world.state(ApiKeys).find(_project(request).number, request.params["key"])


def _list(request: Request) -> dict[str, Any]:
    world = request.world
    lag = world.clock.now() - timedelta(seconds=world.behaviour.list_lag_seconds)
    deleted = request.flag("showDeleted")
    shown = [
        key
        for key in world.state(ApiKeys).keys(_project(request).number).values()
        if key.create_time <= lag and (deleted or key.delete_time is None or key.delete_time > lag)
    ]
    shown.sort(key=lambda key: (key.create_time, key.uid), reverse=True)
    size = world.behaviour.key_page_size
    return page(request, shown, lambda key: key.resource(), "keys", default=size, most=size)


def _get(request: Request) -> dict[str, Any]:
    return _key(request).resource()


def _get_key_string(request: Request) -> dict[str, Any]:
    key = _key(request)
    if key.delete_time:
        raise refuse("NOT_FOUND", "Requested entity was not found.")
    return {"keyString": key.key_string}


def _create(request: Request) -> dict[str, Any]:
    world, project, body = request.world, _project(request), request.json()
    state, behaviour = world.state(ApiKeys), request.world.behaviour
    key_id = request.arg("keyId")
    if key_id:
        fields.check_id(key_id)
    fields.check(body)
    keys = state.keys(project.number)
    if key_id in keys:
        raise refuse("ALREADY_EXISTS", "Requested entity already exists")
    _room(request, project)
    restrictions = fields.restrictions(body)
    account = body.get("serviceAccountEmail") or ""
    if account:
        check_binding(world, project, account, restrictions, request.principal)
    key = state.plant(
        project,
        key_id=key_id,
        display_name=body.get("displayName") or "",
        restrictions=restrictions,
        annotations=body.get("annotations"),
        service_account=account,
        fresh_seconds=world.ids.between(*behaviour.fresh_seconds),
    )
    return state.start("p7", key, with_string=True)


def _room(request: Request, project: Project) -> None:
    behaviour = request.world.behaviour
    keys = request.world.state(ApiKeys).keys(project.number).values()
    if sum(1 for key in keys if behaviour.deleted_count_to_limit or key.delete_time is None) >= behaviour.key_limit:
        message = f"The project has reached its limit of {behaviour.key_limit} API keys."
        consumer = f"projects/{project.number}"
        raise refuse("RESOURCE_EXHAUSTED", message, "RESOURCE_QUOTA_EXCEEDED", consumer=consumer, service=SERVICE.name)


def _patch(request: Request) -> dict[str, Any]:
    key, body, world = _key(request), request.json(), request.world
    _alive(key)
    _check_etag(request, key, body.get("etag") or "")
    _check_usage(request, key)
    fields.update(key, body, request.arg("updateMask"))
    key.update_time = world.clock.now()
    key.etag = world.ids.weak_etag()
    return world.state(ApiKeys).start("p10", key, with_string=False)


def _delete(request: Request) -> dict[str, Any]:
    key, state = _key(request), request.world.state(ApiKeys)
    _alive(key)
    _check_etag(request, key, request.arg("etag"))
    _check_usage(request, key)
    state.delete(key)
    return state.start("p12", key, with_string=True)


def _undelete(request: Request) -> dict[str, Any]:
    key, state = _key(request), request.world.state(ApiKeys)
    if key.delete_time is None:
        raise refuse("FAILED_PRECONDITION", "The key is not deleted.")
    _room(request, _project(request))
    state.undelete(key)
    return state.start("p13", key, with_string=True)


def _lookup(request: Request) -> dict[str, Any]:
    state = request.world.state(ApiKeys)
    key = state.by_string(request.arg("keyString"))
    if key is None:
        raise refuse("NOT_FOUND", "Requested entity was not found.")
    project = request.world.project(str(key.project))
    if project.denies("apikeys.keys.lookup", request.principal):
        raise permission_denied("apikeys.keys.lookup", f"//{SERVICE.name}/keys:lookupKey")
    parent = {"parent": f"projects/{key.project}/locations/global"}
    return parent if state.is_purged(key) else {**parent, "name": key.name}


def _operation(request: Request) -> dict[str, Any]:
    return request.world.state(ApiKeys).operation(f"operations/{request.params['operation']}")


def _alive(key: Key) -> None:
    if key.delete_time:
        raise refuse("FAILED_PRECONDITION", "The key is deleted. Undelete it first.")


def _check_etag(request: Request, key: Key, etag: str) -> None:
    if etag and etag != key.etag:
        status = request.world.behaviour.etag_mismatch
        message = "The provided etag does not match the current etag of the key."
        raise ApiError(HTTP_OF_STATUS[status], status, message)


def _check_usage(request: Request, key: Key) -> None:
    if request.arg("checkExistingUsage") not in {"CHECK", "2"}:
        return
    last = request.world.state(Usage).last(key.uid)
    window = timedelta(seconds=request.world.behaviour.existing_usage_seconds)
    if last and request.world.clock.now() - last < window:
        raise refuse("FAILED_PRECONDITION", "The key was used within the last 7 days.")
