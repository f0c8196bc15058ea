"""A value that must not get out is planted everywhere, and then searched for in everything that keyward leaves or sends.

It is searched for as it is, in base64, URL-, JSON- and hex-escaped form, and in pieces of twelve characters. For every channel there is
a test with a deliberate leak, so that the search itself is known to see.
"""

import json
import os
from pathlib import Path

import pytest

from keyward.emulator.faults import Fault
from tests.parts.scene import PROJECT, Scene, encoded

WATCH = """
import json, os, sys
def _seen(event, args):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system"):
        fd = os.open(os.environ["WATCH_FILE"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(fd, (event + " " + repr(args) + chr(10)).encode("utf-8", "replace"))
        os.close(fd)
sys.addaudithook(_seen)
import atexit
@atexit.register
def _end():
    fd = os.open(os.environ["WATCH_FILE"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(fd, ("environment at the end " + repr(dict(os.environ)) + chr(10)).encode("utf-8", "replace"))
    os.close(fd)
"""
"""A site customisation: what the program starts, with which arguments, and its environment at its end."""


class Watched:
    """A scene whose every channel is kept for the search."""

    def __init__(self, tmp_path, keyring=None):
        self.scene = Scene(tmp_path / "home", keyring)
        self.site = tmp_path / "site"
        self.site.mkdir()
        (self.site / "sitecustomize.py").write_text(WATCH)
        self.watch = tmp_path / "watch"
        self.said = []
        self.urls = []
        door = self.scene.emulator._door
        answer = door.answer

        def listen(raw):
            self.urls.append(f"{raw.method} {raw.target}")
            return answer(raw)

        door.answer = listen

    def keyward(self, *arguments, **more):
        """Run a command line and keep what it said."""
        done = self.scene.keyward(
            *arguments, PYTHONPATH=f"{self.site}{os.pathsep}{Path.cwd()}", WATCH_FILE=str(self.watch), **more
        )
        self.said.append(f"$ keyward {arguments[0]}\n{done.out}{done.err}")
        return done

    def channels(self, *places):
        """Everything that could carry a value, by name: a mapping of channel to bytes. `places` (files) are where values belong."""
        found = {
            "output": "\n".join(self.said).encode(),
            "urls": "\n".join(self.urls).encode(),
            "processes": self.watch.read_bytes() if self.watch.exists() else b"",
        }
        for file in sorted(self.scene.home.rglob("*")):
            if file.is_file() and file not in places:
                found[f"file {file.relative_to(self.scene.home)}"] = file.read_bytes() + file.name.encode()
        return found


def leaks(channels, values):
    """(channel, form) of every form of a value that stands in a channel."""
    return [
        (name, form[:6] + "…")
        for name, data in channels.items()
        for value in values
        for form in encoded(value)
        if form.encode() in data
    ]


def _story(watched):
    """Plant, scan, list, show, identify, verify, rotate, undo, look back, and fail on the way; gives the values that must stay inside."""
    scene = watched.scene
    named = scene.key("to be named")  # its value also stands in a name and in error messages
    key = scene.key(f"gemini {named.key_string}", annotations={"note": f"was {named.key_string}"})
    bound = scene.key("auth key", service_account="app@acme-prod.iam.gserviceaccount.com")
    sibling = "pw-" + "".join(f"{byte:02x}" for byte in os.urandom(14))
    scene.secret("app", json.dumps({"gemini": key.key_string, "password": sibling}))
    scene.secret("auth", bound.key_string + "\n", labels={"team": "web"})
    file = scene.env(".env", f"GEMINI_API_KEY={key.key_string}\nDB_PASSWORD={sibling}\n")
    scene.settings()
    if scene.keyring:
        scene.ring("acme", "app", key.key_string)
    watched.keyward("scan", scene.work, "--values", "all")
    for form in ("table", "json", "csv", "ids"):
        watched.keyward("list", "-o", form)
    watched.keyward("show", scene.key_id(key))
    watched.keyward("identify", stdin=key.key_string)
    watched.keyward("identify", stdin=sibling)
    watched.keyward("verify", scene.key_id(key), scene.key_id(bound))
    told = f"the key {named.key_string} broke it"
    scene.world.faults.add(
        Fault(path="/keys", times=1, status="INTERNAL", message=told),
        Fault(rpc="AddSecretVersion", times=1, status="PERMISSION_DENIED", message=told),
    )
    watched.keyward("scan", scene.work, "--values", "all")
    watched.keyward("rotate", scene.key_id(key), "--dry-run")
    rotate = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")
    watched.keyward("rotate", scene.key_id(key), *rotate)
    for _ in range(4):
        scene.world.clock.advance(2400)
        watched.keyward("resume")
    watched.keyward("rotate", scene.key_id(bound), *rotate)
    scene.world.clock.advance(2400)
    watched.keyward("resume")
    watched.keyward("history")
    history = watched.keyward("history", "-o", "json")
    for rotation in history.json.get("rotations", []):
        watched.keyward("history", rotation["id"])
        watched.keyward("undo", rotation["id"], "--yes", "--reason", "trial")
    watched.keyward("status")
    watched.keyward("doctor")
    watched.keyward("rotate", named.key_string)  # a value typed where an id belongs is not repeated
    values = [sibling, *(one["key_string"] for one in scene.all_keys())]
    return values, file


