"""IAM v1, as far as API keys need it: the service accounts that keys are bound to."""

from __future__ import annotations

import base64
import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from keyward.emulator.errors import permission_denied, refuse
from keyward.emulator.paging import page
from keyward.emulator.routing import Route, Service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyward.emulator.projects import Project
    from keyward.emulator.routing import Request
    from keyward.emulator.world import World

SERVICE = Service("iam.googleapis.com", "Identity and Access Management (IAM) API", "iam.v1")

_PARENT = "/v1/projects/{project}/serviceAccounts"


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

    def plant(
        self, project: Project, account_id: str, *, display_name: str = "", disabled: bool = False
    ) -> ServiceAccount:
        """Put an account into a project; its e-mail is made from both ids."""
        email = f"{account_id}@{project.id}.iam.gserviceaccount.com"
        account = ServiceAccount(project.id, email, self._world.ids.digits(21), display_name, disabled)
        self._accounts[email] = account
        self._world.dirty = True
        return account

    def by_email(self, email: str) -> ServiceAccount | None:
        """Give an account by e-mail or unique id, or None."""
        found = self._accounts.get(email)
        return found or next((one for one in self._accounts.values() if one.unique_id == email), None)

    def of(self, project: Project) -> list[ServiceAccount]:
        """Give the accounts of a project."""
        return [one for one in self._accounts.values() if one.project_id == project.id]

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON values."""
        return {"accounts": [dataclasses.asdict(one) for one in self._accounts.values()]}

    def load(self, data: Mapping[str, Any]) -> None:
        """Take back what `dump` gave."""
        self._accounts = {one["email"]: ServiceAccount(**one) for one in data["accounts"]}


def routes() -> list[Route]:
    """Give the routes of the service."""
    rpc = "iam.projects.serviceAccounts"
    return [
        Route(SERVICE, "GET", _PARENT, _list, f"{rpc}.list", "iam.serviceAccounts.list"),
        Route(SERVICE, "POST", _PARENT, _create, f"{rpc}.create", "iam.serviceAccounts.create", "write"),
        Route(SERVICE, "GET", _PARENT + "/{account}", _get, f"{rpc}.get", "iam.serviceAccounts.get"),
    ]


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


def _get(request: Request) -> dict[str, Any]:
    name = request.params["account"]
    account = request.world.state(ServiceAccounts).by_email(name)
    if request.params["project"] != "-":
        if account is None or account.project_id != request.owner.id:
            raise refuse("NOT_FOUND", f"Unknown service account: {name}")
        return account.resource()
    # With the wildcard, Google does not tell a missing account from a forbidden one.
    owner = request.world.known(account.project_id) if account else None
    if account is None or owner is None or owner.denies("iam.serviceAccounts.get"):
        raise permission_denied("iam.serviceAccounts.get", f"//{SERVICE.name}/projects/-/serviceAccounts/{name}")
    return account.resource()
