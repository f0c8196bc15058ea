"""HTTP to Google, one connection pool a thread, where a request is sent once and never again behind the caller's back.

httplib2 sends a request a second time when the connection drops before an answer, a POST too (its `_conn_request`): a create would be
done twice. Here the connection is looked at before it is used, and what happens after the first byte was sent is reported, not repaired.
"""

import http.client
import select
import socket
import threading
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import keyward
from keyward.google.endpoints import is_loopback

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
            from google_auth_httplib2 import Request  # noqa: PLC0415

            self._identity.authorise(Request(self._pool), uri, method, headers, refused=refused)

    @property
    def _pool(self) -> Any:
        # httplib2 objects break when threads share them.
        pool = getattr(self._mine, "pool", None)
        if pool is None:
            pool = self._mine.pool = _once_class()(self._timeout, self._ca_certs)
        return pool

    def close(self) -> None:
        """Close this thread's connections."""
        if (pool := getattr(self._mine, "pool", None)) is not None:
            pool.close()
            del self._mine.pool


@lru_cache(maxsize=1)
def _once_class() -> Any:
    """The class is made at first use: importing httplib2 takes longer than a command that needs no network."""
    import httplib2  # noqa: PLC0415

    def proxy(scheme: Any = "http") -> Any:
        return httplib2.proxy_info_from_environment(scheme)

    class Once(httplib2.Http):
        """httplib2 without second attempts, without redirects, and without a proxy on the way to this machine."""

        def __init__(self, timeout: float, ca_certs: str | None) -> None:
            super().__init__(timeout=timeout, ca_certs=ca_certs, proxy_info=proxy)
            self.follow_redirects = False

        def request(self, uri: str, *args: Any, **kwargs: Any) -> Any:
            self.proxy_info = None if is_loopback(urlsplit(uri).hostname or "") else proxy
            return super().request(uri, *args, **kwargs)

        def _conn_request(self, conn: Any, request_uri: str, method: str, body: Any, headers: Any) -> Any:
            if conn.sock is not None and _stale(conn.sock):
                conn.close()
            if conn.sock is None:
                try:
                    conn.connect()
                except OSError as error:
                    conn.close()
                    raise NotSent(f"{type(error).__name__}: {error.strerror or error}") from error
                except httplib2.HttpLib2Error as error:  # a proxy's refusal, an unknown host
                    conn.close()
                    raise NotSent(type(error).__name__) from error
            try:
                conn.request(method, request_uri, body, headers)
                answer = conn.getresponse()
                content = answer.read() if method != "HEAD" else b""
                response = httplib2.Response(answer)
            except BaseException:
                conn.close()
                raise
            return response, _unpacked(response, content)

    return Once


def _unpacked(response: Any, content: bytes) -> bytes:
    import gzip  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    encoding = response.get("content-encoding", "")
    if encoding not in {"gzip", "deflate"}:
        return content
    try:
        unpacked = gzip.decompress(content) if encoding == "gzip" else zlib.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise http.client.IncompleteRead(content[:0]) from error
    del response["content-encoding"]
    return unpacked


def _stale(sock: socket.socket) -> bool:
    """Whether the other side closed an idle connection: something can be read although nothing was asked."""
    poll = select.poll()
    try:
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return True
