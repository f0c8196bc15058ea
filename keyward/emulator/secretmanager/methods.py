"""Every method of the service once: its name on gRPC, its path on HTTP, its permission and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keyward.emulator.secretmanager import policies, refusals, secrets, versions
from keyward.emulator.secretmanager.book import Book
from keyward.emulator.secretmanager.resources import Guard, Parent, Ref

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyward.emulator.projects import Project
    from keyward.emulator.secretmanager.resources import Json
    from keyward.emulator.world import World

_COLLECTIONS = {"projects", "locations", "secrets", "versions"}


@dataclass(frozen=True, slots=True)
class Call:
    """One request, the same whichever transport brought it."""

    book: Book
    project: Project
    ref: Ref
    fields: Json
    """The gRPC request message in JSON spelling, without the resource name."""
    stale: str
    """The status for an etag that does not match."""
    caller: str = ""
    """E-mail of the service account that calls, where its token tells it."""

    @classmethod
    def to(cls, world: World, project: Project | None, resource: str, fields: Json, caller: str = "") -> Call:
        """The call on a resource such as `projects/p/secrets/s/versions/3`.

        Raises:
            ApiError: INVALID_ARGUMENT for a name that is none of this service.
        """
        steps = resource.split("/")
        named = dict(zip(steps[::2], steps[1::2], strict=False))
        if project is None or len(steps) % 2 or not set(named) <= _COLLECTIONS:
            raise refusals.invalid(f"Invalid resource name [{resource}].")
        return cls(
            book=world.state(Book),
            project=project,
            ref=Ref(
                Parent(str(project.number), named.get("locations", "")),
                named.get("secrets") or str(fields.get("secretId") or ""),
                named.get("versions", ""),
            ),
            fields=fields,
            stale=world.behaviour.etag_mismatch,
            caller=caller,
        )

    def guard(self, etag: str) -> Guard:
        """The etag that must match, if the caller sent one."""
        return Guard(etag, self.stale)

    def text(self, name: str) -> str:
        """A field of the request as text, empty when absent."""
        return str(self.fields.get(name) or "")

    def message(self, name: str) -> Json:
        """A field of the request that is itself a message.

        Raises:
            ApiError: INVALID_ARGUMENT when it is something else.
        """
        value = self.fields.get(name) or {}
        if not isinstance(value, dict):
            raise refusals.invalid(f"Invalid value at '{name}': an object is expected.")
        return value

    def page(self) -> dict[str, Any]:
        """The arguments of a list.

        Raises:
            ApiError: INVALID_ARGUMENT for a page size that is no number.
        """
        try:
            size = int(self.fields.get("pageSize") or 0)
        except ValueError:
            raise refusals.invalid("Invalid value at 'page_size' (TYPE_INT32).") from None
        return {"size": size, "token": self.text("pageToken"), "query": self.text("filter")}


@dataclass(frozen=True, slots=True)
class Method:
    """One method."""

    grpc: str
    """Name of the gRPC method."""
    rest: str
    """Name in the discovery document, after the collection of the parent."""
    verb: str
    """HTTP verb."""
    tail: str
    """The HTTP path after the project or region."""
    permission: str
    quota: str
    run: Callable[[Call], Json]
    body: str = ""
    """Field of the gRPC request that is the HTTP body; `*` is the whole request, empty is none."""


def _change(
    act: Callable[[Book, Ref, Guard], Json],
) -> Callable[[Call], Json]:
    return lambda call: act(call.book, call.ref, call.guard(call.text("etag")))


def _update(call: Call) -> Json:
    body, mask = call.message("secret"), call.text("updateMask")
    return secrets.update(call.book, call.ref, body, mask, call.guard(str(body.get("etag") or "")))


_ALL = "/secrets"
_ONE = "/secrets/*"
_VERSIONS = "/secrets/*/versions"
_VERSION = "/secrets/*/versions/*"

METHODS = (
    Method(
        "ListSecrets", "secrets.list", "GET", _ALL, "secretmanager.secrets.list", "read",
        lambda call: secrets.list_page(call.book, call.ref.parent, **call.page()),
    ),
    Method(
        "CreateSecret", "secrets.create", "POST", _ALL, "secretmanager.secrets.create", "write",
        lambda call: secrets.create(call.book, call.ref, call.message("secret")), "secret",
    ),
    Method(
        "AddSecretVersion", "secrets.addVersion", "POST", f"{_ONE}:addVersion", "secretmanager.versions.add", "write",
        lambda call: versions.add(call.book, call.ref, call.message("payload")), "*",
    ),
    Method(
        "GetSecret", "secrets.get", "GET", _ONE, "secretmanager.secrets.get", "read",
        lambda call: secrets.get(call.book, call.ref),
    ),
    Method("UpdateSecret", "secrets.patch", "PATCH", _ONE, "secretmanager.secrets.update", "write", _update, "secret"),
    Method(
        "DeleteSecret", "secrets.delete", "DELETE", _ONE, "secretmanager.secrets.delete", "write",
        lambda call: secrets.delete(call.book, call.ref, call.guard(call.text("etag"))),
    ),
    Method(
        "ListSecretVersions", "secrets.versions.list", "GET", _VERSIONS, "secretmanager.versions.list", "read",
        lambda call: versions.list_page(call.book, call.ref, **call.page()),
    ),
    Method(
        "AccessSecretVersion", "secrets.versions.access", "GET", f"{_VERSION}:access", "secretmanager.versions.access",
        "access", lambda call: versions.access(call.book, call.ref),
    ),
    Method(
        "GetSecretVersion", "secrets.versions.get", "GET", _VERSION, "secretmanager.versions.get", "read",
        lambda call: versions.get(call.book, call.ref),
    ),
    Method(
        "DisableSecretVersion", "secrets.versions.disable", "POST", f"{_VERSION}:disable",
        "secretmanager.versions.disable", "write", _change(versions.disable), "*",
    ),
    Method(
        "EnableSecretVersion", "secrets.versions.enable", "POST", f"{_VERSION}:enable",
        "secretmanager.versions.enable", "write", _change(versions.enable), "*",
    ),
    Method(
        "DestroySecretVersion", "secrets.versions.destroy", "POST", f"{_VERSION}:destroy",
        "secretmanager.versions.destroy", "write", _change(versions.destroy), "*",
    ),
    Method(
        "GetIamPolicy", "secrets.getIamPolicy", "GET", f"{_ONE}:getIamPolicy",
        "secretmanager.secrets.getIamPolicy", "read",
        lambda call: policies.get(call.book, call.ref),
    ),
    Method(
        "SetIamPolicy", "secrets.setIamPolicy", "POST", f"{_ONE}:setIamPolicy",
        "secretmanager.secrets.setIamPolicy", "write",
        lambda call: policies.replace(call.book, call.ref, call.message("policy")), "*",
    ),
    Method(
        "TestIamPermissions", "secrets.testIamPermissions", "POST", f"{_ONE}:testIamPermissions", "", "read",
        lambda call: policies.held(
            call.book, call.ref, list(call.fields.get("permissions") or []), call.project, call.caller
        ), "*",
    ),
)  # fmt: skip
"""All methods on secrets and versions."""
