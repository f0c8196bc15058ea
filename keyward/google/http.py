"""HTTP to Google with the identity's token, from any thread."""

import http.client
import threading
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import keyward

if TYPE_CHECKING:
    import httplib2

    from keyward.google.credentials import Identity

TIMEOUT = 30.0
"""Seconds to wait for a connection or for the next bytes of an answer."""

USER_AGENT = f"keyward/{keyward.__version__}"


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
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._pools: weakref.WeakSet[Any] = weakref.WeakSet()

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
        plain["user-agent"] = USER_AGENT
        sent = dict(plain)
        self._authorise(uri, method, sent)
        response, content = self._pool.request(
            uri, method, body=body, headers=sent, redirections=0, connection_type=connection_type
        )
        used = next((value for name, value in sent.items() if name.lower() == "authorization"), "")
        if response.status == http.client.UNAUTHORIZED and used and "x-goog-api-key" not in plain:
            self._authorise(uri, method, plain, refused=used)
            response, content = self._pool.request(
                uri, method, body=body, headers=plain, redirections=0, connection_type=connection_type
            )
        return response, content

    def _authorise(self, uri: str, method: str, headers: dict[str, str], refused: str = "") -> None:
        if self._identity is not None and self._identity.credentials is not None:
            from google_auth_httplib2 import Request

            self._identity.authorise(Request(self._pool), uri, method, headers, refused=refused)

    @property
    def _pool(self) -> Any:
        # httplib2 objects break when threads share them.
        pool = getattr(self._mine, "pool", None)
        if pool is None:
            from keyward.google.once import Once  # httplib2 takes a tenth of a second to import

            pool = self._mine.pool = Once(self._timeout, self._ca_certs)
            with self._lock:
                self._pools.add(pool)
        return pool

    def close(self) -> None:
        """Close the connections of all threads; requests after it open new ones."""
        with self._lock:
            pools = list(self._pools)
        for pool in pools:
            pool.close()
