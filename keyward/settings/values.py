"""How a value in `keyward.toml`, or in an environment variable, is read."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from keyward.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MOST = 1_000
_LONGEST = timedelta(days=3_660)
_control = re.compile(r"[\x00-\x1f\x7f]")
_duration = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")


def duration(value: object) -> timedelta:
    """Read `90s`, `5m`, `24h`, `7d`, `2w` or a sum such as `1d12h`.

    Raises:
        ValueError: it is not a duration.
    """
    text = str(value).strip() if isinstance(value, str) else ""
    total, end = timedelta(0), 0
    for match in _duration.finditer(text):
        if match.start() != end:
            break
        try:
            total += timedelta(**{_UNITS[match[2]]: float(match[1])})
        except OverflowError:
            break
        end = match.end()
    if not text or end != len(text):
        raise ValueError(f"{value!r} is not a duration such as 24h, 7d or 90s")
    return total


def duration_or(word: str) -> "Callable[[object], timedelta | None]":
    """A reader that also accepts this word, which leaves the length to somebody else (None)."""

    def read(value: object) -> timedelta | None:
        return None if value == word else duration(value)

    return read


def show_duration(value: timedelta) -> str:
    """The shortest way to write it that `duration` reads back."""
    seconds = value.total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:g}s"


def option_duration(text: str) -> timedelta:
    """Read a duration given on the command line.

    Raises:
        UsageError: it is not a duration, or longer than any that makes sense.
    """
    try:
        found = duration(text)
    except ValueError as error:
        raise UsageError(f"{error}.") from None
    if found > _LONGEST:  # the calendar ends somewhere
        raise UsageError(f"{text!r} is longer than ten years.")
    return found


def text(value: object) -> str:
    """Read a string.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a text in quotes")  # noqa: TRY004  # one error type for every reader
    if _control.search(value):
        raise ValueError(f"{value!r} holds a control character")
    return value


def texts(value: object) -> tuple[str, ...]:
    """Read a list of strings.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{value!r} is not a list of texts such as ['a', 'b']")
    return tuple(text(item) for item in value)


def number(value: object) -> int:
    """Read a whole number from 1 to 1000.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(value, str) and value.isdecimal() and len(value) <= len(str(_MOST)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST:
        raise ValueError(f"{value!r} is not a whole number from 1 to {_MOST}")
    return value


def yes_or_no(value: object) -> bool:
    """Read `true` or `false`.

    Raises:
        ValueError: it is something else.
    """
    if value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")  # noqa: TRY004  # one error type for every reader
    return value


def one_of(*words: str) -> "type[str] | object":
    """A reader that accepts only these words."""

    def read(value: object) -> str:
        if value not in words:
            raise ValueError(f"{value!r} is not one of {', '.join(words)}")
        return str(value)

    return read
