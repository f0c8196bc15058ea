"""What a tool is to keyward: its command line for one lock file, and a reader of its answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keyward.model.text import clean


class NotUnderstood(Exception):
    """A tool's answer is not of the form that it documents; says what is wrong with it."""


class Failed(NotUnderstood):
    """A tool answers that it failed, in its own words; nothing else that it printed is needed then."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A library of that version with known holes: their ids, and versions that have none of them as far as the tool says."""

    library: str
    version: str
    ids: tuple[str, ...]
    fixed: tuple[str, ...] = ()

    def __str__(self) -> str:
        mended = f" (mended in {', '.join(self.fixed)})" if self.fixed else ""
        return f"{self.library} {self.version}".strip() + f": {', '.join(self.ids)}{mended}"


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool.

    `locks` are names of files that it can judge (patterns), `arguments` makes its arguments for one of them, in the folder of that file.
    `read` makes holes of its JSON document and its exit status. `install` is the command line that installs it.
    """

    program: str
    locks: tuple[str, ...]
    arguments: Callable[[Path], Sequence[str]]
    read: Callable[[Any, int], tuple[Hole, ...]]
    install: str


def member(document: Any, name: str, kind: type) -> Any:
    """A member of that type.

    Raises:
        NotUnderstood: there is none.
    """
    found = document.get(name) if isinstance(document, dict) else None
    if not isinstance(found, kind) or isinstance(found, bool):
        raise NotUnderstood(f"it has no {name}")
    return found


def word(document: Any, name: str) -> str:
    """A member that is a text, safe to show.

    Raises:
        NotUnderstood: there is none.
    """
    return clean(member(document, name, str), 200)


def agrees(holes: Sequence[Hole], status: int) -> tuple[Hole, ...]:
    """The holes, if the exit status says the same: 0 for none, 1 for some.

    Raises:
        NotUnderstood: it says something else, so one of the two was misread.
    """
    if status != (1 if holes else 0):
        raise NotUnderstood(f"it ended with status {status} and told of {len(holes)} libraries")
    return tuple(holes)
