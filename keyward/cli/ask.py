"""Questions to a person at the terminal: never asked when there is none, never on stdout."""

import contextlib
import sys

from keyward.model.errors import NeedsPerson


def typed(phrase: str, why: str) -> None:
    """Have a person type a phrase before something is done.

    Args:
        phrase: what is to be typed.
        why: what it will do, as a sentence.

    Raises:
        NeedsPerson: something else was typed; nothing was done.
    """
    sys.stderr.write(f"{why}\nType {phrase!r} to go on: ")
    sys.stderr.flush()
    _forget_typed_ahead()
    if _line() != phrase:
        raise NeedsPerson("Not confirmed; nothing was changed.")


def yes(question: str) -> bool:
    """Ask a question whose answer is no unless `y` or `yes` is typed."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    _forget_typed_ahead()
    return _line().lower() in {"y", "yes"}


def choice(question: str, letters: str, otherwise: str) -> str:
    """Ask for one of these letters; anything else, an empty line too, is `otherwise`."""
    sys.stderr.write(f"{question} [{otherwise}] ")
    sys.stderr.flush()
    _forget_typed_ahead()
    typed = _line().lower()[:1]
    return typed if typed and typed in letters else otherwise


def line(question: str) -> str:
    """Ask for a line of text; empty where nothing was typed."""
    sys.stderr.write(f"{question} ")
    sys.stderr.flush()
    _forget_typed_ahead()
    return _line()


def _line() -> str:
    line = sys.stdin.readline()
    if not line:
        sys.stderr.write("\n")
    return line.strip()


def _forget_typed_ahead() -> None:
    """What was typed before the question could be read is no answer to it."""
    import termios  # only when somebody is asked

    with contextlib.suppress(termios.error, OSError, ValueError):  # without a terminal nothing was typed ahead
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
