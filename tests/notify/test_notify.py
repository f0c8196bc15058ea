"""Notifications and heartbeats against a real server on this machine: what is sent, what is not, and what never shows."""

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from keyward.notify.channels import send
from keyward.notify.heartbeat import beat
from tests.cli.test_unattended import due, plant
from tests.parts.scene import Scene

TOKEN = "tok" + "en" * 12


class Listener:
    """An HTTP server that keeps what it was sent; `status` is what it answers."""

    def __init__(self):
        self.got = []
        self.status = 200
        self.headers = {}
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def _any(self):
                length = int(self.headers.get("content-length") or 0)
                listener.got.append((self.command, self.path, self.rfile.read(length)))
                self.send_response(listener.status)
                for name, value in listener.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            do_GET = do_POST = _any  # noqa: N815  # the names that http.server looks for

            def log_message(self, *_):
                """Nothing on stderr."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def messages(self):
        """What Apprise posted, as (title, text)."""
        posts = [json.loads(body) for method, _, body in self.got if method == "POST"]
        return [(post["title"], post["message"]) for post in posts]

    @property
    def beats(self):
        return [path for method, path, _ in self.got if method == "GET"]


@contextmanager
def listening():
    listener = Listener()
    try:
        yield listener
    finally:
        listener.server.shutdown()
        listener.server.server_close()


@pytest.fixture
def listener():
    with listening() as one:
        yield one


@pytest.fixture
def told(tmp_path, listener):
    """A world with one due key, whose runs are told to the listener."""
    with Scene(tmp_path / "scene") as scene:
        settings = (
            f'[notify]\nurls = ["json://127.0.0.1:{listener.port}/{TOKEN}"]\ndaily_at = "00:00"\n'
            f'heartbeat = "http://127.0.0.1:{listener.port}/{TOKEN}"\n'
        )
        keys = plant(scene, "a", settings=settings)
        yield scene, keys["a"]


def test_a_heartbeat_says_when_it_went_wrong_and_never_where(listener):
    url = f"http://127.0.0.1:{listener.port}/{TOKEN}"
    assert beat(url) == ""
    assert beat(url, "/fail") == ""
    assert listener.beats == [f"/{TOKEN}", f"/{TOKEN}/fail"]
    listener.status = 500
    assert beat(url) == "it answered 500"
    listener.status, listener.headers = 302, {"location": f"http://127.0.0.1:{listener.port}/elsewhere"}
    assert beat(url) == "it answered 302"
    assert "/elsewhere" not in listener.beats
    for dead in ("http://127.0.0.1:1/x", "http://127.0.0.1:1\n/x", "https://[x/"):
        said = beat(dead, timeout=2)
        assert said
        assert TOKEN not in said


def test_one_channel_that_fails_stops_no_other(listener, capfd):
    dead = f"json://127.0.0.1:1/{TOKEN}"
    found = list(send([dead, "nonsense://x", f"json://127.0.0.1:{listener.port}/"], "title", "text"))
    assert [bool(one.problem) for one in found] == [True, True, False]
    assert listener.messages == [("title", "text")]
    shown = capfd.readouterr()
    assert TOKEN not in repr(found) + shown.out + shown.err


def test_changes_are_told_once_and_a_summary_a_day(told, listener):
    scene, key = told
    due(scene, "--new-ledger")
    (summary,) = listener.messages
    assert "Daily summary: 1 open." in summary[1]
    for _ in range(2):
        due(scene)
    assert len(listener.messages) == 1
    assert listener.beats == [f"/{TOKEN}"] * 3
    scene.world.known("acme-a").denied.add("monitoring.timeSeries.list")
    scene.world.clock.advance(32 * 86400)
    due(scene)
    texts = [text for _, text in listener.messages[1:]]
    assert any("NEEDS YOU" in text and "a person decides" in text for text in texts)
    assert len(texts) == 2, "the change and the summary of the day"
    due(scene)
    assert len(listener.messages) == 3
    everything = json.dumps(listener.messages)
    assert key.key_string not in everything
    assert all(value not in everything for value in scene.live())


def test_what_could_not_be_told_is_told_by_the_next_run(told, listener):
    scene, _ = told
    listener.status = 503
    first = scene.keyward("rotate", "--due", "--yes", "--new-ledger")
    assert first.status == 0
    assert "Not everybody could be told" in first.err
    assert TOKEN not in first.err
    again = scene.keyward("rotate", "--due", "--yes")
    assert again.err == "", "said once"
    listener.status, listener.got[:] = 200, []
    scene.keyward("rotate", "--due", "--yes")
    assert len(listener.messages) == 1
    scene.keyward("rotate", "--due", "--yes")
    assert len(listener.messages) == 1


def test_a_run_that_fails_beats_the_other_address(told, listener):
    scene, _ = told
    failed = scene.keyward("rotate", "--due", "--yes")
    assert failed.status == 4
    assert listener.beats == [f"/{TOKEN}/fail"]
    assert ["FAILED" in text for _, text in listener.messages] == [True]
    scene.keyward("rotate", "--due", "--yes")
    assert len(listener.messages) == 1


def test_the_test_tells_each_address(told, listener):
    scene, _ = told
    done = scene.keyward("notify", "test")
    assert done.status == 0, done.err
    assert done.out.count("ok ") == 2
    assert listener.messages[0][0].endswith(": test")
    listener.status = 500
    failed = scene.keyward("notify", "test", "-o", "json")
    assert failed.status == 1
    assert all(one["problem"] for one in failed.json["channels"])
    for done in (
        failed,
        scene.keyward("config", "show"),
        scene.keyward("status"),
        scene.keyward("config", "show", "-o", "json"),
    ):
        assert TOKEN not in done.out + done.err
    assert "json://…" in scene.keyward("config", "show").out
    kept = b"".join(file.read_bytes() for file in (scene.home / "state").rglob("*") if file.is_file())
    assert TOKEN.encode() not in kept


def test_addresses_come_from_a_file_of_ones_own_or_a_variable(tmp_path, listener):
    address = f"json://127.0.0.1:{listener.port}/{TOKEN}"
    with Scene(tmp_path / "scene") as scene:
        file = scene.home / "urls"
        file.write_text(f"# who is told\n{address}\n")
        scene.settings(f'[notify]\nurls_file = "{file}"\n')
        file.chmod(0o644)
        refused = scene.keyward("notify", "test")
        assert refused.status == 4
        assert "chmod 600" in refused.err
        file.chmod(0o600)
        assert scene.keyward("notify", "test").status == 0
        scene.settings('[notify]\nurls_env = "WHO_IS_TOLD"\n')
        assert scene.keyward("notify", "test").status == 4
        assert scene.keyward("notify", "test", WHO_IS_TOLD=address).status == 0
        scene.settings(f'[notify]\nurls = ["{address}"]\n')
        scene.config.chmod(0o644)
        refused = scene.keyward("notify", "test")
        assert refused.status == 4
        assert TOKEN not in refused.err
        scene.settings()
        assert scene.keyward("notify", "test").status == 4
    assert len(listener.messages) == 2


def test_without_the_extra_it_says_what_to_install(tmp_path, listener):
    import subprocess
    import sys

    code = (
        "import sys; sys.modules['apprise'] = None\n"  # as if it were not installed
        "from keyward.cli.main import run\n"
        "raise SystemExit(run(['notify', 'test']))"
    )
    with Scene(tmp_path / "scene") as scene:
        scene.settings(f'[notify]\nurls = ["json://127.0.0.1:{listener.port}/"]\n')
        done = subprocess.run(
            [sys.executable, "-c", code], env=scene.environ(), capture_output=True, text=True, check=False
        )
    assert done.returncode == 4
    assert "keyward[notify]" in done.stderr


def test_a_summary_has_its_time_of_day():
    from keyward.desk.notifying import _is_time

    morning = datetime(2026, 11, 20, 8, 59, tzinfo=UTC)
    assert not _is_time("09:00", morning, "2026-11-19")
    assert _is_time("09:00", morning + timedelta(minutes=1), "2026-11-19")
    assert not _is_time("09:00", morning + timedelta(hours=5), "2026-11-20")
    assert not _is_time("", morning + timedelta(hours=5), "")
