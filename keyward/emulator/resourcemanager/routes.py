"""The methods of Resource Manager over HTTP: v3, and what stock gcloud still asks of v1."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from keyward.emulator.clock import micros
from keyward.emulator.errors import permission_denied, refuse
from keyward.emulator.paging import page
from keyward.emulator.resourcemanager.tree import Node, Tree
from keyward.emulator.routing import Route, Service

if TYPE_CHECKING:
    from keyward.emulator.projects import Project
    from keyward.emulator.routing import Request

V3 = Service("cloudresourcemanager.googleapis.com", "Cloud Resource Manager API", "cloudresourcemanager.v3")
V1 = Service("cloudresourcemanager.googleapis.com", "Cloud Resource Manager API", "cloudresourcemanager.v1")

_GET = "resourcemanager.projects.get"
_UPDATE = "resourcemanager.projects.update"
_POLICY = "resourcemanager.projects.getIamPolicy"
_SET_POLICY = "resourcemanager.projects.setIamPolicy"
_TERM = re.compile(r"([\w.-]+)\s*[:=]\s*(?:\"([^\"]*)\"|([^\s()]+))")


def routes() -> list[Route]:
    """Give the routes of the service."""
    crm = "cloudresourcemanager"
    return [
        Route(V3, "GET", "/v3/projects:search", _search, f"{crm}.projects.search"),
        Route(V3, "GET", "/v3/projects", _children, f"{crm}.projects.list"),
        Route(V3, "GET", "/v3/projects/{project}", lambda r: _v3(r.owner), f"{crm}.projects.get", _GET),
        Route(V3, "POST", "/v3/projects/{p}:testIamPermissions", _test, f"{crm}.projects.testIamPermissions"),
        Route(V3, "POST", "/v3/projects/{p}:getIamPolicy", _policy, f"{crm}.projects.getIamPolicy", _POLICY),
        Route(V3, "POST", "/v3/projects/{p}:setIamPolicy", _set_policy, f"{crm}.projects.setIamPolicy", _SET_POLICY),
        Route(V3, "GET", "/v3/organizations:search", _organizations, f"{crm}.organizations.search"),
        Route(V3, "GET", "/v3/organizations/{id}", _node, f"{crm}.organizations.get"),
        Route(V3, "GET", "/v3/folders:search", _folders, f"{crm}.folders.search"),
        Route(V3, "GET", "/v3/folders", _folders, f"{crm}.folders.list"),
        Route(V3, "GET", "/v3/folders/{id}", _node, f"{crm}.folders.get"),
        Route(V1, "GET", "/v1/projects", _list_v1, f"{crm}.projects.list"),
        Route(V1, "GET", "/v1/projects/{project}", lambda r: _v1(r.owner), f"{crm}.projects.get", _GET),
        Route(V1, "PUT", "/v1/projects/{project}", _update_v1, f"{crm}.projects.update", _UPDATE),
        Route(V1, "POST", "/v1/projects/{p}:testIamPermissions", _test, f"{crm}.projects.testIamPermissions"),
        Route(V1, "POST", "/v1/projects/{p}:getIamPolicy", _policy, f"{crm}.projects.getIamPolicy", _POLICY),
        Route(V1, "POST", "/v1/projects/{p}:setIamPolicy", _set_policy, f"{crm}.projects.setIamPolicy", _SET_POLICY),
    ]


def _visible(request: Request) -> list[Project]:
    return [project for project in request.world.projects() if not project.denies(_GET, request.principal)]


def _v3(project: Project) -> dict[str, Any]:
    out = {
        "name": project.resource,
        "parent": project.parent,
        "projectId": project.id,
        "state": project.state,
        "displayName": project.name,
        "createTime": micros(project.create_time),
        "updateTime": micros(project.create_time),
        "etag": f'W/"{project.number:x}"',
        "labels": dict(project.labels),
    }
    return {name: value for name, value in out.items() if value}


def _v1(project: Project) -> dict[str, Any]:
    out: dict[str, Any] = {
        "projectNumber": str(project.number),
        "projectId": project.id,
        "lifecycleState": project.state,
        "name": project.name,
        "createTime": micros(project.create_time),
        "labels": dict(project.labels),
    }
    if project.parent:
        kind, _, number = project.parent.partition("/")
        out["parent"] = {"type": kind.removesuffix("s"), "id": number}
    return {name: value for name, value in out.items() if value}


def _fields(project: Project) -> dict[str, str]:
    kind, _, number = project.parent.partition("/")
    names = {
        "id": project.id,
        "projectid": project.id,
        "name": project.name,
        "displayname": project.name,
        "state": project.state,
        "lifecyclestate": project.state,
        "parent": project.parent,
        "parent.type": kind.removesuffix("s"),
        "parent.id": number,
        "projectnumber": str(project.number),
    }
    return names | {f"labels.{name.lower()}": value for name, value in project.labels.items()}


def _matches(project: Project, query: str) -> list[bool]:
    fields = _fields(project)
    return [
        fnmatchcase(fields.get(name.lower(), "").lower(), (quoted or word).lower())
        for name, quoted, word in _TERM.findall(query)
    ]


def _search(request: Request) -> dict[str, Any]:
    # Google documents that search returns what matches any of the conditions.
    found = [project for project in _visible(request) if any(_matches(project, request.arg("query")) or [True])]
    return page(request, found, _v3, "projects", default=500, most=500)


def _children(request: Request) -> dict[str, Any]:
    found = [project for project in _visible(request) if project.parent == request.arg("parent")]
    return page(request, found, _v3, "projects", default=500, most=500)


def _list_v1(request: Request) -> dict[str, Any]:
    found = [project for project in _visible(request) if all(_matches(project, request.arg("filter")))]
    return page(request, found, _v1, "projects", default=500, most=500)


def _test(request: Request) -> dict[str, Any]:
    held = [one for one in request.json().get("permissions", []) if not request.owner.denies(one, request.principal)]
    return {"permissions": held} if held else {}


def _policy(request: Request) -> dict[str, Any]:
    project = request.owner
    said = json.dumps([project.number, project.bindings, project.audit_configs], sort_keys=True)
    etag = base64.b64encode(hashlib.sha256(said.encode()).digest()[:8]).decode()
    logs = {"auditConfigs": [dict(one) for one in project.audit_configs]} if project.audit_configs else {}
    return {"version": 3, "etag": etag, "bindings": [dict(one) for one in project.bindings], **logs}


def _update_v1(request: Request) -> dict[str, Any]:
    """Name and labels are all that this method changes."""
    body = request.json()
    request.owner.name = str(body.get("name", request.owner.name))
    request.owner.labels = {str(name): str(value) for name, value in (body.get("labels") or {}).items()}
    return _v1(request.owner)


def _set_policy(request: Request) -> dict[str, Any]:
    policy = request.json().get("policy", {})
    given = str(policy.get("etag", "")).replace("-", "+").replace("_", "/")  # as gcloud writes it
    if given not in {"", _policy(request)["etag"]}:
        raise refuse("ABORTED", "There were concurrent policy changes. Please retry the whole read-modify-write.")
    if "auditConfigs" in str(request.json().get("updateMask", "")):  # left alone without it, as Google documents
        request.owner.audit_configs = [dict(one) for one in policy.get("auditConfigs", ())]
    request.owner.bindings = [dict(one) for one in policy.get("bindings", ()) if one.get("members")]
    return _policy(request)


def _organizations(request: Request) -> dict[str, Any]:
    nodes = [
        node
        for node in request.world.state(Tree).nodes("organizations")
        if not node.denies("resourcemanager.organizations.get")
    ]
    return page(request, nodes, Node.resource, "organizations", default=50, most=500)


def _folders(request: Request) -> dict[str, Any]:
    parent = request.arg("parent")
    for name, quoted, word in _TERM.findall(request.arg("query")):
        parent = (quoted or word) if name == "parent" else parent
    nodes = [
        node
        for node in request.world.state(Tree).nodes("folders")
        if (not parent or node.parent == parent) and not node.denies("resourcemanager.folders.get")
    ]
    return page(request, nodes, Node.resource, "folders", default=50, most=500)


def _node(request: Request) -> dict[str, Any]:
    name = request.path.removeprefix("/v3/")
    node = request.world.state(Tree).get(name)
    kind = name.partition("/")[0]
    if node is None or node.denies(f"resourcemanager.{kind}.get"):
        raise permission_denied(f"resourcemanager.{kind}.get", f"//{V3.name}/{name}")
    return node.resource()
