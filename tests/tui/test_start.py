"""How the app begins and ends: what is loaded before the first frame, and what a crash prints."""

import json
import subprocess
import sys
import termios

import pytest

from tests.parts.terminal import environment, terminal

RESTORED = b"\x1b[?1049l"
HEAVY = (
    "typer",
    "click",
    "googleapiclient",
    "google",
    "grpc",
    "sqlalchemy",
    "alembic",
    "keyring",
    "pydantic",
    "httplib2",
)

FIRST_FRAME = """
import asyncio, json, sys
import keyward.__main__
import keyward.tui.app as module
from keyward.tui.feed import Feed

class Frozen(Feed):
    def load(self, to):
        '''The threads come after the first frame.'''

def run(app):
    async def main():
        async with app.run_test(size=(100, 30)) as pilot:
            await pilot.pause()
            print(json.dumps(sorted(name for name in sys.modules if "." not in name)))
            print(json.dumps(sorted(name for name in sys.modules if name.startswith("keyward."))))
    asyncio.run(main())

module.Feed, module.KeywardApp.run = Frozen, run
sys.stdin.isatty = sys.stdout.isatty = lambda: True
sys.argv = ["keyward"]
keyward.__main__.main()
"""

CRASH = """
import sys, threading
from types import SimpleNamespace
import keyward.tui.app as module
from keyward.tui.feed import Seat

def now():
    return __import__("datetime").datetime.now(__import__("datetime").timezone.utc)

CANARY = "canary-" + "-".join(("value", "of", "a", "local"))

class Crashing(module.KeywardApp):
    def action_history(self):
        secret_local = CANARY
        self.deeper(secret_local)
    def deeper(self, handed):
        also_local = [handed, {"x": handed}]
        raise RuntimeError("the app fell over")
    def action_help(self):
        def work():
            local_of_the_thread = CANARY
            raise RuntimeError("the thread fell over")
        self.run_worker(work, thread=True)

class Desk:
    @property
    def health(self):
        return self
    hygiene = health
    def cache(self):
        return SimpleNamespace(chunks=lambda *_: iter(()), sources=lambda: [], scanned_at=now(), close=lambda: None)
    def gaps(self):
        return SimpleNamespace(open=lambda _: {})
    def judge_data(self):
        return ()
    def judged(self):
        return None
    def doctor(self, hear, stop):
        local_of_the_question = CANARY
        raise RuntimeError("the desk fell over")
    def close(self):
        pass

parts = SimpleNamespace(world="google", emulated=False, settings=SimpleNamespace(production=SimpleNamespace(match=""), display=SimpleNamespace(motion=True), keys=()),
    clock=SimpleNamespace(now=now))
app = Crashing(lambda cancel: Seat(parts, Desk()))
app.run()
raise SystemExit(app.return_code or 0)
"""


def test_the_first_frame_needs_no_command_line_no_cloud_library_and_no_database(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FIRST_FRAME],
        capture_output=True,
        text=True,
        env=environment(tmp_path),
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    top, ours = map(json.loads, done.stdout.splitlines())
    assert not set(HEAVY) & set(top)
    assert not [
        name
        for name in ours
        if name.startswith(("keyward.cli", "keyward.google", "keyward.rotation", "keyward.providers"))
    ]
    assert "textual" in top, "otherwise this test shows nothing"


@pytest.mark.pty
@pytest.mark.parametrize(
    ("key", "said"), [("4", "the app fell over"), ("?", "the thread fell over"), ("5", "the desk fell over")]
)
def test_a_crash_prints_where_but_no_local_variable(tmp_path, key, said):
    script = tmp_path / "crash.py"
    script.write_text(CRASH)
    with terminal([str(script)], tmp_path) as term:
        term.wait("keyward", "No key was found.")
        before = term.modes[3]
        assert termios.tcgetattr(term._fd)[3] != before, "the app did not use raw mode, so this test shows nothing"
        term.send(key)
        while RESTORED not in term.raw:
            term.settle()
        assert termios.tcgetattr(term._fd)[3] == before, "echo and line editing are back"
        assert term.end() == 1
        text = term.raw.decode(errors="replace")
        assert said in text
        assert "unexpected error" in text
        assert "raise RuntimeError" in text
        assert "canary-value" not in text
        assert "also_local" not in text.replace("also_local = [handed", "")
        assert RESTORED in term.raw, "the terminal is given back before"


def test_without_a_terminal_it_says_so_and_what_to_run_instead(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "keyward"], capture_output=True, text=True, env=environment(tmp_path), stdin=subprocess.DEVNULL,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "no terminal" in done.stderr
    assert "keyward list" in done.stderr
    assert done.stdout == ""
