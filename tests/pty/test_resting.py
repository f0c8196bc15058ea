"""Put aside and taken up again, whatever is on the screen: the shell gets a clean terminal, and no value comes back with the app."""

import os
import shlex
import signal
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.parts.scene import encoded
from tests.parts.terminal import ESCAPE, terminal_of
from tests.pty.conftest import ARMED

pytestmark = [pytest.mark.pty, pytest.mark.slow]
REST = "\x1a"


@pytest.fixture
def shell(judged):
    """A shell with jobs, on the small world."""
    judged.forget()
    environ = judged.environ(TERM="xterm-256color", COLORTERM="truecolor", PS1="shell> ")
    with terminal_of(["bash", "--norc", "--noprofile", "-i"], judged.home, **environ) as term:
        term.wait("shell>")
        term.prompt = termios.tcgetattr(term._fd)[3]
        yield term


def _begin(term):
    term.send(f"{shlex.join([sys.executable, '-m', 'keyward'])}\r")
    term.wait("READ-ONLY", "alpha")


def _rested(term):
    """It is stopped, the shell is back, and the app's screen is no more."""
    term.wait("Stopped", "shell>")
    assert termios.tcgetattr(term._fd)[3] == term.prompt
    assert not term.astray() - {"2004", "tty"}, "the shell's own reading of lines is all that is switched on"


def _revealed(term, value):
    """Open the first key and show its value."""
    term.wait("alpha")
    term.send("\r")
    term.wait("Overview", "Restrictions")
    term.send("x")
    term.wait("Show the value of this key")
    time.sleep(ARMED)
    term.send("\t\r")
    term.wait("any key hides it")
    assert value in term.text


def _job(term):
    (child,) = [int(one) for one in Path(f"/proc/{term.pid}/task/{term.pid}/children").read_text().split()]
    return child


def test_it_rests_in_a_dialog_and_the_dialog_is_there_again(shell):
    _begin(shell)
    shell.send("W")
    shell.wait("Type  write  to go on")
    time.sleep(ARMED)
    shell.send("wri")
    shell.wait(" wri ")
    shell.send(REST)
    _rested(shell)
    shell.send("echo it $((40 + 2)) works\r")
    shell.wait("it 42 works")
    shell.send("fg\r")
    shell.wait("READ-ONLY", "Type  write  to go on", " wri ", "Cancel")
    shell.send(ESCAPE)
    shell.wait_gone("to go on")
    shell.wait("LAST USE", "READ-ONLY")
    shell.send("q")
    shell.wait("shell>")


@pytest.mark.parametrize("how", ["the key", "a signal"])
def test_a_value_is_gone_before_the_terminal_is_given_back_and_does_not_come_back(judged, shell, how):
    value = judged.keys[0].key_string
    _begin(shell)
    _revealed(shell, value)
    if how == "the key":
        shell.send(REST)
    else:
        os.kill(_job(shell), signal.SIGTSTP)
    _rested(shell)
    written = shell.raw
    given = written.rindex(b"\x1b[?1049l")
    assert written.rindex(b"any key hides it") < written.rindex(b"\x1b[2J") < given, "the screen was not wiped first"
    shell.send("fg\r")
    shell.wait("READ-ONLY", "Overview")
    shell.wait_gone("any key hides it")
    shell.send("q")
    shell.wait("shell>")
    again = shell.raw[given:]
    assert not [form for form in encoded(value) if form.encode() in again]
