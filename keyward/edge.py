"""The edge of the process: what a library or the interpreter would print by itself holds no value, and nothing is left in a core file.

Only the faces call `harden`, once, before anything else; `hush` goes with the first use of a cloud library.
"""

import os
import resource
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import threading

# They make Google's libraries print requests and answers whole: payloads, key strings, tokens.
_TALKATIVE = ("GOOGLE_SDK_PYTHON_LOGGING_SCOPE", "GRPC_TRACE", "GRPC_VERBOSITY")
_LIBRARIES = ("google", "google_auth_httplib2", "googleapiclient", "grpc", "httplib2", "keyring", "requests", "urllib3")


def harden() -> None:
    """Switch core dumps off, let nothing print an error with a value in it, and let no odd name end the output."""
    import threading  # after the first frame of `--help`, and needed by everything else

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    for name in _TALKATIVE:
        os.environ.pop(name, None)
    sys.excepthook = _ended
    sys.unraisablehook = _unraisable
    threading.excepthook = _thread_ended
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w", encoding="utf-8") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115, PTH123  # closed by the caller
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # a terminal that knows fewer characters shows the others escaped
            reconfigure(errors="backslashreplace")


def hush() -> None:
    """Let no record of a cloud library reach the terminal: their warnings repeat what a server said, unclean."""
    import logging  # only who asks a cloud pays for it

    for name in _TALKATIVE:
        os.environ.pop(name, None)
    for name in _LIBRARIES:
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def _say(error: BaseException | None) -> None:
    if error is None or sys.stderr is None:
        return
    from keyward.model.trace import trace_text  # the table of shapes is only needed here

    sys.stderr.write("keyward: unexpected error; please report it with these lines (they hold no values):\n")
    sys.stderr.write(trace_text(error) + "\n")


def _ended(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    _say(error)


def _thread_ended(args: "threading.ExceptHookArgs") -> None:
    _say(args.exc_value)


def _unraisable(args: Any) -> None:
    _say(args.exc_value)
