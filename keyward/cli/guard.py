"""The edge of the process: errors become a sentence and an exit code; nothing that is printed shows a local variable."""

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from keyward import edge
from keyward.model.errors import Exit, Interrupted, KeywardError

cancelled = threading.Event()
"""Set by Ctrl-C and SIGTERM: engines stop at the next safe place and leave a resumable state."""


def _stop(signum: int, _frame: FrameType | None) -> None:
    if cancelled.is_set():  # asked twice: stop waiting for a safe place; every place is resumable
        raise KeyboardInterrupt
    cancelled.set()
    if signum == signal.SIGINT:
        sys.stderr.write("\nStopping at the next safe place; once more to stop at once.\n")


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
    from keyward.model.redact import redact  # noqa: PLC0415  # the table of shapes is only needed for errors
    from keyward.model.text import clean_lines  # noqa: PLC0415

    sys.stderr.write(clean_lines(redact(text)) + "\n")


def unexpected(error: BaseException) -> None:
    """Tell on stderr where an unforeseen error came from: frames without locals, text without values."""
    from keyward.model.trace import trace_text  # noqa: PLC0415  # the table of shapes is only needed here

    sys.stderr.write("keyward: unexpected error; please report it with these lines (they hold no values):\n")
    sys.stderr.write(trace_text(error) + "\n")


def guarded(work: Callable[[], int]) -> int:
    """Run the work and return the process's exit status."""
    try:
        return int(work())
    except (Interrupted, KeyboardInterrupt):
        say(Interrupted("Stopped.", hint="`keyward resume` goes on with what was begun."))
        return int(Exit.INTERRUPTED)
    except KeywardError as error:
        say(error)
        return int(error.exit_code)
    except BrokenPipeError:
        # The reader of our output went away, as `head` does: nothing is wrong.
        sys.stderr.close()
        return int(Exit.OK)
    except Exception as error:  # noqa: BLE001  # the last line of defence: no traceback with locals may escape
        unexpected(error)
        return int(Exit.FINDINGS)
