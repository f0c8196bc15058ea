"""Running one command: clean environment, value on standard input only, a limit of time, the end of what it said."""

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from keyward.model.redact import HIDDEN, redact
from keyward.model.secret import Secret
from keyward.model.text import clean, clean_lines

_KEPT = 16_384
_SHOWN = 1_000
_SLICE = 0.2
_GUARD = 10.0
"""Seconds between two looks whether this process may still act."""

_GRACE = 5.0
"""Seconds between asking a process to end and killing it."""

_REST = 0.5
"""Seconds in which the output of a process that ended is still taken; one of its children may hold it open."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit status (negative: the signal; None: it could not be started), and the end of what it said."""

    status: int | None
    said: str = ""
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        """Whether it did what it should."""
        return self.status == 0 and not self.timed_out

    @property
    def word(self) -> str:
        """The end in words."""
        if self.status is None:
            how = "could not be started"
        elif self.timed_out:
            how = "took too long and was ended"
        else:
            how = "succeeded" if self.ok else f"failed (exit status {self.status})"
        return f"{how}: {self.said}" if self.said else how


def run(
    argv: Sequence[str],
    environ: Mapping[str, str],
    *,
    value: Secret | None = None,
    hide: Sequence[Secret] = (),
    seconds: float,
    alive: Callable[[], None],
) -> Ended:
    """Run a command to its end, in a session of its own.

    Args:
        argv: program and arguments; no shell.
        environ: its whole environment.
        value: goes to its standard input, which is empty otherwise.
        hide: values that are taken out of what it said, whatever their shape.
        seconds: after so many (of this machine's clock) it is ended, with all that it started.
        alive: called every few seconds; what it raises ends the command and is passed on.
    """
    home = environ.get("HOME", "/")
    try:
        process = subprocess.Popen(
            list(argv),
            env=dict(environ),
            cwd=home if os.path.isdir(home) else "/",  # noqa: PTH112  # a text that came from outside; no path is built
            stdin=subprocess.PIPE if value is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return Ended(None, clean(getattr(error, "strerror", None) or type(error).__name__))
    output = _Output(process)
    try:
        if value is not None:
            threading.Thread(target=_feed, args=(process, value), daemon=True).start()
        timed_out = not _wait(process, output, seconds, alive)
        if timed_out:
            _end(process)
        output.rest()
        return Ended(process.returncode, output.said(hide), timed_out)
    except BaseException:
        _end(process)
        raise
    finally:
        output.close()


def _feed(process: "subprocess.Popen[bytes]", value: Secret) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):  # it need not read what it gets
            process.stdin.write(value.reveal())
        with contextlib.suppress(OSError):
            process.stdin.close()


def _wait(process: "subprocess.Popen[bytes]", output: "_Output", seconds: float, alive: Callable[[], None]) -> bool:
    """Wait until it ends; False when its time is over."""
    end = time.monotonic() + seconds
    guard = time.monotonic() + _GUARD
    while process.poll() is None:
        now = time.monotonic()
        if now >= end:
            return False
        if now >= guard:
            alive()
            guard = now + _GUARD
        output.take(min(_SLICE, end - now))
    return True


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End it and what it started: asked first, then killed."""
    for number, patience in ((signal.SIGTERM, _GRACE), (signal.SIGKILL, _GRACE)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)


class _Output:
    """The end of what a process says."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._kept = b""
        self._cut = False
        self._selector = selectors.DefaultSelector()
        if process.stdout is not None:
            os.set_blocking(process.stdout.fileno(), False)
            self._selector.register(process.stdout, selectors.EVENT_READ)

    def take(self, seconds: float) -> bool:
        """Take what comes within that time; False at the end."""
        if not self._selector.get_map():
            time.sleep(min(seconds, 0.02))  # it closed its output, so it is about to end
            return False
        for key, _ in self._selector.select(seconds):
            data = os.read(key.fd, _KEPT)
            if not data:
                self._selector.unregister(key.fileobj)
                return False
            self._cut |= len(self._kept) + len(data) > _KEPT
            self._kept = (self._kept + data)[-_KEPT:]
        return True

    def rest(self) -> None:
        """Take what is still there."""
        end = time.monotonic() + _REST
        while time.monotonic() < end and self._selector.get_map() and self.take(max(0.0, end - time.monotonic())):
            pass

    def said(self, hide: Sequence[Secret]) -> str:
        """Its last lines, without values and control characters."""
        kept = self._kept
        if self._cut:
            _, _, kept = kept.partition(b"\n")  # what was cut in half could be half of a value
        for value in hide:
            if value:
                kept = kept.replace(value.reveal(), HIDDEN.encode())
        # Also what it printed in pieces, in base64 (as kubectl does) or escaped.
        text = redact(clean_lines(kept.decode("utf-8", "replace")), hide).strip()
        if len(text) > _SHOWN:
            _, _, text = text[-_SHOWN:].partition("\n")
        return " / ".join(line.strip() for line in text.splitlines() if line.strip())

    def close(self) -> None:
        """Let go of the pipe."""
        self._selector.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
