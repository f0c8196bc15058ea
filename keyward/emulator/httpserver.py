"""A small HTTP/1.1 server on loopback: one thread a connection, keep-alive, one write an answer."""

from __future__ import annotations

import contextlib
import io
import socket
import struct
import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from keyward.emulator.errors import Dropped

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_LINE = 1 << 16
_MAX_BODY = 1 << 26
_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(slots=True)
class Raw:
    """A request off the wire."""

    method: str
    target: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(slots=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes
    headers: dict[str, str]
    truncate: int | None = None
    """Send only so many bytes of the body, then end the connection."""


class BadRequest(Exception):  # never leaves this module
    """Bytes that are no HTTP request."""


class HttpServer:
    """Serves `answer` on 127.0.0.1.

    Args:
        answer: gives the answer to a request; called in the connection's thread; may raise `Dropped`.
        port: 0 picks a free one.
    """

    def __init__(self, answer: Callable[[Raw], Answer], port: int = 0) -> None:
        self._answer = answer
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._closing = False
        self._listener = socket.create_server(("127.0.0.1", port), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, name="emulator-http", daemon=True)

    def start(self) -> None:
        """Begin to accept connections."""
        self._acceptor.start()

    def stop(self) -> None:
        """End all connections and wait for their threads."""
        with self._lock:
            self._closing = True
            connections = list(self._open)
            threads = list(self._threads)
        if self._acceptor.is_alive():
            # Closing a listener does not end a waiting accept on every system; a last connection does.
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            self._acceptor.join(timeout=5)
        self._listener.close()
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(timeout=5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._serve, args=(connection,), name="emulator-connection", daemon=True)
            with self._lock:
                if self._closing:
                    connection.close()
                    return
                self._open.add(connection)
                self._threads.add(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        try:
            while (request := _read(stream, connection)) is not None:
                answer = self._answer(request)
                close = request.headers.get("connection", "").lower() == "close" or answer.truncate is not None
                connection.sendall(_wire(answer, close=close, head=request.method == "HEAD"))
                if close:
                    break
        except Dropped as drop:
            if not drop.orderly:
                # Zero linger time makes the close a reset, as a broken load balancer or network sends it.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except BadRequest as error:
            body = str(error).encode()
            with contextlib.suppress(OSError):
                connection.sendall(_wire(Answer(400, body, {"Content-Type": "text/plain"}), close=True))
        except OSError:
            pass
        finally:
            with contextlib.suppress(OSError):
                stream.close()
            connection.close()
            with self._lock:
                self._open.discard(connection)
                self._threads.discard(threading.current_thread())


def _read(stream: io.BufferedReader, connection: socket.socket) -> Raw | None:
    line = stream.readline(_MAX_LINE)
    if not line:
        return None
    try:
        method, target, version = line.decode("latin-1").split()
    except ValueError:
        raise BadRequest("malformed request line") from None
    if not version.startswith("HTTP/1."):
        raise BadRequest("only HTTP/1.1 is spoken here")
    headers: dict[str, str] = {}
    while (line := stream.readline(_MAX_LINE)) not in {b"\r\n", b"\n"}:
        if not line:
            return None
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise BadRequest("malformed header")
        headers[name.strip().lower()] = value.strip()
    if headers.get("expect", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if version == "HTTP/1.0":
        headers.setdefault("connection", "close")
    return Raw(method, target, headers, _body(stream, headers))


def _body(stream: io.BufferedReader, headers: dict[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return _chunks(stream)
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > _MAX_BODY:
        raise BadRequest("bad content length")
    body = stream.read(int(length))
    if len(body) != int(length):
        raise BadRequest("short body")
    return body


def _chunks(stream: io.BufferedReader) -> bytes:
    out = io.BytesIO()
    while True:
        try:
            size = int(stream.readline(_MAX_LINE).split(b";")[0], 16)
        except ValueError:
            raise BadRequest("bad chunk") from None
        if out.tell() + size > _MAX_BODY:
            raise BadRequest("body too large")
        out.write(stream.read(size))
        stream.readline(_MAX_LINE)
        if size == 0:
            return out.getvalue()


def _wire(answer: Answer, *, close: bool, head: bool = False) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    lines.append(f"Content-Length: {len(answer.body)}")
    if close:
        lines.append("Connection: close")
    body = b"" if head else answer.body[: answer.truncate]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
