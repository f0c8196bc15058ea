"""Where in a settings file something stands, and what its author may have meant."""

import difflib
import re
from collections.abc import Iterable
from pathlib import Path

from keyward.model.text import clean

_HEADER = re.compile(r"\s*\[\[?\s*([\w.-]+)")
_SETTING = re.compile(r"\s*[\"']?([\w.-]+)[\"']?\s*=")


def named(file: Path) -> str:
    """The file as messages name it."""
    return clean(str(file), 4_096)


def said(error: Exception) -> str:
    """What an error says, without what may be a key."""
    from keyward.model.redact import label  # the table of shapes is only needed for errors

    return label(str(error), 400)


def nearest(name: str, names: Iterable[str]) -> str:
    """The hint for a name that is none of these."""
    known = sorted(names)
    close = difflib.get_close_matches(name, known, 1)
    return f"Did you mean {close[0]}?" if close else f"Known are: {', '.join(known)}."


def line_of(source: str, section: str, name: str | None = None, *, number: int = 1) -> int:
    """The line (from 1) where the section, or the setting in it, stands; 1 when it cannot be told.

    Args:
        source: the whole file.
        section: its dotted name.
        name: a setting in it.
        number: for a list of tables: in the how manyth of that name, from 1.
    """
    current, first, seen = "", 0, 0
    for at, line in enumerate(source.splitlines(), 1):
        if found := _HEADER.match(line):
            current = found[1]
            seen += current == section
            if current == section and seen == number:
                first = first or at
        elif (found := _SETTING.match(line)) and (
            (current == section and seen == number and found[1] == name)
            or (not current and found[1] in (section, f"{section}.{name}"))
        ):
            return at
    parent, _, key = section.rpartition(".")
    if not first and parent and number == 1:  # written as a setting of the section around it
        return line_of(source, parent, key)
    return first or 1
