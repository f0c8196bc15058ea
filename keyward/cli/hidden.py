"""A value typed or pasted at a terminal without being shown, or read from standard input. It is never an argument."""

import os
import select
import sys
import threading
import time
from typing import TYPE_CHECKING

from keyward.model.errors import Interrupted, UsageError

if TYPE_CHECKING:
    from keyward.model.secret import Secret

LONGEST = 64 * 1024
"""The longest value that is taken, in bytes."""

_LOOK = 0.2
_MORE = 0.15
"""Seconds in which the rest of a pasted text arrives after its first line."""

_ERASE, _KILL, _END = (0x7F, 0x08), (0x15,), (0x04,)
_ENTER = (0x0A, 0x0D)


class SeveralLines(UsageError):
    """More than one line was pasted."""


def ask(prompt: str, cancelled: threading.Event) -> "Secret | None":
    """Read one line without showing it; None for an empty one.

    Args:
        prompt: what to show before it.
        cancelled: set by Ctrl-C.

    Raises:
        SeveralLines: what was pasted goes on after the first line; nothing of it is taken.
        UsageError: it is longer than any key.
        Interrupted: cancelled.
    """
    import termios  # only where there is a terminal

    from keyward.model.secret import Secret

    sys.stderr.write(prompt)
    sys.stderr.flush()
    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    quiet = termios.tcgetattr(fd)
    # Neither echo nor lines: a terminal that collects lines itself cuts them at 4096 bytes.
    quiet[3] &= ~(termios.ECHO | termios.ECHONL | termios.ICANON)
    try:
        termios.tcsetattr(fd, termios.TCSAFLUSH, quiet)  # what was typed ahead is no answer
        typed = _line(fd, cancelled)
    finally:
        termios.tcsetattr(fd, termios.TCSAFLUSH, before)
        sys.stderr.write("\n")
    value = bytes(typed).strip()
    return Secret(value) if value else None


def _line(fd: int, cancelled: threading.Event) -> bytearray:
    typed = bytearray()
    while not cancelled.is_set():
        ready, _, _ = select.select([fd], [], [], _LOOK)
        data = os.read(fd, LONGEST) if ready else None
        if data == b"":
            return typed
        for number, byte in enumerate(data or b""):
            if byte in _ENTER or (byte in _END and not typed):
                if data is not None and (data[number + 1 :].strip() or _more(fd)):
                    raise SeveralLines("Several lines were pasted; nothing was taken.", hint="Paste the key alone.")
                return typed
            if byte in _ERASE:
                del typed[-1:]
            elif byte in _KILL:
                typed.clear()
            else:
                typed.append(byte)
        if len(typed) > LONGEST:
            raise UsageError(f"That is no key: it is longer than {LONGEST:,} bytes.")
    raise Interrupted("Stopped.", hint="The same command goes on.")


def _more(fd: int) -> bool:
    """Whether something other than line ends follows at once."""
    until = time.monotonic() + _MORE
    while (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select([fd], [], [], left)
        if ready and os.read(fd, LONGEST).strip():
            return True
        if not ready:
            break
    return False


def from_stdin() -> "Secret":
    """The value on standard input, without the white space around it.

    Raises:
        UsageError: there is none, or it is longer than any key.
    """
    from keyward.model.secret import Secret

    raw = sys.stdin.buffer.read(LONGEST + 1)
    if len(raw) > LONGEST:
        raise UsageError(f"That is no key: it is longer than {LONGEST:,} bytes.")
    if not raw.strip():
        raise UsageError(
            "No value was given.", hint="It comes on standard input, such as: keyward swap KEY --stdin < file"
        )
    return Secret(raw.strip())
