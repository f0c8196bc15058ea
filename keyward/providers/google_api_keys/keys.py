"""The methods of the API Keys API as keyward uses them: raw answers in, errors of the vocabulary out."""

import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from keyward.google.calls import Call
from keyward.google.errors import GoogleError, GoogleFailure
from keyward.google.operations import Operations
from keyward.google.refusals import Asked, reading, writing
from keyward.model.errors import Ambiguous, Gone, SourceError
from keyward.model.text import clean
from keyward.providers.google_api_keys.wire import key_id, local_id

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx
    from keyward.model.ids import CredentialRef

API = "apikeys"
_PAGE = 300


class Keys:
    """Sends requests about keys, and remembers which key id belongs to which uid.

    Args:
        parts: the Google parts.
    """

    def __init__(self, parts: "GoogleParts") -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._ids: dict[tuple[str, str], str] = {}

    @property
    def collection(self) -> Any:
        """The client's resource `projects.locations.keys`."""
        return self._parts.services.api(API, "projects", "locations", "keys")

    def asked(self, what: str, scope: str, permission: str) -> Asked:
        """What is asked, for messages."""
        return Asked(
            what, f"{API}.googleapis.com", scope, self._parts.identity.description, f"apikeys.keys.{permission}"
        )

    def list(self, scope: str, ctx: "Ctx") -> Iterator[dict[str, Any]]:
        """Every key of the project, deleted ones that can be restored too, as pages arrive; in no order that could be relied on.

        Raises:
            SourceError: the project could not be read.
        """
        token: str | None = None
        while True:
            request = self.collection.list(parent=_parent(scope), pageSize=_PAGE, pageToken=token, showDeleted=True)
            try:
                answer = self._parts.services.execute(request, ctx, Call(API, scope))
            except GoogleFailure as failure:
                raise self._unlisted(failure.error, scope) from None
            for item in answer.get("keys", ()):
                self.remember(scope, item)
                yield item
            token = answer.get("nextPageToken")
            if not token:
                return

    def _unlisted(self, error: GoogleError, scope: str) -> Exception:
        found = reading(error, self.asked(f"Listing the API keys of {clean(scope)}", scope, "list"))
        # A project that does not exist is a source that cannot be read, not a key that is gone.
        return SourceError(found.message, status="failed") if isinstance(found, Gone) else found

    def remember(self, scope: str, item: Mapping[str, Any]) -> None:
        """Keep the key id of this answer."""
        with self._lock:
            self._ids[scope, local_id(item)] = key_id(item)

    def by_id(self, scope: str, name: str, ctx: "Ctx") -> dict[str, Any]:
        """The key of that key id, deleted ones too.

        Raises:
            Gone: there is none.
            SourceError: it could not be read.
        """
        request = self.collection.get(name=f"{_parent(scope)}/keys/{name}")
        try:
            item = self._parts.services.execute(request, ctx, Call(API, scope))
        except GoogleFailure as failure:
            raise reading(
                failure.error, self.asked(f"Reading API key {clean(name)} of {clean(scope)}", scope, "get")
            ) from None
        self.remember(scope, item)
        return item

    def find(self, ref: "CredentialRef", ctx: "Ctx") -> dict[str, Any]:
        """The key of that id. A key id is asked for, but a uid is what keyward knows a key by; where they differ, a listing tells.

        Raises:
            Gone: there is none.
            SourceError: it could not be read.
        """
        uid = "/".join(ref.local)
        with self._lock:
            name = self._ids.get((ref.scope, uid))
        try:
            item = self.by_id(ref.scope, name or uid, ctx)
            if local_id(item) == uid:
                return item
        except Gone:
            if name is not None and name != uid:
                raise
        for item in self.list(ref.scope, ctx):
            if local_id(item) == uid:
                return item
        raise Gone(f"There is no API key {ref}.", hint="Keys are gone for good 30 days after they were deleted.")

    def resource(self, ref: "CredentialRef", ctx: "Ctx") -> str:
        """The name to send in requests about the key; asks only when the key id is not known yet.

        Raises:
            Gone: there is no such key.
            SourceError: it could not be read.
        """
        uid = "/".join(ref.local)
        with self._lock:
            name = self._ids.get((ref.scope, uid))
        return f"{_parent(ref.scope)}/keys/{name or key_id(self.find(ref, ctx))}"

    def string(self, ref: "CredentialRef", ctx: "Ctx") -> dict[str, Any]:
        """The answer of `getKeyString`: whoever calls this puts the value into a Secret at once.

        Raises:
            Gone: there is no such key, or it is deleted.
            SourceError: it could not be read.
        """
        request = self.collection.getKeyString(name=self.resource(ref, ctx))
        try:
            return self._parts.services.execute(request, ctx, Call(API, ref.scope))
        except GoogleFailure as failure:
            raise reading(failure.error, self.asked(f"Reading the value of {ref}", ref.scope, "getKeyString")) from None

    def change(self, request: Any, ctx: "Ctx", asked: Asked) -> dict[str, Any]:
        """Send a change once, and wait for its end.

        Raises:
            GoogleFailure: Google said no, definitely; nothing was done.
            SourceError: never sent, or throttled until patience ended; nothing was done.
            Ambiguous: perhaps done.
        """
        services = self._parts.services
        quick = self._parts.endpoints.loopback(API)
        try:
            operation = services.execute(request, ctx, Call(API, asked.project, "write", idempotent=False))
            return Operations(services, API, quick=quick).wait(operation, ctx, project=asked.project, what=asked.what)
        except GoogleFailure as failure:
            found = writing(failure.error, asked)
            if isinstance(found, Ambiguous | SourceError):
                raise found from None
            raise


def _parent(scope: str) -> str:
    return f"projects/{scope}/locations/global"
