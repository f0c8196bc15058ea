"""What the app keeps from one run to the next: how the inventory was shown, never anything of a key.

A small JSON file in the state folder. What cannot be read is as if it never was, and that is said once.
"""

import os
import stat
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from keyward.tui.columns import Choice, known

NAME = "app.json"
_FORM = 1
_LARGEST = 65_536
_LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Kept:
    """How it was left. `pane` is whether the side pane was switched from what its screen size gives; `screen` is where one was."""

    filter: str = ""
    sort: str = ""
    reversed: bool = False
    columns: Choice = field(default_factory=Choice)
    pane: bool = False
    theme: str = ""
    screen: str = ""


class Unreadable(Exception):
    """The file is there and is not what was written."""


def load(path: Path) -> Kept | None:
    """What was kept; None when nothing was.

    Raises:
        Unreadable: it is damaged, of another version, or no file of this kind; has why.
    """
    import json

    try:
        found = json.loads(_read(path))
        if not isinstance(found, dict) or found.get("form") != _FORM:
            raise Unreadable("another version wrote it")
        return _kept(found)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unreadable(error.strerror or "it cannot be opened") from None
    except (ValueError, RecursionError):
        raise Unreadable("it is damaged") from None


def _read(path: Path) -> bytes:
    # Whatever stands there under this name, opening it must not wait.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unreadable("it is no file")
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise Unreadable("it is too large")
    return data


def _kept(found: dict[str, Any]) -> Kept:
    from keyward.model.text import clean

    columns = found.get("columns")
    chosen = columns if isinstance(columns, dict) else {}

    def text(name: str) -> str:
        value = found.get(name)
        return clean(value, _LONGEST) if isinstance(value, str) and len(value) <= _LONGEST else ""

    return Kept(
        text("filter"),
        text("sort"),
        found.get("reversed") is True,
        known(chosen.get("preset"), chosen.get("own"), chosen.get("widths")),
        found.get("pane") is True,
        text("theme"),
        text("screen"),
    )


def save(path: Path, kept: Kept) -> None:
    """Keep it, readable by the owner alone, whole or not at all. A filter that holds what may be a key is not kept.

    Raises:
        Refused: the folder or the disk does not take it.
    """
    import json
    from dataclasses import replace

    from keyward.files import private_folder
    from keyward.files import replace as write

    if len(kept.filter) > _LONGEST or holds_key(kept.filter):
        kept = replace(kept, filter="")
    data = json.dumps({"form": _FORM, **asdict(kept)}, indent=1)
    write(private_folder(path.parent) / path.name, data.encode() + b"\n", mark="app")


def holds_key(text: str) -> bool:
    """Whether a text holds something of a key's shape."""
    if not text:
        return False
    from keyward.model.detectors import find  # the table of shapes; only in the thread that writes

    return any(True for _ in find(text.encode()))
