"""The methods of Cloud Asset Inventory over HTTP: a search over what is indexed, and a list with each resource's data."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from keyward.emulator.clock import micros
from keyward.emulator.cloudasset.assets import ancestors, assets, below
from keyward.emulator.errors import permission_denied, refuse
from keyward.emulator.paging import page
from keyward.emulator.resourcemanager.tree import Tree
from keyward.emulator.routing import Route, Service

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyward.emulator.cloudasset.assets import Asset
    from keyward.emulator.routing import Request
    from keyward.emulator.world import World

SERVICE = Service("cloudasset.googleapis.com", "Cloud Asset API", "cloudasset.v1")

_SEARCH = "cloudasset.assets.searchAllResources"
_LIST = "cloudasset.assets.listResource"
_NAMES = "cloudasset.assets.listCloudAsset"
_SORTED = {"name", "assetType", "project", "createTime", "updateTime", "state", "displayName", "location"}
_ON_REQUEST = {"versionedResources", "attachedResources", "effectiveTags"}


def routes() -> list[Route]:
    """Give the routes of the service."""
    scopes = ("projects/{project}", "folders/{id}", "organizations/{id}")
    searches = (f"/v1/{one}:searchAllResources" for one in scopes)
    lists = (f"/v1/{one}/assets" for one in scopes)
    return [
        *(Route(SERVICE, "GET", one, _search, "cloudasset.searchAllResources") for one in searches),
        *(Route(SERVICE, "GET", one, _list, "cloudasset.assets.list") for one in lists),
    ]


def _admit(request: Request, scope: str, permission: str) -> None:
    """The scope, not each project below it, says who may look."""
    if request.project is not None:
        denied = request.project.denies(permission)
    else:
        node = request.world.state(Tree).get(scope)
        denied = node is None or node.denies(permission)
    if denied:
        raise permission_denied(permission, f"//{SERVICE.name}/{scope}")


def _kinds(request: Request) -> Callable[[str], bool]:
    """Whether a type is asked for: by name or by an RE2 expression; none means every type."""
    try:
        found = [re.compile(one) for one in request.args("assetTypes")]
    except re.error:
        raise refuse("INVALID_ARGUMENT", "Request contains an invalid argument.") from None
    return lambda kind: not found or any(one.fullmatch(kind) for one in found)


def _list(request: Request) -> dict[str, Any]:
    scope = request.path.removeprefix("/v1/").removesuffix("/assets")
    content = request.arg("contentType") or "CONTENT_TYPE_UNSPECIFIED"
    if content not in {"CONTENT_TYPE_UNSPECIFIED", "RESOURCE"}:
        raise refuse("UNIMPLEMENTED", f"The emulator has no content type {content}.")
    whole = content == "RESOURCE"
    _admit(request, scope, _LIST if whole else _NAMES)
    world = request.world
    found = assets(world, below(world, scope), _kinds(request))
    shown = page(request, found, lambda one: _asset(world, one, whole=whole), "assets", default=100, most=1000)
    return {"readTime": micros(world.clock.now()), **shown}


def _asset(world: World, one: Asset, *, whole: bool) -> dict[str, Any]:
    out: dict[str, Any] = {
        "name": one.name,
        "assetType": one.kind,
        "ancestors": ancestors(world, one.project),
        "updateTime": micros(one.updated),
    }
    if whole:
        service = one.kind.partition("/")
        out["resource"] = {"version": "v1", "discoveryName": service[2], "parent": one.parent, "data": one.data()}
    return out


def _search(request: Request) -> dict[str, Any]:
    scope = request.path.removeprefix("/v1/").removesuffix(":searchAllResources")
    _admit(request, scope, _SEARCH)
    world = request.world
    found = assets(world, below(world, scope), _kinds(request))
    mask = {name for text in request.args("readMask") for name in text.replace(" ", "").split(",") if name}

    def render(one: Asset) -> dict[str, Any]:
        row = _row(world, one)
        names = set(row) - _ON_REQUEST if not mask else set(row) if "*" in mask else mask
        return {name: value for name, value in row.items() if name in names and value}

    if request.arg("orderBy"):
        found = _ordered(world, found, request.arg("orderBy"))
    return page(request, found, render, "results", default=100, most=500)


def _row(world: World, one: Asset) -> dict[str, Any]:
    data, above = one.data(), ancestors(world, one.project)
    disabled = "DISABLED" if data.get("disabled") else "ENABLED"
    return {
        "name": one.name,
        "assetType": one.kind,
        "project": one.project.resource,
        "folders": [name for name in above if name.startswith("folders/")],
        "organization": next((name for name in above if name.startswith("organizations/")), ""),
        "displayName": data.get("displayName") or data.get("name", "").rpartition("/")[2],
        "createTime": data.get("createTime") or data.get("validAfterTime", ""),
        "updateTime": micros(one.updated),
        "state": data.get("state") or data.get("lifecycleState") or disabled,
        "labels": dict(data.get("labels") or {}),
        "parentFullResourceName": one.parent,
        "versionedResources": [{"version": "v1", "resource": data}],
    }


def _ordered(world: World, found: list[Asset], order: str) -> list[Asset]:
    """Sorted by the fields of `orderBy`, such as `name, createTime DESC`."""
    for field in reversed([one.strip() for one in order.split(",")]):
        name, _, way = field.partition(" ")
        if name not in _SORTED or way.strip().lower() not in {"", "asc", "desc"}:
            raise refuse("INVALID_ARGUMENT", f"Cannot order by {field}.")
        found = sorted(found, key=partial(_value, world, name), reverse=way.strip().lower() == "desc")
    return found


def _value(world: World, field: str, one: Asset) -> str:
    return str(_row(world, one).get(field, ""))
