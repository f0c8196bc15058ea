"""A vendor of API keys without an API for them: a page where a person makes and deletes keys, and a call that tells whether one works."""

import contextlib
import json
import random
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from keyward.model.detectors import BY_KIND

KIND = "openai"


@dataclass
class Wrong:
    """What goes wrong with one answer: it comes late (real seconds), with another status, cut short, or not at all."""

    status: int = 0
    headers: dict = field(default_factory=dict)
    delay: float = 0.0
    cut: bool = False
    drop: bool = False


class Vendor:
    """Listens on this machine like OpenAI: `GET /v1/models` with a bearer key. `live` are the keys that work, `log` what was asked.

    `wrong` says what is wrong with the next answers, None in it for a good one.
    """

    def __init__(self):
        self.live, self.log = set(), []
        self.answer, self.wrong, self.struck = None, [], 0
        self.hold, self.held, self._go = 0, threading.Event(), threading.Event()
        self._random = random.Random()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.log.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                if len(outer.log) == outer.hold:
                    outer.held.set()
                    outer._go.wait(30)
                    return
                wrong = (outer.wrong.pop(0) if outer.wrong else None) or Wrong()
                outer.struck += wrong != Wrong()
                status, body = outer._answered(self.headers.get("authorization", "").removeprefix("Bearer "))
                time.sleep(wrong.delay)
                if wrong.drop:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                if wrong.status:
                    status, body = wrong.status, b'{"error": {"message": "not now", "code": "not_now"}}'
                with contextlib.suppress(OSError):  # who asked may have given up
                    self.send_response(status)
                    for name, value in wrong.headers.items():
                        self.send_header(name, value)
                    self.send_header("content-length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body[:10] if wrong.cut else body)
                if wrong.cut:
                    self.close_connection = True

            def log_message(self, *_):
                """Nothing on the test's output."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def _answered(self, key):
        if self.answer is not None:
            return self.answer
        if key in self.live:
            return 200, json.dumps({"object": "list", "data": [{"id": "model"}]}).encode()
        return 401, json.dumps(
            {"error": {"message": f"Incorrect API key provided: {key[:8]}***", "code": "invalid_api_key"}}
        ).encode()

    @property
    def environ(self):
        """What sends the vendor's own SDK, and keyward, here."""
        return {"OPENAI_BASE_URL": f"http://127.0.0.1:{self._server.server_port}/v1"}

    def make(self, kind=KIND):
        """What a person gets on the page: a new key that works."""
        value = BY_KIND[kind].sample(self._random).decode()
        self.live.add(value)
        return value

    def delete(self, value):
        """What a person does on the page."""
        self.live.discard(value)

    def release(self):
        """Answer again, after `hold` (the number of a question) has kept one waiting."""
        self.hold = 0
        self._go.set()
        self.held, self._go = threading.Event(), threading.Event()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
