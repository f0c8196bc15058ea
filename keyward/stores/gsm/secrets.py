"""Reading: secrets, versions, payloads."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from keyward.google import assets
from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.google.refusals import Asked, reading
from keyward.model.errors import Gone, KeywardError, Refused, SourceError
from keyward.model.secret import Secret
from keyward.model.secretinfo import Payload, SecretInfo
from keyward.model.text import clean
from keyward.stores.gsm import wire
from keyward.stores.gsm.client import API
from keyward.stores.interface import NOTHING_KNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyward.model.context import Ctx
    from keyward.model.ids import SecretRef
    from keyward.model.index import Indexed
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

    def all(
        self, scope: str, ctx: "Ctx", known: "Mapping[SecretRef, SecretInfo]" = NOTHING_KNOWN
    ) -> Iterator[SecretInfo]:
        """Every secret of the project with its versions; those of `known` secrets are not asked for.

        Raises:
            SourceError: the project could not be read.
        """
        project, _ = wire.place(scope)
        asked = self.asked(f"Listing the secrets of {clean(scope)}", project, "secrets.list")
        request = self.connection.messages.ListSecretsRequest(parent=wire.parent(scope), page_size=_PAGE)
        for secret in self._pages("list_secrets", request, "secrets", ctx, asked):
            one = known.get(wire.ref(secret, scope))
            if one is not None:
                told = wire.info(secret, (), scope)
                yield replace(told, versions=one.versions, current=one.current, updated=one.updated)
                continue
            try:
                versions = list(self.versions(secret.name, project, ctx))
            except Gone:
                continue  # removed since the page was made
            yield wire.info(secret, versions, scope)

    def indexed(self, roots: Sequence[str], scopes: Sequence[str], ctx: "Ctx") -> "Indexed[SecretInfo]":
        """Every secret of these projects with its versions, as the asset index has them."""
        messages = self.connection.messages

        def message(kind: Any, asset: assets.Asset) -> Any:
            return kind.from_json(json.dumps(assets.data(asset)), ignore_unknown_fields=True)

        def understand(scope: str, found: Sequence[assets.Asset]) -> "list[SecretInfo] | None":
            if not all(assets.data(one).get("name") and assets.data(one).get("createTime") for one in found):
                return None
            plain = [one for one in found if "/locations/" not in str(one.get("name"))]  # regions are other sources
            versions: dict[str, list[Any]] = {}
            for one in plain:
                if one.get("assetType") == wire.VERSION_ASSET:
                    version = message(messages.SecretVersion, one)
                    versions.setdefault(version.name.partition("/versions/")[0], []).append(version)
            secrets = [message(messages.Secret, one) for one in plain if one.get("assetType") == wire.ASSET]
            return [wire.info(one, versions.get(one.name, ()), scope) for one in secrets]

        kinds = (wire.ASSET, wire.VERSION_ASSET)
        return assets.indexed(self.connection.parts, kinds, roots, scopes, ctx, understand=understand)

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
            page = wire.plain(next(iter(pager.pages)))
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

    def get(self, ref: "SecretRef", ctx: "Ctx", *, versions: bool = True) -> SecretInfo:
        """One secret with its versions, or without them for half the price.

        Raises:
            Gone: there is no such secret.
            SourceError: it could not be read.
        """
        secret = self.raw(ref, ctx)
        if not versions:
            return replace(wire.info(secret, (), wire.scope(ref)), versions=None)
        return wire.info(secret, self.versions(wire.resource(ref), wire.project(ref), ctx), wire.scope(ref))

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
