"""HTTP to Google with the identity's token, from any thread."""

import copy
import http.client
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keyward

if TYPE_CHECKING:
    import httplib2

    from keyward.google.credentials import Identity
    from keyward.model.context import Ctx

TIMEOUT = 30.0
"""Seconds to wait for a connection or for the next bytes of an answer."""

USER_AGENT = f"keyward/{keyward.__version__}"

QUOTA_HEADER = "x-goog-user-project"
"""Names the project that is charged."""


class NotSent(OSError):
    """No connection could be made: the other side never saw the request."""


class Http:
    """What the discovery client needs as its `http`: sends with the identity's token, from any thread.

    Args:
        identity: as whom; None sends no token, ever.
        timeout: seconds.
        ca_certs: a file of certificates to trust in place of the built-in ones.
    """

    def __init__(self, identity: "Identity | None", *, timeout: float = TIMEOUT, ca_certs: str | None = None) -> None:
        self._identity = identity
        self._timeout = timeout
        self._ca_certs = ca_certs
        self._told: Ctx | None = None
        self._lock = threading.Lock()
        self._free: list[Any] = []

    def request(  # noqa: PLR0917  # the discovery client's signature
        self,
        uri: str,
        method: str = "GET",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        redirections: int = 0,  # noqa: ARG002  # redirects are not followed
        connection_type: Any = None,
    ) -> tuple["httplib2.Response", bytes]:
        """Send it once; after a 401 once more with a fresh token, because a refused request was not carried out.

        Raises:
            NotSent: no connection.
            OSError, http.client.HTTPException, httplib2.HttpLib2Error: it may have been received.
            google.auth.exceptions.GoogleAuthError: no token could be had.
        """
        plain = dict(headers or {})
        # What a caller adds to keyward's own name stays ("keyward/1.0 rotation/..."); the library's name for itself does not.
        named = plain.get("user-agent", "")
        plain["user-agent"] = named if named.startswith(f"{USER_AGENT} ") else USER_AGENT
        sent = dict(plain)
        self._authorise(uri, method, sent)
        response, content = self._once(uri, method, body, sent, connection_type)
        used = next((value for name, value in sent.items() if name.lower() == "authorization"), "")
        if response.status == http.client.UNAUTHORIZED and used and "x-goog-api-key" not in plain:
            self._authorise(uri, method, plain, refused=used)
            response, content = self._once(uri, method, body, plain, connection_type)
        return response, content

    def _once(
        self, uri: str, method: str, body: Any, headers: Mapping[str, str], connection_type: Any
    ) -> tuple["httplib2.Response", bytes]:
        if self._told is None:
            timed = None
        else:
            from keyward.google.told import Timed  # only where somebody looks

            timed = Timed(self._told, method, uri)
        status: object = None
        try:
            with self._lent() as pool:
                response, content = pool.request(
                    uri, method, body=body, headers=headers, redirections=0, connection_type=connection_type
                )
            status = response.status
        finally:
            if timed is not None:
                timed.ended(*(() if status is None else (status,)))
        return response, content

    def speaking(self, identity: "Identity | None") -> "Http":
        """The same connections, as somebody else."""
        other = copy.copy(self)
        other._identity = identity  # noqa: SLF001  # of its own kind
        return other

    def telling(self, ctx: "Ctx") -> "Http":
        """The same connections; each request is told where this context wants that, else nothing is any different."""
        if not ctx.calls:
            return self
        other = copy.copy(self)
        other._told = ctx  # noqa: SLF001  # of its own kind
        return other

    def authorisation(self, uri: str, refused: str = "") -> dict[str, str]:
        """The headers that prove who asks, for a request that is sent in another way; empty where nobody is.

        Args:
            uri: what is asked.
            refused: the header that was not accepted just now.

        Raises:
            google.auth.exceptions.GoogleAuthError: no token could be had.
        """
        headers: dict[str, str] = {}
        self._authorise(uri, "POST", headers, refused)
        return {name.lower(): value for name, value in headers.items()}

    def _authorise(self, uri: str, method: str, headers: dict[str, str], refused: str = "") -> None:
        if self._identity is not None and self._identity.credentials is not None:
            from google_auth_httplib2 import Request

            with self._lent() as pool:
                self._identity.authorise(Request(pool), uri, method, headers, refused=refused)

    @contextmanager
    def _lent(self) -> Iterator[Any]:
        """A connection of one's own for one request: httplib2 objects break when threads share them at the same time.

        Those who wait for a quota hold none, so there are never more connections than requests under way.
        """
        with self._lock:
            pool = self._free.pop() if self._free else None
        if pool is None:
            from keyward.google.once import Once  # httplib2 takes a tenth of a second to import

            pool = Once(self._timeout, self._ca_certs)
        try:
            yield pool
        finally:
            with self._lock:
                self._free.append(pool)

    def close(self) -> None:
        """Close the connections that nobody uses just now; requests after it open new ones."""
        with self._lock:
            pools, self._free[:] = list(self._free), []
        for pool in pools:
            pool.close()
