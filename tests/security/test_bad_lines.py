"""Every command with arguments that make no sense, and with a machine that is broken: a sentence, a documented exit status, no traceback.

All lines of one machine run in one process: what is tested is the way from an argument to an answer, not the start of a program.
"""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass

import pytest

from keyward.emulator.faults import Fault
from tests.parts.scene import Scene

DRIVER = """
import contextlib, io, json, os, sys
from keyward.cli import guard, main
lines = json.load(open(sys.argv[1]))
for words in lines:
    out, err = io.StringIO(), io.StringIO()
    sys.stdin = open(os.devnull)
    guard.cancelled.clear()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main.run(words)
        except SystemExit as ended:
            status = ended.code
    sys.__stdout__.write(json.dumps([words, status, out.getvalue(), err.getvalue()]) + chr(10))
"""
ODD = "\x1b]0;owned\x07x"
NOBODY = "google-api-keys:acme-prod/nobody"
GARBAGE = (
    "",
    "x",
    NOBODY,
    ODD,
    "::::",
    "shape:openai/0123456789abcdef",
    "google-sa-keys:p/a@b/c",
    "%zz:%",
    "-x",
    "a" * 5_000,
    "\udcff",
)
COMMANDS = (
    ("rotate", "--yes"), ("rotate", "--dry-run"), ("swap", "--stdin"), ("swap", "--provider", "x", "--at"), ("apply", "--yes"), ("resume",),
    ("undo", "--yes"), ("revoke", "--yes"), ("restore", "--yes"), ("disable", "--yes"), ("enable", "--yes"),
    ("import", "--yes", "--to", "gsm:acme-prod/new"), ("import", NOBODY, "--yes", "--to"), ("history",), ("enrol", "--yes", "--accept-targets"),
    ("unpause",), ("due", "--within"), ("schedule", "install", "--dry-run", "--every"), ("audit", "verify", "--anchor"),
    ("audit", "export", "--since"), ("audit", "export", "--after"), ("doctor", "--role"), ("rotate", NOBODY, "--tfstate"),
    ("rotate", NOBODY, "--out"), ("rotate", NOBODY, "--accept-target"), ("rotate", NOBODY, "--to"), ("rotate", NOBODY, "--grace"),
    ("status",), ("notify", "test"),
)  # fmt: skip
SHORT = (
    ("rotate", "{key}", "--yes", "--accept-targets"), ("rotate", "{key}", "--dry-run"), ("rotate", "--due", "--yes"),
    ("swap", "{key}", "--stdin"), ("resume",), ("undo", "01", "--yes"), ("revoke", "{key}", "--yes"), ("import", "{key}", "--to", "gsm:acme-prod/n", "--yes"),
    ("status",), ("due",), ("history",), ("pause",), ("pause", "--all", "--reason", "x"), ("unpause", "--all"), ("enrol", "id:{key}", "--accept-targets", "--yes"),
    ("audit", "verify"), ("audit", "head"), ("audit", "export"), ("doctor",), ("schedule", "status"), ("apply", "/nonexistent", "--yes"),
)  # fmt: skip
DOCUMENTED = {0, 1, 2, 3, 4, 5, 6, 7}


@dataclass
class Done:
    words: list
    status: int
    out: str
    err: str

    def plain(self):
        told = self.out + self.err
        assert "Traceback" not in told, (self.words, told)
        assert "unexpected error" not in told, (self.words, told)
        assert self.status in DOCUMENTED, (self.words, self.status, told)
        assert "\x1b" not in told, self.words
        if self.status not in (0, 3):
            assert told.strip(), (self.words, self.status)


def drive(scene, lines, **environ):
    lines = [[word.replace("{key}", scene.name) for word in words] for words in lines]
    file = scene.home / "lines.json"
    file.write_text(json.dumps(lines))
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(file)],
        env={**scene.environ(), **environ},
        cwd=scene.home,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    found = [Done(*json.loads(line)) for line in done.stdout.splitlines()]
    assert len(found) == len(lines), (found[-1:], done.stderr[-3000:])
    return found


@pytest.fixture
def scene(tmp_path):
    with Scene(tmp_path / "scene") as scene:
        scene.settings()
        key = scene.key("one")
        scene.name, scene.old = scene.key_id(key), key.key_string
        scene.file = scene.env(".env", f"A={key.key_string}\n")
        scene.state = scene.home / "state"
        assert scene.keyward("scan", scene.work).status == 0
        yield scene


