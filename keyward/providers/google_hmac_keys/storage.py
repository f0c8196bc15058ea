"""The methods of Cloud Storage for HMAC keys: raw answers in, errors of the vocabulary out."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.google.refusals import Asked, reading, writing
from keyward.model.capability import Act
from keyward.model.errors import Conflict, Gone, KeywardError, Refused, SourceError
from keyward.model.text import clean

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx
    from keyward.model.ids import CredentialRef

API = "storage"
KEYS = "storage.hmacKeys"
_PAGE = 250
_WORD = re.compile(r"[A-Za-z0-9._:-]{1,254}")
_WANTED = {Act.DISABLE: "INACTIVE", Act.ENABLE: "ACTIVE"}


class Storage:
    """Sends requests about HMAC keys.

    Args:
        parts: the Google parts.
    """

    def __init__(self, parts: "GoogleParts") -> None:
        self.parts = parts

    @property
    def keys(self) -> Any:
        """The client's resource `projects.hmacKeys`."""
        return self.parts.services.api(API, "projects", "hmacKeys")

    def asked(self, what: str, scope: str, verb: str) -> Asked:
        """What is asked, for messages."""
        return Asked(what, f"{API}.googleapis.com", scope, self.parts.identity.description, f"{KEYS}.{verb}")

    def execute(self, request: Any, ctx: "Ctx", call: Call, agent: str = "") -> dict[str, Any]:
        """Send it.

        Raises:
            GoogleFailure: it failed, with what came back.
        """
        return self.parts.services.execute(request, ctx, call, agent=agent)

    def list(self, scope: str, ctx: "Ctx", email: str | None = None) -> Iterator[dict[str, Any]]:
        """The keys of the project (of one account), as pages arrive; a page may be short and still not the last.

        Raises:
            SourceError: the project could not be read.
        """
        token: str | None = None
        while True:
            request = self.keys.list(projectId=scope, maxResults=_PAGE, pageToken=token, serviceAccountEmail=email)
            try:
                answer = self.execute(request, ctx, Call(API, scope))
            except GoogleFailure as failure:
                found = reading(failure.error, self.asked(f"Listing the HMAC keys of {clean(scope)}", scope, "list"))
                # A project that does not exist is a source that cannot be read, not a key that is gone.
                raise SourceError(found.message, status="failed") if isinstance(found, Gone) else found from None
            yield from answer.get("items", ())
            token = answer.get("nextPageToken")
            if not token:
                return

    def get(self, ref: "CredentialRef", ctx: "Ctx") -> dict[str, Any]:
        """The key's metadata, a deleted one's too as long as Google shows it.

        Raises:
            Gone: there is none.
            SourceError: it could not be read.
        """
        request = self.keys.get(projectId=ref.scope, accessId=access_id(ref))
        try:
            return self.execute(request, ctx, Call(API, ref.scope))
        except GoogleFailure as failure:
            raise reading(failure.error, self.asked(f"Reading {ref}", ref.scope, "get")) from None

    def act(self, act: Act, ref: "CredentialRef", ctx: "Ctx", etag: str) -> None:
        """Disable, enable or delete; returns when it is so already. Only a key that is disabled can be deleted.

        Raises:
            Conflict, Gone, Refused, SourceError, Ambiguous: as `Provider.act` says.
        """
        if act is Act.RESTORE:
            raise Refused(f"{ref} cannot be restored: Google deletes HMAC keys for good.", reason="unsupported")
        if act is not Act.REVOKE:
            self._switch(ref, _WANTED[act], ctx, etag)
            return
        try:
            item = self.get(ref, ctx)
            if item.get("state") == "DELETED":
                return
            self._switch(ref, "INACTIVE", ctx, etag)
        except Gone:
            return
        self._delete(ref, ctx)

    def _switch(self, ref: "CredentialRef", state: str, ctx: "Ctx", etag: str) -> None:
        item = self.get(ref, ctx)
        if item.get("state") == state:
            return
        if item.get("state") == "DELETED":
            raise Gone(f"{ref} is deleted for good.")
        body = {"state": state, "etag": etag or item.get("etag")}
        asked = self.asked(f"Changing {ref}", ref.scope, "update")
        request = self.keys.update(projectId=ref.scope, accessId=access_id(ref), body=body)
        try:
            self.execute(request, ctx, Call(API, ref.scope, "write"))
        except GoogleFailure as failure:
            self._settled(ref, ctx, {state}, _change(failure, asked))

    def _delete(self, ref: "CredentialRef", ctx: "Ctx") -> None:
        request = self.keys.delete(projectId=ref.scope, accessId=access_id(ref))
        try:
            self.execute(request, ctx, Call(API, ref.scope, "write"))
        except GoogleFailure as failure:
            trouble = _change(failure, self.asked(f"Deleting {ref}", ref.scope, "delete"))
            if not isinstance(trouble, Gone):
                self._settled(ref, ctx, {"DELETED"}, trouble)

    def _settled(self, ref: "CredentialRef", ctx: "Ctx", wanted: set[str], trouble: KeywardError) -> None:
        """After trouble the key itself tells whether it was done."""
        try:
            state = self.get(ref, ctx).get("state")
        except Gone:
            state = "DELETED"
        except KeywardError:
            raise trouble from None
        if state not in wanted:
            raise trouble


def access_id(ref: "CredentialRef") -> str:
    """The access id in the id of a key.

    Raises:
        Gone: an id that no key of this provider can have.
    """
    if len(ref.local) != 1 or not (_WORD.fullmatch(ref.local[0]) and _WORD.fullmatch(ref.scope)):
        raise Gone(f"{ref} is no id of an HMAC key.", hint="Such ids are google-hmac-keys:PROJECT/ACCESS-ID.")
    return ref.local[0]


def _change(failure: GoogleFailure, asked: Asked) -> KeywardError:
    if failure.error.code == 412:
        return Conflict(f"{asked.what}: it was changed meanwhile.", hint="Read it again and decide anew.")
    return writing(failure.error, asked)
