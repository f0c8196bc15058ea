"""A service account that somebody else may act as: its tokens come from the IAM Service Account Credentials API."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from google.auth import credentials

from keyward.google.errors import GoogleError, GoogleFailure
from keyward.google.http import QUOTA_HEADER
from keyward.google.reader import from_body

if TYPE_CHECKING:
    from keyward.google.credentials import Identity
    from keyward.google.endpoints import Endpoints

API = "iamcredentials"
PERMISSION = "iam.serviceAccounts.getAccessToken"
REFUSED = "IMPERSONATION_REFUSED"
"""The reason in an error of keyward's own: no token, so that the request itself was never sent."""

_LIFETIME = timedelta(hours=1)
_REMEMBERED = 10.0
"""Seconds for which a refusal is not asked for again: every request of a scan would meet the same one."""


class Impersonated(credentials.Credentials):
    """Credentials of google-auth that act as an account.

    Args:
        account: its e-mail address.
        own: who acts as it.
        endpoints: where tokens are asked for.
    """

    def __init__(self, account: str, own: "Identity", endpoints: "Endpoints") -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # google-auth is typed in part
        self.service_account_email = account
        self._own = own
        self._endpoints = endpoints
        self._refusal: tuple[float, GoogleFailure] | None = None

    def refresh(self, request: Any) -> None:
        """Fetch a token.

        Raises:
            GoogleFailure: there is none; nothing else was sent either.
            NotAllowed: nobody would ask Google for it.
        """
        if self._refusal is not None and time.monotonic() - self._refusal[0] < _REMEMBERED:
            raise self._refusal[1]
        self._own.check(API, self._endpoints)
        base, account = self._endpoints.url(API), self.service_account_email
        url = f"{base}v1/projects/-/serviceAccounts/{account}:generateAccessToken"
        headers = {"content-type": "application/json"}
        if (
            self._own.quota_project
        ):  # a person's login is charged there; without it Google refuses, or charges gcloud's own project
            headers[QUOTA_HEADER] = self._own.quota_project
        self._own.authorise(request, url, "POST", headers)
        wanted = {"scope": ["https://www.googleapis.com/auth/cloud-platform"], "lifetime": f"{_LIFETIME.seconds}s"}
        asked = datetime.now(UTC)
        answer = request(url=url, method="POST", headers=headers, body=json.dumps(wanted).encode())
        if answer.status != 200:
            raise self._refused(from_body(answer.status, answer.data))
        try:
            token = json.loads(answer.data)["accessToken"]
        except (ValueError, KeyError, TypeError):
            raise GoogleFailure(GoogleError(message=f"no access token of {account}: no answer", sent=False)) from None
        self._refusal = None
        self.token = token
        # By the lifetime that was asked for: the clock behind `expireTime` need not be this machine's.
        self.expiry = (asked + _LIFETIME).replace(tzinfo=None)

    def _refused(self, error: GoogleError) -> GoogleFailure:
        account = self.service_account_email
        if error.transient:
            return GoogleFailure(GoogleError(message=f"no access token of {account}: {error}", sent=False))
        metadata = {"account": account, "caller": self._own.description}
        code, status = (400, "FAILED_PRECONDITION") if error.status == "NOT_FOUND" else (403, "PERMISSION_DENIED")
        if error.disabled:
            metadata |= {"service": f"{API}.googleapis.com", "consumer": error.consumer}
        elif error.code == 403:
            metadata |= {"permission": error.permission or PERMISSION}
        message = f"{self._own.description} cannot act as {account}: {error}"
        failure = GoogleFailure(GoogleError(code, status, REFUSED, message, metadata, sent=False))
        self._refusal = time.monotonic(), failure
        return failure
