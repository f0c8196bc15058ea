"""At a terminal a person is shown the plan, asked about every place, and types what is to be done."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.pty


class Terminal:
    """A command line on a terminal of its own."""

    def __init__(self, scene, *arguments):
        self._main, other = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "keyward", *map(str, arguments)],
            stdin=other,
            stdout=other,
            stderr=other,
            env=scene.environ(TERM="xterm"),
            cwd=scene.home,
            start_new_session=True,
        )
        os.close(other)
        self.seen = ""

    def until(self, text, seconds=60):
        """Read until the text appears."""
        end = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < end, f"{text!r} did not appear: {self.seen}"
            self._read(end)
        return self.seen

    def _read(self, end):
        ready, _, _ = select.select([self._main], [], [], max(0.0, end - time.monotonic()))
        try:
            data = os.read(self._main, 65536) if ready else b""
        except OSError:  # the other side was closed
            data = b""
        assert data, f"it ended: {self.seen}"
        self.seen += data.decode(errors="replace").replace("\r\n", "\n")

    def type(self, text):
        """Type a line, once the question was read."""
        time.sleep(0.2)
        os.write(self._main, text.encode() + b"\n")

    def end(self, seconds=60):
        """Wait for its end; gives the exit status."""
        end = time.monotonic() + seconds
        try:
            while True:
                self._read(end)
        except AssertionError:
            pass
        status = self._process.wait(seconds)
        os.close(self._main)
        return status

    def signal(self, number):
        self._process.send_signal(number)

    def kill(self):
        """Leave nothing behind."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def at_terminal(scene):
    """Starts command lines on a terminal; what still runs at the end is killed."""
    started = []

    def start(*arguments):
        started.append(Terminal(scene, *arguments))
        return started[-1]

    yield start
    for one in started:
        one.kill()


def test_a_person_accepts_each_place_and_types_the_phrase(scene, at_terminal):
    key = scene.key("my key")
    file = scene.env(".env", f"A={key.key_string}\n")
    other = scene.env("other.env", f"A={key.key_string}\n")
    assert scene.keyward("scan", scene.work, "--values", "all").status == 0
    terminal = at_terminal("rotate", "my key", "--waive", f"env:{other}#A", "--wait=cut-over")
    terminal.until(f"my key is {scene.key_id(key)}")
    assert "EMULATOR" in terminal.until(f"Write to env:{file}#A? [y/N]")
    terminal.type("y")
    terminal.until("Type 'rotate 1 key' to go on:")
    terminal.type("rotate 1 key")
    assert terminal.end() == 0, terminal.seen
    assert key.key_string not in file.read_text()
    assert key.key_string in other.read_text()
    assert "keyward undo" in terminal.seen


@pytest.mark.parametrize("answer", ["", "yes", "rotate"])
def test_anything_else_changes_nothing(scene, at_terminal, answer):
    key = scene.key("my key")
    file = scene.env(".env", f"A={key.key_string}\n")
    assert scene.keyward("scan", scene.work, "--values", "all").status == 0
    terminal = at_terminal("rotate", scene.key_id(key), "--accept-targets")
    terminal.until("to go on:")
    terminal.type(answer)
    assert terminal.end() == 6
    assert "nothing was changed" in terminal.seen.lower()
    assert key.key_string in file.read_text()
    assert scene.live() == {key.key_string}
    assert scene.keyward("history", "-o", "json").json["rotations"] == []


def test_typed_ahead_is_no_answer(scene, at_terminal):
    key = scene.key("my key")
    scene.env(".env", f"A={key.key_string}\n")
    assert scene.keyward("scan", scene.work, "--values", "all").status == 0
    terminal = at_terminal("rotate", scene.key_id(key), "--accept-targets")
    terminal.type("rotate 1 key")
    terminal.until("to go on:")
    terminal.type("no")
    assert terminal.end() == 6
    assert scene.live() == {key.key_string}


def test_a_saved_plan_wants_its_phrase_and_asks_for_no_place(scene, at_terminal):
    key = scene.key("my key")
    file = scene.env(".env", f"A={key.key_string}\n")
    assert scene.keyward("scan", scene.work, "--values", "all").status == 0
    saved = scene.keyward("rotate", scene.key_id(key), "--accept-targets", "--out", scene.home / "plan.json")
    assert saved.status == 0, saved.err
    for answer, status in (("yes", 6), ("rotate 1 key", 0)):
        terminal = at_terminal("apply", str(scene.home / "plan.json"))
        seen = terminal.until("Type 'rotate 1 key' to go on:")
        assert "Write to" not in seen
        terminal.type(answer)
        assert terminal.end() == status, terminal.seen
        assert (key.key_string in file.read_text()) is (status != 0)


def test_an_emergency_wants_a_phrase_of_its_own(scene, at_terminal):
    key = scene.key("my key")
    scene.env(".env", f"A={key.key_string}\n")
    assert scene.keyward("scan", scene.work, "--values", "all").status == 0
    terminal = at_terminal("rotate", "my key", "--accept-targets", "--emergency", "--reason", "leaked")
    assert "no overlap" in terminal.until("Type 'end 1 key at once' to go on:")
    terminal.type("rotate 1 key")
    assert terminal.end() == 6
    assert scene.live() == {key.key_string}


def test_a_value_typed_at_the_hidden_prompt_is_never_shown(scene, at_terminal):
    key = scene.key("my key")
    scene.env(".env", f"A={key.key_string}\n")
    assert scene.keyward("scan", scene.work, "--values", "all").status == 0
    terminal = at_terminal("identify")
    terminal.until("Value (not shown):")
    terminal.type(key.key_string)
    assert terminal.end() == 0
    assert scene.key_id(key) in terminal.seen
    assert key.key_string not in terminal.seen
    assert re.search(rf"env:{re.escape(str(scene.work))}/\.env", terminal.seen)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_a_rotation_that_resume_finishes(scene, at_terminal, number):
    key = scene.key("my key")
    file = scene.env(".env", f"A={key.key_string}\n")
    assert scene.keyward("scan", scene.work, "--values", "all").status == 0
    now = ("--accept-targets", "--grace", "1h", "--retire", "now", "--yes", "--reason", "trial")
    terminal = at_terminal("rotate", scene.key_id(key), *now, "--wait=dead")
    terminal.until("waiting")
    terminal.signal(number)
    assert terminal.end() == 130, terminal.seen
    assert "keyward resume" in terminal.seen
    assert key.key_string in scene.live()
    for _ in range(4):
        scene.world.clock.advance(4000)
        done = scene.keyward("resume")
        assert done.status == 0, done.err
    assert "Nothing to resume" in scene.keyward("resume").err
    assert scene.live() == {file.read_text().strip().removeprefix("A=")}
