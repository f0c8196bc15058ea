"""A real pseudo terminal with a screen in memory: start a program, wait for text, send keys, resize, keep every byte."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

import pyte

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
ESCAPE = "\x1b[27u"
"""The key, as terminals send it that tell it from the beginning of a sequence: a slow reader never takes it for Alt."""
_QUIET = 0.15

# pyte does not know some private sequences that Textual sends: kitty keyboard, mode queries, OSC, DCS. They would show as text.
_UNKNOWN = re.compile(
    rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p|\x1b\].*?(?:\x07|\x1b\\)|\x1bP.*?\x1b\\", re.DOTALL
)
_SWITCHED = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
_AT_REST = {b"7", b"25"}
"""Modes that are on where no program has changed anything: lines wrap, the cursor is shown."""
_HALF = re.compile(rb"\x1b(?:\[[<>=?0-9;$]*|\].*|P.*)?$", re.DOTALL)


class Terminal:
    """A program in a terminal of its own.

    Args:
        argv: the program.
        environ: its environment, complete.
        columns, lines: the size.
        cwd: the working folder; None for this one.
    """

    def __init__(self, argv, environ, *, columns=120, lines=36, cwd=None):
        self._raw = bytearray()
        self.watching = True
        self.status = None
        self._rest = b""
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.pid, self._fd = pty.fork()
        if self.pid == 0:  # pragma: no cover  # another process
            try:
                self._size(0, columns, lines)
                if cwd is not None:
                    os.chdir(cwd)
                os.execvpe(argv[0], argv, environ)  # noqa: S606  # a program of ours, no shell
            finally:
                os._exit(127)
        os.set_blocking(self._fd, False)
        self._size(self._fd, columns, lines)
        self.modes = termios.tcgetattr(self._fd)

    @staticmethod
    def _size(fd, columns, lines):
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    # What it shows

    @property
    def raw(self):
        """Every byte so far."""
        return bytes(self._raw)

    @property
    def text(self):
        """The screen, line by line, without trailing blanks."""
        self._pump(0)
        # The screen's own `display` trips over the second half of a wide character whose first half was overwritten.
        rows, width = self.screen.buffer, range(self.screen.columns)
        return "\n".join("".join(rows[y][x].data for x in width).rstrip() for y in range(self.screen.lines))

    def wait(self, *needles, patience=PATIENCE):
        """Wait until all these texts stand on the screen; give the screen."""
        until = time.monotonic() + patience
        while not all(needle in self.text for needle in needles):
            assert time.monotonic() < until, f"{needles} did not appear:\n{self.text}"
            assert self._pump(0.05) is not None or all(needle in self.text for needle in needles), (
                f"it ended before {needles} appeared:\n{self.text}\n{self.raw[-2000:]!r}"
            )
        return self.text

    def wait_gone(self, needle, patience=PATIENCE):
        """Wait until this text does not stand on the screen."""
        until = time.monotonic() + patience
        while needle in self.text:
            assert time.monotonic() < until, f"{needle!r} stays:\n{self.text}"
            self._pump(0.05)
        return self.text

    def settle(self, quiet=_QUIET, patience=PATIENCE):
        """Wait until nothing is written for a while; give the screen."""
        until, last = time.monotonic() + patience, time.monotonic()
        while time.monotonic() < until and time.monotonic() - last < quiet:
            if self._pump(0.02):
                last = time.monotonic()
        return self.text

    def _pump(self, seconds):
        """Read what is there; None when the program has closed the terminal."""
        if self._fd is None:
            return None
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if not ready:
            return b""
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:  # Linux says so when the other side is gone
            data = b""
        if not data:
            return None
        self._raw += data
        if not self.watching:
            return data
        whole = _UNKNOWN.sub(b"", self._rest + data)
        half = _HALF.search(whole)
        whole, self._rest = (whole[: half.start()], whole[half.start() :]) if half else (whole, b"")
        self._stream.feed(whole)
        return data

    def astray(self):
        """What the terminal would be left with if the program ended now: the modes that are not as they were, in a set."""
        last = {mode: how for modes, how in _SWITCHED.findall(self._raw) for mode in modes.split(b";")}
        found = {mode.decode() for mode, how in last.items() if (how == b"h") is not (mode in _AT_REST)}
        if self._raw.count(b"\x1b[>") > self._raw.count(b"\x1b[<u"):
            found.add("kitty keys")
        if self._fd is not None and termios.tcgetattr(self._fd)[:4] != self.modes[:4]:
            found.add("tty")
        return found

    # What is done to it

    def send(self, keys):
        """Type these characters (or bytes) in one burst, however slowly they are taken."""
        left = keys if isinstance(keys, bytes) else keys.encode()
        until = time.monotonic() + PATIENCE
        while left:
            assert time.monotonic() < until, f"it does not read what is typed:\n{self.text}"
            try:
                left = left[os.write(self._fd, left) :]
            except BlockingIOError:
                self._pump(0.01)  # it may wait for us to read

    def paste(self, text):
        """Paste a text, as a terminal does that was asked to say so."""
        self.send(f"\x1b[200~{text}\x1b[201~")

    def press(self, *keys):
        """Type one after the other, each after the screen has become quiet."""
        for key in keys:
            self.send(key)
            self.settle()

    def resize(self, columns, lines):
        """Change the size, as dragging a window does."""
        self.screen.resize(lines, columns)
        self.screen.reset()
        self._size(self._fd, columns, lines)
        os.kill(self.pid, signal.SIGWINCH)

    def hang_up(self):
        """Close the terminal under the program, as closing its window does."""
        os.close(self._fd)
        self._fd = None

    def end(self, patience=PATIENCE):
        """Wait until the program ends; give its exit status."""
        until = time.monotonic() + patience
        while self.status is None:
            assert time.monotonic() < until, f"it does not end:\n{self.text}"
            self._pump(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                while self._pump(0.05):
                    pass
                self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def close(self):
        """Kill what still runs."""
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, 0)
            self.status = -signal.SIGKILL
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def environment(home, **more):
    """An environment in which only this folder is home, and nothing points at a real cloud."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "PYTHONPATH": str(ROOT),
        "KEYWARD_HOME": str(home / "keyward"),
        "KEYWARD_CONFIG": str(home / "keyward.toml"),
        "KEYWARD_EMULATOR_VALIDATE": "1",  # an answer that Google's documents do not allow becomes an error on the screen
        **more,
    }


@contextlib.contextmanager
def terminal(argv, home, *, columns=120, lines=36, cwd=None, **more):
    """A program of this Python in a terminal, killed at the end."""
    with terminal_of([sys.executable, *argv], home, columns=columns, lines=lines, cwd=cwd, **more) as one:
        yield one


@contextlib.contextmanager
def terminal_of(argv, home, *, columns=120, lines=36, cwd=None, **more):
    """Any program in a terminal, killed at the end."""
    one = Terminal(argv, environment(home, **more), columns=columns, lines=lines, cwd=cwd)
    try:
        yield one
    finally:
        one.close()
