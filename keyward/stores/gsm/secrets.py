"""Reading: secrets, versions, payloads."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.google.refusals import Asked, reading
from keyward.model.errors import Gone, KeywardError, Refused, SourceError
from keyward.model.secret import Secret
from keyward.model.secretinfo import Payload, SecretInfo
from keyward.model.text import clean
from keyward.stores.gsm import wire
from keyward.stores.gsm.client import API

if TYPE_CHECKING:
    from keyward.model.context import Ctx
    from keyward.model.ids import SecretRef
    from keyward.stores.gsm.client import Connection

_PAGE = 1000


class Secrets:
    """Asks Secret Manager without changing anything.

    Args:
        connection: to it.
    """

    def __init__(self, connection: "Connection") -> None:
        self.connection = connection

    def asked(self, what: str, project: str, permission: str) -> Asked:
        """What is asked, for messages."""
        caller = self.connection.parts.identity.description
        return Asked(what, f"{API}.googleapis.com", project, caller, f"secretmanager.{permission}")

    def all(self, scope: str, ctx: "Ctx") -> Iterator[SecretInfo]:
        """Every secret of the project with its versions.

        Raises:
            SourceError: the project could not be read.
        """
        asked = self.asked(f"Listing the secrets of {clean(scope)}", scope, "secrets.list")
        request = self.connection.messages.ListSecretsRequest(parent=f"projects/{scope}", page_size=_PAGE)
        for secret in self._pages("list_secrets", request, "secrets", ctx, asked):
            try:
                versions = list(self.versions(secret.name, scope, ctx))
            except Gone:
                continue  # removed since the page was made
            yield wire.info(secret, versions, scope)

    def versions(self, name: str, project: str, ctx: "Ctx") -> Iterator[Any]:
        """The versions of the secret of that resource name.

        Raises:
            Gone: there is no such secret.
            SourceError: they could not be read.
        """
        asked = self.asked(f"Listing the versions of {wire.last(name)}", project, "versions.list")
        request = self.connection.messages.ListSecretVersionsRequest(parent=name, page_size=_PAGE)
        return self._pages("list_secret_versions", request, "versions", ctx, asked)

    def newest(self, ref: "SecretRef", ctx: "Ctx") -> str:
        """The id of the newest version, from the first page alone (lists are newest first); empty when there is none.

        Raises:
            Gone: there is no such secret.
            SourceError: it could not be read.
        """
        asked = self.asked(f"Looking for the newest version of {ref}", wire.project(ref), "versions.list")
        request = self.connection.messages.ListSecretVersionsRequest(parent=wire.resource(ref), page_size=10)
        versions, _ = self._page("list_secret_versions", request, "versions", ctx, asked)
        return wire.newest(versions)

    def _pages(self, method: str, request: Any, field: str, ctx: "Ctx", asked: Asked) -> Iterator[Any]:
        while True:
            found, token = self._page(method, request, field, ctx, asked)
            yield from found
            if not token:
                return
            request.page_token = token

    def _page(self, method: str, request: Any, field: str, ctx: "Ctx", asked: Asked) -> tuple[list[Any], str]:
        def take(pager: Any) -> tuple[list[Any], str]:
            page = next(iter(pager.pages))
            return list(getattr(page, field)), page.next_page_token

        found: tuple[list[Any], str] = self.ask(method, request, ctx, asked, take)
        return found

    def ask(self, method: str, request: Any, ctx: "Ctx", asked: Asked, take: Any = None) -> Any:
        """Send a reading request.

        Raises:
            Gone: what it is about does not exist.
            SourceError: it could not be read.
        """
        try:
            call = Call(API, asked.project)
            return self.connection.run(method, request, ctx, call, take=take or (lambda answer: answer))
        except GoogleFailure as failure:
            found = reading(failure.error, asked)
            if isinstance(found, Gone) and asked.permission.endswith("secrets.list"):
                found = SourceError(found.message, status="failed")  # the project, not a secret
            raise found from None

    def get(self, ref: "SecretRef", ctx: "Ctx") -> SecretInfo:
        """One secret with its versions.

        Raises:
            Gone: there is no such secret.
            SourceError: it could not be read.
        """
        secret = self.raw(ref, ctx)
        return wire.info(secret, self.versions(wire.resource(ref), wire.project(ref), ctx), wire.project(ref))

    def raw(self, ref: "SecretRef", ctx: "Ctx") -> Any:
        """The library's own form of the secret.

        Raises:
            Gone: there is no such secret.
            SourceError: it could not be read.
        """
        asked = self.asked(f"Reading {ref}", wire.project(ref), "secrets.get")
        return self.ask("get_secret", {"name": wire.resource(ref)}, ctx, asked)

    def version(self, ref: "SecretRef", version: str, ctx: "Ctx") -> Any:
        """The library's own form of a version.

        Raises:
            Gone: there is no such version.
            SourceError: it could not be read.
        """
        asked = self.asked(f"Reading {ref.at(version)}", wire.project(ref), "versions.get")
        request = {"name": f"{wire.resource(ref)}/versions/{version}"}
        return self.ask("get_secret_version", request, ctx, asked)

    def read(self, ref: "SecretRef", version: str | None, ctx: "Ctx") -> Payload:
        """The payload of a version, or of the newest one; an audited read.

        Raises:
            Gone: there is no such secret or version.
            Refused: the version is disabled or destroyed.
            SourceError: it could not be read, or arrived damaged.
        """
        asked = self.asked(f"Reading the value of {ref.at(version)}", wire.project(ref), "versions.access")
        request = {"name": f"{wire.resource(ref)}/versions/{version or 'latest'}"}
        call = Call(API, wire.project(ref), "access")
        try:
            answer = self.connection.run("access_secret_version", request, ctx, call, take=lambda answer: answer)
        except GoogleFailure as failure:
            raise self._unread(failure, asked) from None
        data = bytes(answer.payload.data)
        if "data_crc32c" in answer.payload and answer.payload.data_crc32c != checksum(data):
            raise SourceError(f"{asked.what}: it arrived damaged (its checksum is another).", api=asked.api)
        number = wire.last(answer.name)
        return Payload(Secret(data), number, number)

    @staticmethod
    def _unread(failure: GoogleFailure, asked: Asked) -> KeywardError:
        if failure.error.status == "FAILED_PRECONDITION":
            return Refused(
                f"{asked.what}: {failure.error}.", reason="FAILED_PRECONDITION", hint="Enable that version, or add one."
            )
        return reading(failure.error, asked)


def checksum(data: bytes) -> int:
    """CRC32C (Castagnoli), as Secret Manager compares it."""
    import google_crc32c

    return int(google_crc32c.value(data))
