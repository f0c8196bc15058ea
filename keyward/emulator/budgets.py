"""Cloud Billing Budgets v1: the budgets of billing accounts. Nothing is ever counted or capped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from keyward.emulator.errors import permission_denied, refuse
from keyward.emulator.paging import page
from keyward.emulator.routing import Route, Service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyward.emulator.routing import Request
    from keyward.emulator.world import World

SERVICE = Service("billingbudgets.googleapis.com", "Cloud Billing Budget API", "billingbudgets.v1")

_ABOVE = "/v1/billingAccounts/{account}/budgets"


class Budgets:
    """The budgets of all accounts."""

    slot: ClassVar[str] = "budgets"

    def __init__(self, world: World) -> None:
        self._world = world
        self._made: dict[str, dict[str, Any]] = {}
        self.denied: set[str] = set()
        """Accounts (`billingAccounts/X`) whose budgets the caller may not read or change."""

    def plant(self, account: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make a budget of an account; gives the resource, which names projects by number as Google does."""
        name = f"{account}/budgets/{self._world.ids.uuid()}"
        limits = body.get("budgetFilter", {})
        projects = [self._numbered(one) for one in limits.get("projects", ())]
        kept = {**limits, "projects": projects} if projects else dict(limits)
        self._made[name] = {**body, "budgetFilter": kept, "name": name, "etag": self._world.ids.hexadecimal(16)}
        self._world.dirty = True
        return self._made[name]

    def of(self, account: str) -> list[dict[str, Any]]:
        """All of an account, oldest first."""
        return [one for name, one in self._made.items() if name.startswith(f"{account}/")]

    def get(self, name: str) -> dict[str, Any]:
        """One of them.

        Raises:
            ApiError: NOT_FOUND.
        """
        if name not in self._made:
            raise refuse("NOT_FOUND", "Requested entity was not found.")
        return self._made[name]

    def delete(self, name: str) -> None:
        """Take one away."""
        del self._made[self.get(name)["name"]]

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON values."""
        return {"made": list(self._made.values()), "denied": sorted(self.denied)}

    def load(self, data: Mapping[str, Any]) -> None:
        """Take back what `dump` gave."""
        self._made = {one["name"]: one for one in data["made"]}
        self.denied = set(data["denied"])

    def _numbered(self, name: str) -> str:
        project = self._world.known(name.removeprefix("projects/"))
        return project.resource if project is not None else name


def routes() -> list[Route]:
    """Give the routes of the service."""
    rpc, one = "billingbudgets.billingAccounts.budgets", f"{_ABOVE}/{{id}}"
    return [
        Route(SERVICE, "GET", _ABOVE, _list, f"{rpc}.list"),
        Route(SERVICE, "POST", _ABOVE, _create, f"{rpc}.create"),
        Route(SERVICE, "GET", one, lambda request: _state(request, "get").get(_name(request)), f"{rpc}.get"),
        Route(SERVICE, "DELETE", one, _delete, f"{rpc}.delete"),
    ]


def _state(request: Request, verb: str) -> Budgets:
    """The budgets, for a caller who may do that with those of the account."""
    found, account = request.world.state(Budgets), f"billingAccounts/{request.params['account']}"
    if account in found.denied:
        raise permission_denied(f"billing.budgets.{verb}", f"//cloudbilling.googleapis.com/{account}")
    return found


def _name(request: Request) -> str:
    return request.path.removeprefix("/v1/")


def _list(request: Request) -> dict[str, Any]:
    found = _state(request, "list").of(f"billingAccounts/{request.params['account']}")
    return page(request, found, lambda one: one, "budgets", default=100, most=1000)


def _create(request: Request) -> dict[str, Any]:
    body = request.json()
    if not body.get("amount"):
        raise refuse("INVALID_ARGUMENT", "Request contains an invalid argument.")
    return _state(request, "create").plant(f"billingAccounts/{request.params['account']}", body)


def _delete(request: Request) -> dict[str, Any]:
    _state(request, "delete").delete(_name(request))
    return {}
