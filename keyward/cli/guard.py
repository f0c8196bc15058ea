"""The edge of the process: errors become a sentence and an exit code; nothing that is printed shows a local variable."""

import contextlib
import errno
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from keyward import edge
from keyward.model.errors import Exit, Interrupted, KeywardError

_ROOM = "Make room; what was begun can be resumed."
# What the machine lacks is no mistake of the program.
_MACHINE = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EROFS: "The file system can only be read; KEYWARD_HOME names another folder for ledger and cache.",
    errno.EIO: "Look after the disk, or the terminal; what was begun can be resumed.",
    errno.EMFILE: "Raise the limit of open files (ulimit -n), or lower [scan] workers.",
}

_STDERR = 2

cancelled = threading.Event()
"""Set by Ctrl-C and SIGTERM: engines stop at the next safe place and leave a resumable state."""


def _stop(signum: int, _frame: FrameType | None) -> None:
    if cancelled.is_set():  # asked twice: stop waiting for a safe place; every place is resumable
        raise KeyboardInterrupt
    cancelled.set()
    if signum == signal.SIGINT:
        # Straight to the descriptor: the main thread may stand in the middle of a write, and Python's buffers refuse a second one.
        with contextlib.suppress(OSError):
            os.write(_STDERR, b"\nStopping at the next safe place; once more to stop at once.\n")


def harden() -> None:
    """Let nothing get out by itself, and make SIGINT and SIGTERM stop the work at a safe place."""
    edge.harden()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _stop)
        signal.signal(signal.SIGTERM, _stop)


def say(error: KeywardError) -> None:
    """Tell a person on stderr what happened and what to do.

    What was typed, or stands in a file, may be a key or hold escape sequences, and messages repeat it.
    """
    told(f"keyward: {error.title.lower()}: {error.message}")
    if error.hint:
        told(f"  {error.hint}")


def told(text: str) -> None:
    """Write to stderr, without key material and control characters."""
    from keyward.model.redact import redact  # the table of shapes is only needed for errors
    from keyward.model.text import clean_lines

    sys.stderr.write(clean_lines(redact(text)) + "\n")


def unexpected(error: BaseException) -> None:
    """Tell on stderr where an unforeseen error came from: frames without locals, text without values."""
    from keyward.model.trace import trace_text  # the table of shapes is only needed here

    sys.stderr.write("keyward: unexpected error; please report it with these lines (they hold no values):\n")
    sys.stderr.write(trace_text(error) + "\n")


def _flushed(status: int) -> int:
    sys.stdout.flush()  # a full disk or a closed pipe is to be told here, and not by the interpreter
    return status


def _let_go() -> None:
    """Let the interpreter find nothing to complain about when it closes an output that takes nothing any more."""
    try:
        sys.stdout.flush()
    except OSError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def guarded(work: Callable[[], int]) -> int:
    """Run the work and return the process's exit status."""
    try:
        return _flushed(int(work()))
    except (Interrupted, KeyboardInterrupt):
        say(Interrupted("Stopped.", hint="`keyward resume` goes on with what was begun."))
        return int(Exit.INTERRUPTED)
    except KeywardError as error:
        say(error)
        return int(error.exit_code)
    except BrokenPipeError:
        # The reader of our output went away, as `head` does: nothing is wrong.
        _let_go()
        return int(Exit.OK)
    except OSError as error:
        _let_go()
        if error.errno not in _MACHINE:
            unexpected(error)
        else:
            where = f" ({error.filename})" if error.filename else ""
            say(KeywardError(f"{error.strerror}{where}.", hint=_MACHINE[error.errno]))
        return int(Exit.FINDINGS)
    except Exception as error:  # noqa: BLE001  # the last line of defence: no traceback with locals may escape
        unexpected(error)
        return int(Exit.FINDINGS)
