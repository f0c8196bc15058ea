"""Every way in which the app can end, and what is left behind: the terminal as it was, no value, no process, a status that tells.

Faults are put into a copy of the program by a file that runs it; the program itself has no switch for them.
"""

import os
import re
import secrets
import shlex
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.parts.need import missing
from tests.parts.terminal import terminal, terminal_of

pytestmark = [pytest.mark.pty, pytest.mark.slow]

FAULTS = {
    "in a message": ("keyward.tui.screens.history", "HistoryScreen.on_mount"),
    "while painting": ("keyward.tui.widgets.head", "Head.render"),
    "in a question's thread": ("keyward.desk.record", "Record.rotations"),
    "in a worker's thread": ("keyward.tui.feed", "Feed._scan"),
    "in a timer": ("keyward.tui.app", "KeywardApp._pulse"),
    "in the reader's thread": ("keyward.tui.driver", "Terminal._take"),
    "in an action": ("keyward.tui.app", "KeywardApp.action_history"),
}
"""Where, and which method is replaced by one that falls over with a value in a local variable and in its message."""
SMALL = ("--org", "1x9x2")
BROKEN = """
import importlib, os

module, (kind, name) = {module!r}, {method!r}.split(".")

def fall_over(*args, **kwargs):
    held = os.environ["CANARY"]
    half = [held[: len(held) // 2]]
    raise ValueError("it holds AIza" + held)

setattr(getattr(importlib.import_module(module), kind), name, fall_over)
from keyward.__main__ import main
main()
"""


def _fallen(judged, tmp_path, where):
    """Run the broken copy, press the keys that bring it to fall; gives its terminal when it has ended."""
    canary = "Sy" + secrets.token_urlsafe(26)[:33]
    module, method = FAULTS[where]
    program = tmp_path / "broken.py"
    program.write_text(BROKEN.format(module=module, method=method))
    judged.forget()
    environ = judged.environ(TERM="xterm-256color", COLORTERM="truecolor", CANARY=canary)
    with terminal([str(program)], judged.home, **environ) as term:
        if where not in ("in a timer", "while painting"):  # they come by themselves
            term.wait("EMULATOR", "alpha")
            term.send("\x12" if "worker" in where else "4")
        status = term.end()
        return term, status, canary


@pytest.mark.parametrize(
    "where",
    [
        "in a message",
        "in a question's thread",
        "in a worker's thread",
        "in the reader's thread",
        *(pytest.param(one, marks=pytest.mark.slow) for one in ("while painting", "in a timer", "in an action")),
    ],
)
def test_a_crash_gives_the_terminal_back_shows_no_value_and_says_what_to_do(judged, tmp_path, where):
    term, status, canary = _fallen(judged, tmp_path, where)
    assert status == 1
    assert term.astray() == set()
    after = term.raw.split(b"\x1b[?1049l")[-1].decode()
    assert "unexpected error; please report it with these lines" in after, after
    assert FAULTS[where][1].rpartition(".")[2] in after or "fall_over" in after, "it says where"
    assert "start keyward again" in after.splitlines()[-1]
    for piece in (canary, canary[:16], canary[16:]):
        assert piece.encode() not in term.raw


def _emulator(term):
    """The process of the demo's emulator."""
    children = Path(f"/proc/{term.pid}/task/{term.pid}/children")
    if not children.exists():
        missing("this system does not tell the children of a process")
    (child,) = [int(one) for one in children.read_text().split()]
    return child


def _gone(pid):
    """Whether that process has ended, taken leave of or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def _ends(pid, patience=15):
    until = time.monotonic() + patience
    while not _gone(pid):
        assert time.monotonic() < until, f"{pid} stays"
        time.sleep(0.05)


def test_a_closed_window_ends_the_app_and_its_emulator(demo):
    term = demo(*SMALL)
    emulator = _emulator(term)
    term.hang_up()
    assert term.end() == 128 + signal.SIGHUP
    _ends(emulator)


def test_a_terminal_that_is_gone_without_a_signal_ends_the_app_too(judged):
    """As under a shell that ignores SIGHUP: nobody is left who could type or look."""
    program = f"trap '' HUP; {shlex.join([sys.executable, '-m', 'keyward'])}; true"
    judged.forget()
    environ = judged.environ(TERM="xterm-256color")
    with terminal_of(["bash", "-c", program], judged.home, **environ) as term:
        term.wait("EMULATOR", "alpha")
        app = _emulator(term)
        term.hang_up()
        _ends(app)
        assert term.end() == 0


def test_a_signal_in_a_dialog_ends_it_and_the_terminal_is_as_it_was(judged):
    with judged.app("--write") as term:
        term.wait("WRITE", "alpha")
        term.send("C")
        term.wait("Columns")
        os.kill(term.pid, signal.SIGTERM)
        assert term.end() == 128 + signal.SIGTERM
        assert term.astray() == set()


def test_the_app_goes_on_when_its_emulator_is_killed(demo):
    term = demo(*SMALL)
    os.kill(_emulator(term), signal.SIGKILL)
    term.send("\x12")
    term.wait("scanning")
    term.send("j" * 5)
    until = time.monotonic() + 5
    while not re.search(r"(\n.*-key .*){5}\n> .*-key ", term.text):
        assert time.monotonic() < until, f"the cursor does not move while nobody answers:\n{term.text}"
        term.settle()
    term.send("r")
    term.wait("Plan", "Esc Back")
    began = time.monotonic()
    term.send("q")
    assert term.end() == 0
    assert time.monotonic() - began < 15
    assert term.astray() == set()


@pytest.mark.slow
def test_it_says_that_an_emulator_that_was_killed_does_not_answer(demo):
    """After half a minute in which it was asked again and again."""
    term = demo(*SMALL)
    os.kill(_emulator(term), signal.SIGKILL)
    term.send("\x12")
    screen = term.wait("unreachable", "stale", patience=120)
    assert re.search(r" (api|auth)-key ", screen), "what was known stays"
    term.send("d")
    term.wait("Coverage", "unreachable", "no answer")
    term.send("q")
    assert term.end() == 0


def test_no_emulator_outlives_an_app_that_was_killed(demo):
    term = demo(*SMALL)
    emulator = _emulator(term)
    os.kill(term.pid, signal.SIGKILL)
    assert term.end() == -signal.SIGKILL
    _ends(emulator)
