"""The methods of IAM v1 as keyward uses them: raw answers in, errors of the vocabulary out."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.google.refusals import Asked, reading
from keyward.model.errors import Gone, SourceError
from keyward.model.text import clean

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx
    from keyward.model.ids import CredentialRef

API = "iam"
KEYS = "iam.serviceAccountKeys"
ACCOUNTS = "iam.serviceAccounts"
_PAGE = 100
_WORD = re.compile(r"[A-Za-z0-9@._:-]{1,254}")
"""What ids of projects, accounts and keys are made of; anything else would change the address that is asked."""


class Iam:
    """Sends requests about service accounts and their keys.

    Args:
        parts: the Google parts.
    """

    def __init__(self, parts: "GoogleParts") -> None:
        self.parts = parts

    @property
    def keys(self) -> Any:
        """The client's resource `projects.serviceAccounts.keys`."""
        return self.parts.services.api(API, "projects", "serviceAccounts", "keys")

    @property
    def accounts(self) -> Any:
        """The client's resource `projects.serviceAccounts`."""
        return self.parts.services.api(API, "projects", "serviceAccounts")

    def asked(self, what: str, scope: str, permission: str) -> Asked:
        """What is asked, for messages; the permission by its full name."""
        return Asked(what, f"{API}.googleapis.com", scope, self.parts.identity.description, permission)

    def execute(self, request: Any, ctx: "Ctx", call: Call, agent: str = "") -> dict[str, Any]:
        """Send it.

        Raises:
            GoogleFailure: it failed, with what came back.
            Interrupted: cancelled.
        """
        return self.parts.services.execute(request, ctx, call, agent=agent)

    def list_accounts(self, scope: str, ctx: "Ctx") -> Iterator[dict[str, Any]]:
        """Every service account of the project, as pages arrive.

        Raises:
            SourceError: the project could not be read.
        """
        token: str | None = None
        while True:
            request = self.accounts.list(name=f"projects/{scope}", pageSize=_PAGE, pageToken=token)
            answer = self._read(request, ctx, self._listing(scope), missing="failed")
            yield from answer.get("accounts", ())
            token = answer.get("nextPageToken")
            if not token:
                return

    def _listing(self, scope: str) -> Asked:
        return self.asked(f"Listing the service accounts of {clean(scope)}", scope, f"{ACCOUNTS}.list")

    def list_keys(self, scope: str, email: str, ctx: "Ctx") -> tuple[dict[str, Any], ...]:
        """The user-managed keys of an account, in one answer. One that was made seconds ago may be missing.

        Raises:
            Gone: there is no such account.
            SourceError: they could not be read.
        """
        request = self.keys.list(name=account(scope, email), keyTypes=["USER_MANAGED"])
        asked = self.asked(f"Listing the keys of {clean(email)}", scope, f"{KEYS}.list")
        found = self._read(request, ctx, asked).get("keys", ())
        return tuple(item for item in found if isinstance(item, dict))

    def get_account(self, scope: str, email: str, ctx: "Ctx") -> dict[str, Any]:
        """The account.

        Raises:
            Gone: there is none.
            SourceError: it could not be read.
        """
        asked = self.asked(f"Reading service account {clean(email)}", scope, f"{ACCOUNTS}.get")
        return self._read(self.accounts.get(name=account(scope, email)), ctx, asked)

    def get_key(self, ref: "CredentialRef", ctx: "Ctx", *, certificate: bool = False) -> dict[str, Any]:
        """The key, also one that a list misses.

        Raises:
            Gone: there is none.
            SourceError: it could not be read.
        """
        more = {"publicKeyType": "TYPE_X509_PEM_FILE"} if certificate else {}
        request = self.keys.get(name=resource(ref), **more)
        return self._read(request, ctx, self.asked(f"Reading {ref}", ref.scope, f"{KEYS}.get"))

    def _read(self, request: Any, ctx: "Ctx", asked: Asked, *, missing: str = "") -> dict[str, Any]:
        try:
            return self.execute(request, ctx, Call(API, asked.project))
        except GoogleFailure as failure:
            found = reading(failure.error, asked)
            if missing and isinstance(found, Gone):
                # A project that does not exist is a source that cannot be read, not a key that is gone.
                raise SourceError(found.message, status=missing) from None
            raise found from None


def account(scope: str, email: str) -> str:
    """The resource name of an account; with the project in it a missing account is told from a forbidden one.

    Raises:
        Gone: names that no project or account can have.
    """
    if not (_WORD.fullmatch(scope) and _WORD.fullmatch(email)):
        raise Gone(f"There is no service account {clean(email)!r} in {clean(scope)!r}.")
    return f"projects/{scope}/serviceAccounts/{email}"


def email_of(ref: "CredentialRef") -> str:
    """The account's address in the id of a key.

    Raises:
        Gone: an id that no key of this provider can have.
    """
    if len(ref.local) != 2 or not _WORD.fullmatch(ref.local[1]):
        raise Gone(f"{ref} is no id of a service account key.", hint="Such ids are google-sa-keys:PROJECT/EMAIL/KEY.")
    return ref.local[0]


def resource(ref: "CredentialRef") -> str:
    """The resource name of a key.

    Raises:
        Gone: an id that no key of this provider can have.
    """
    return f"{account(ref.scope, email_of(ref))}/keys/{ref.local[1]}"
