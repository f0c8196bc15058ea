"""IAM v1: service accounts. Their keys are in `accountkeys`."""

from __future__ import annotations

import base64
import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from keyward.emulator.errors import permission_denied, refuse
from keyward.emulator.paging import page
from keyward.emulator.routing import Route, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keyward.emulator.projects import Project
    from keyward.emulator.routing import Request, Response
    from keyward.emulator.world import World

SERVICE = Service("iam.googleapis.com", "Identity and Access Management (IAM) API", "iam.v1")

_PARENT = "/v1/projects/{project}/serviceAccounts"

Handler: TypeAlias = "Callable[[Request, ServiceAccount], dict[str, Any] | Response]"


@dataclass(slots=True)
class ServiceAccount:
    """One service account."""

    project_id: str
    email: str
    unique_id: str
    display_name: str = ""
    disabled: bool = False

    def resource(self) -> dict[str, Any]:
        """Give the JSON resource; IAM names the project by id."""
        out: dict[str, Any] = {
            "name": f"projects/{self.project_id}/serviceAccounts/{self.email}",
            "projectId": self.project_id,
            "uniqueId": self.unique_id,
            "email": self.email,
            "displayName": self.display_name,
            "etag": base64.b64encode(self.unique_id[:8].encode()).decode(),
            "oauth2ClientId": self.unique_id,
            "disabled": self.disabled,
        }
        return {name: value for name, value in out.items() if value}


class ServiceAccounts:
    """The service accounts of all projects."""

    slot: ClassVar[str] = "iam"

    def __init__(self, world: World) -> None:
        self._world = world
        self._accounts: dict[str, ServiceAccount] = {}
        self._by_number: dict[str, ServiceAccount] = {}
        self._by_project: dict[str, list[ServiceAccount]] = {}

    def plant(
        self, project: Project, account_id: str, *, display_name: str = "", disabled: bool = False, unique_id: str = ""
    ) -> ServiceAccount:
        """Put an account into a project; its e-mail is made from both ids, a missing unique id is made up."""
        email = f"{account_id}@{project.id}.iam.gserviceaccount.com"
        number = unique_id or self._world.ids.digits(21)
        return self._put(ServiceAccount(project.id, email, number, display_name, disabled))

    def by_email(self, email: str) -> ServiceAccount | None:
        """Give an account by e-mail or unique id, or None."""
        return self._accounts.get(email) or self._by_number.get(email)

    def of(self, project: Project) -> list[ServiceAccount]:
        """Give the accounts of a project."""
        return list(self._by_project.get(project.id, ()))

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON values."""
        return {"accounts": [dataclasses.asdict(one) for one in self._accounts.values()]}

    def load(self, data: Mapping[str, Any]) -> None:
        """Take back what `dump` gave."""
        for one in data["accounts"]:
            self._put(ServiceAccount(**one))

    def _put(self, account: ServiceAccount) -> ServiceAccount:
        self._accounts[account.email] = self._by_number[account.unique_id] = account
        self._by_project.setdefault(account.project_id, []).append(account)
        self._world.dirty = True
        return account


def routes() -> list[Route]:
    """Give the routes of the service."""
    rpc = "iam.projects.serviceAccounts"
    one = _PARENT + "/{account}"
    return [
        Route(SERVICE, "GET", _PARENT, _list, f"{rpc}.list", "iam.serviceAccounts.list"),
        Route(SERVICE, "POST", _PARENT, _create, f"{rpc}.create", "iam.serviceAccounts.create", "write"),
        account_route("GET", one, _get, f"{rpc}.get", "iam.serviceAccounts.get"),
        account_route("POST", one + ":disable", _switch, f"{rpc}.disable", "iam.serviceAccounts.disable"),
        account_route("POST", one + ":enable", _switch, f"{rpc}.enable", "iam.serviceAccounts.enable"),
    ]


def account_route(method: str, template: str, handler: Handler, rpc: str, permission: str) -> Route:
    """Give a route below one account: `projects/-` means the account's own project."""

    def handle(request: Request) -> dict[str, Any] | Response:
        return handler(request, account_of(request, permission))

    quota = "read" if method == "GET" else "write"
    return Route(SERVICE, method, template, handle, rpc, permission, quota, names=_own_project)


def account_of(request: Request, permission: str) -> ServiceAccount:
    """Give the account that the path names.

    Raises:
        ApiError: 404, or 403 under `projects/-`, where Google does not tell a missing account from a forbidden one.
    """
    name = request.params["account"]
    account = request.world.state(ServiceAccounts).by_email(name)
    if request.params["project"] == "-":
        if account is None:
            raise permission_denied(permission, f"//{SERVICE.name}/projects/-/serviceAccounts/{name}")
        return account
    if account is None or account.project_id != request.owner.id:
        raise refuse("NOT_FOUND", f"Unknown service account: {name}")
    return account


def _own_project(request: Request) -> str:
    account = request.world.state(ServiceAccounts).by_email(request.params["account"])
    return account.project_id if account else ""


def _list(request: Request) -> dict[str, Any]:
    accounts = request.world.state(ServiceAccounts).of(request.owner)
    return page(request, accounts, lambda account: account.resource(), "accounts", default=20, most=100)


def _create(request: Request) -> dict[str, Any]:
    body, state = request.json(), request.world.state(ServiceAccounts)
    account_id = str(body.get("accountId") or "")
    if not 6 <= len(account_id) <= 30:
        raise refuse("INVALID_ARGUMENT", "The account ID must be between 6 and 30 characters.")
    if state.by_email(f"{account_id}@{request.owner.id}.iam.gserviceaccount.com"):
        message = f"Service account {account_id} already exists within project projects/{request.owner.id}."
        raise refuse("ALREADY_EXISTS", message)
    display_name = str((body.get("serviceAccount") or {}).get("displayName") or "")
    return state.plant(request.owner, account_id, display_name=display_name).resource()


def _get(_: Request, account: ServiceAccount) -> dict[str, Any]:
    return account.resource()


def _switch(request: Request, account: ServiceAccount) -> dict[str, Any]:
    account.disabled = request.path.endswith(":disable")
    return {}
