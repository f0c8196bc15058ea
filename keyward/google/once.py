"""An HTTP connection that sends a request once, and never again behind the caller's back.

httplib2 sends a request a second time when the connection drops before an answer, a POST too (its `_conn_request`): a create would be
done twice. Here the connection is looked at before it is used, and what happens after the first byte was sent is reported, not repaired.
"""

import gzip
import http.client
import select
import socket
import zlib
from typing import Any
from urllib.parse import urlsplit

import httplib2

from keyward.google.endpoints import is_loopback
from keyward.google.http import NotSent


def _proxy(scheme: Any = "http") -> Any:
    return httplib2.proxy_info_from_environment(scheme)


class Once(httplib2.Http):
    """httplib2 without second attempts, without redirects, and without a proxy on the way to this machine."""

    def __init__(self, timeout: float, ca_certs: str | None) -> None:
        super().__init__(timeout=timeout, ca_certs=ca_certs, proxy_info=_proxy)
        self.follow_redirects = False

    def __del__(self) -> None:
        # Whoever had it lent has ended.
        self.close()

    def request(  # noqa: PLR0917  # the library's signature
        self,
        uri: str,
        method: str = "GET",
        body: Any = None,
        headers: Any = None,
        redirections: int = 0,
        connection_type: Any = None,
    ) -> Any:
        """As httplib2's; on this machine without a proxy, which would see what is meant to stay here.

        The library opens the connection. Over one that is there the request goes straight: the library would look at every character
        of the address in Python, and at caches, credentials and redirects that keyward does not have.
        """
        scheme, _, rest = uri.partition("://")
        authority, slash, path = rest.partition("/")
        connection = self.connections.get(f"{scheme}:{authority}")
        if connection is None or not slash or "#" in path or not uri.isascii():
            self.proxy_info = None if is_loopback(urlsplit(uri).hostname or "") else _proxy
            return super().request(uri, method, body, headers, redirections, connection_type)
        sent = {"accept-encoding": "gzip, deflate"} | {name.lower(): value for name, value in (headers or {}).items()}
        return self._conn_request(connection, f"/{path}", method, body, sent)

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


def _unpacked(response: Any, content: bytes) -> bytes:
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