def test_no_value_gets_out(tmp_path, own_secret_service):
    watched = Watched(tmp_path, own_secret_service)
    with watched.scene:
        values, file = _story(watched)
        assert len(values) >= 5, "the story made no successor"
        assert "rotat" in "".join(watched.said)
        channels = watched.channels(file)
        assert channels["processes"], "the site customisation was not loaded"
        assert leaks(channels, values) == []


LEAKS = {
    "output": "import sys, atexit; atexit.register(lambda: sys.stdout.write({form}))",
    "processes": "import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', '', {form}], env={{'A': 'b'}})",
    "environment": "import os; os.environ['KEEPSAKE'] = {form}",
    "urls": "import atexit, http.client, urllib.parse\n"
    "def _ask():\n"
    "    connection = http.client.HTTPConnection('127.0.0.1', {port}); connection.request('GET', '/v1/projects?q=' + urllib.parse.quote({form})); connection.getresponse(); connection.close()\n"
    "atexit.register(_ask)",
    "ledger": "import sqlite3, os\nc = sqlite3.connect(os.environ['KEYWARD_HOME'] + '/ledger.db'); c.execute('create table if not exists t (x)'); c.execute('insert into t values (?)', ({form},)); c.commit(); c.close()",
    "cache": "import sqlite3, os\nos.makedirs(os.environ['KEYWARD_HOME'] + '/cache', exist_ok=True)\nc = sqlite3.connect(os.environ['KEYWARD_HOME'] + '/cache/inventory.db'); c.execute('create table if not exists t (x)'); c.execute('insert into t values (?)', ({form},)); c.commit(); c.close()",
    "a log file": "import os\nwith open(os.environ['HOME'] + '/keyward.log', 'w') as f: f.write('said ' + {form})",
    "a file name": "import os\nopen(os.environ['HOME'] + '/' + {form}[:40].replace('/', '_'), 'w').close()",
}


@pytest.mark.parametrize("channel", LEAKS)
@pytest.mark.parametrize("form", ["plain", "base64", "hex", "piece"])
def test_a_deliberate_leak_is_seen(tmp_path, channel, form):
    value = "Zq" + "".join(f"{byte:02x}" for byte in os.urandom(20))
    expression = {
        "plain": repr(value),
        "base64": f"__import__('base64').b64encode(b'x' + {value.encode()!r}).decode()",
        "hex": f"{value.encode()!r}.hex()",
        "piece": repr(value[9:21]),
    }[form]
    watched = Watched(tmp_path)
    with watched.scene:
        watched.scene.settings()
        port = int(watched.scene.emulator.url.rsplit(":", 1)[1].strip("/"))
        code = LEAKS[channel].format(form=expression, port=port)
        (watched.site / "sitecustomize.py").write_text(
            f"{WATCH}\nif 'config' in sys.argv:\n" + "\n".join(f"    {line}" for line in code.split("\n"))
        )
        watched.scene.home.joinpath("state").mkdir(exist_ok=True)
        watched.keyward("config", "show")
        assert leaks(watched.channels(), [value]), f"{form} in {channel} was not seen"


def test_a_project_that_denies_shows_as_denied_everywhere(tmp_path):
    with Scene(tmp_path / "home") as scene:
        scene.key("mine")
        closed = scene.world.new_project("acme-closed", denied={"apikeys.keys.list", "secretmanager.secrets.list"})
        scene.key("hidden", project=closed.id)
        scene.settings()
        done = scene.keyward("scan", "--values", "all")
        assert done.status == 3
        assert "denied" in done.err
        listed = scene.keyward("list", "-o", "json")
        assert listed.status == 3
        denied = [source for source in listed.json["sources"] if source["status"] == "denied"]
        assert {source["id"] for source in denied} >= {"google-api-keys:acme-closed"}
        assert all(source["permission"] for source in denied)
        assert all(key["scope"] == PROJECT for key in listed.json["keys"])
        table = scene.keyward("list")
        assert table.status == 3
        assert "denied" in table.out + table.err
        assert "acme-closed" in table.out + table.err