def test_arguments_that_make_no_sense(scene):
    before = scene.file.read_bytes()
    lines = [[*words, odd] for words in COMMANDS for odd in GARBAGE]
    found = drive(scene, lines)
    for done in found:
        done.plain()
    assert scene.file.read_bytes() == before


def _no_key(scene):
    (scene.state / "fingerprint.key").unlink()
    return {}


def _another_world(scene):
    return {"KEYWARD_LEDGER_URL": "", "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": "http://127.0.0.1:9/"}


def _no_network(scene):
    scene.emulator.stop()
    return {}


def _no_ledger(scene):
    (scene.state / "ledger.db").write_bytes(b"this is no database" * 500)
    return {}


def _empty(scene):
    return {"KEYWARD_HOME": str(scene.home / "elsewhere")}


def _open_to_others(scene):
    (scene.state / "ledger.db").chmod(0o666)
    return {}


def _a_server_that_is_not_there(scene):
    return {"KEYWARD_LEDGER_URL": "postgresql://nobody@127.0.0.1:9/none"}


MACHINES = {
    "no fingerprint key": (_no_key, {"audit verify": 4, "rotate {key}": 4}),
    "another world": (_another_world, {"audit verify": 4, "resume": 4, "status": 4}),
    "no network": (_no_network, {"audit verify": 4, "history": 4}),
    "no ledger but something else": (_no_ledger, {"audit verify": 4, "resume": 4, "rotate --due": 4}),
    "nothing at all": (_empty, {"history": 0, "status": 0, "resume": 0}),
    "open to others": (_open_to_others, {"audit verify": 4, "resume": 4, "pause --all": 4}),
    "a server that is not there": (_a_server_that_is_not_there, {"audit verify": 4, "resume": 4}),
}


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_that_is_broken(scene, name):
    breaking, expected = MACHINES[name]
    environ, before = breaking(scene), scene.file.read_bytes()
    for words, done in zip(SHORT, drive(scene, SHORT, **environ), strict=True):
        done.plain()
        for start, status in expected.items():
            if " ".join(words).startswith(start) and "--dry-run" not in words:
                assert done.status == status, (words, done.out, done.err)
    assert name in ("no network", "nothing at all") or scene.file.read_bytes() == before


RULES = '[scan]\nread_values = ["all"]\n[[rotation.rule]]\nmatch = "project:acme-*"\nmax_age = "90d"\n[targets]\nallow = ["env:*"]\n'
STOPPED = {
    "rotate": ("rotate", "{key}", "--accept-targets", "--yes", "--wait"),
    "due": ("rotate", "--due", "--yes", "--new-ledger"),
}


@pytest.mark.parametrize("name", STOPPED)
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_in_the_middle_leaves_what_can_be_gone_on_with(scene, name, times):
    scene.settings(RULES)
    assert scene.keyward("scan", scene.work).status == 0
    create = Fault(path="/keys", method="POST", delay=90)
    scene.world.faults.add(create)
    words = [word.replace("{key}", scene.name) for word in STOPPED[name]]
    begun = subprocess.Popen(
        [sys.executable, "-m", "keyward", *words],
        env=scene.environ(),
        cwd=scene.home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 90
    while create.times:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert _open(scene), "it is on record before the key is asked for"
    for _ in range(times):
        begun.send_signal(signal.SIGINT)
        time.sleep(0.5)  # it cannot be seen from outside that a signal was taken
    scene.world.faults.let_go()
    out, err = begun.communicate(timeout=90)
    Done(words, 0, out, err).plain()
    assert begun.returncode in (130, 0), err
    scene.world.faults.clear()
    assert scene.keyward("resume").status == 0
    (new,) = scene.live() - {scene.old}
    assert scene.file.read_text() == f"A={new}\n"
    assert len(scene.all_keys()) == 2, "one successor, whenever it was stopped"


def _open(scene):
    """Whether a rotation is on record."""
    if not (scene.state / "ledger.db").exists():
        return False
    ledger = sqlite3.connect(f"file:{scene.state / 'ledger.db'}?mode=ro", uri=True)
    try:
        return bool(ledger.execute("SELECT 1 FROM rotation").fetchall())
    except sqlite3.OperationalError:
        return False
    finally:
        ledger.close()
