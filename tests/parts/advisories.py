"""A database of holes in libraries on loopback, as npm and pip-audit ask it: there is one, in `old-library` below 2.0."""

import contextlib
import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ADVISORY = "https://github.com/advisories/GHSA-aaaa-bbbb-cccc"


class _Database(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        asked = json.loads(gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
        self.server.asked.append(asked)
        if self.path.endswith("/advisories/bulk"):
            one = {"id": 1, "url": ADVISORY, "title": "t", "severity": "high", "vulnerable_versions": "<2.0.0"}
            answer = {name: [one] for name in asked if name == "old-library"}
        else:
            answer = {"vulns": [_osv()]} if asked["package"]["name"] == "old-library" else {}
        self._answer(200, json.dumps(answer).encode())

    def do_GET(self):
        self._answer(404, b"{}")

    def _answer(self, status, data):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def _osv():
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}]
    package = {"name": "old-library", "ecosystem": "PyPI"}
    affected = [{"package": package, "ranges": ranges}]
    return {"id": "GHSA-aaaa-bbbb-cccc", "summary": "s", "details": "d", "affected": affected}


@contextlib.contextmanager
def advising():
    """The server; `server_port` is its port, `asked` what it was asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Database)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def npm_lock(folder, library):
    """A lock file of npm in that folder that has that library."""
    versions = {"": {"name": "x", "version": "1.0.0", "dependencies": {library: "1.0.0"}}}
    versions[f"node_modules/{library}"] = {"version": "1.0.0"}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(
        json.dumps({"name": "x", "version": "1.0.0", "dependencies": {library: "1.0.0"}})
    )
    lock = folder / "package-lock.json"
    lock.write_text(json.dumps({"name": "x", "version": "1.0.0", "lockfileVersion": 3, "packages": versions}))
    return lock


def registry(environ, port):
    """Have npm, with those variables, ask that port."""
    (Path(environ["HOME"]) / ".npmrc").write_text(f"registry=http://127.0.0.1:{port}/\nupdate-notifier=false\n")
