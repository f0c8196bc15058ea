"""What the Google tests share: contexts, surroundings that point at an emulator, servers that misbehave."""

import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from keyward.model.context import Ctx
from keyward.model.surroundings import Surroundings


def surroundings(environ, tmp_path, **options):
    """Surroundings with nothing but these variables."""
    return Surroundings(
        environ=environ,
        config_dir=tmp_path / "config",
        state_dir=tmp_path / "state",
        cache_dir=tmp_path / "cache",
        host="testhost",
        user_home=tmp_path,
        options=options,
    )


def real_ctx(**more):
    """A context on this machine's clock; waits are real."""
    cancel = more.pop("cancel", None) or threading.Event()
    return Ctx(clock=lambda: datetime.now(UTC), wait=lambda seconds: not cancel.wait(seconds), cancel=cancel, **more)


class Time:
    """A clock that a test moves; waiting moves it too, and is written down."""

    def __init__(self, start=datetime(2026, 11, 20, 12, 0, tzinfo=UTC)):
        self.at = start
        self.waits = []
        self.lock = threading.Lock()

    def wait(self, seconds):
        with self.lock:
            self.waits.append(seconds)
            self.at += timedelta(seconds=seconds)
        return True

    def ctx(self, **more):
        return Ctx(clock=lambda: self.at, wait=self.wait, **more)


def emulator_ctx(emulator, **more):
    """A context on an emulator's clock; waits are short and real."""

    def wait(seconds):
        time.sleep(min(seconds, 0.02))
        return True

    return Ctx(clock=emulator.world.clock.now, wait=wait, **more)


class RawServer:
    """A TCP server that answers each request with the next script entry: bytes to send, or None to drop the connection.

    It closes after each answer unless `keep`, and says so unless it is not `polite`.
    """

    def __init__(self, *script, keep=False, polite=True, delay=0.0):
        self._delay = delay
        self._script = list(script)
        self._keep = keep
        self._polite = polite
        self.requests = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection):
        with connection:
            while request := self._read(connection):
                self.requests.append(request)
                time.sleep(self._delay)
                answer = self._script.pop(0) if self._script else None
                if answer is None:
                    return
                if self._polite and not self._keep:
                    answer = answer.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n", 1)
                connection.sendall(answer)
                if not self._keep:
                    return

    @staticmethod
    def _read(connection):
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                return data
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        while len(body) < length:
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)


@contextmanager
def raw_server(*script, **how):
    server = RawServer(*script, **how)
    try:
        yield server
    finally:
        server.close()


def answer(code, body=b"{}", **headers):
    """The bytes of an HTTP answer."""
    lines = [f"HTTP/1.1 {code} Whatever", "content-type: application/json", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
