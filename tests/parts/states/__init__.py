"""Every screen and every dialog of the app, in each state in which a person can find it: made-up answers, and the keys that lead there.

A new screen is added to the module of its kind and to `every`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

USUAL = ("normal", "loading", "empty", "partial", "denied", "offline", "error")
"""The states that every screen with something to read has, unless it says why not."""


@dataclass(frozen=True)
class State:
    """One state: how the desk answers (a function that is given an answer which never comes), the way there, and what must be read there."""

    desk: Callable[[Any], Any]
    open: Callable[[Any], Awaitable[None]]
    says: Sequence[str]


@dataclass(frozen=True)
class Shown:
    """A screen with its states by name; `without` are the usual ones that it cannot be in, and why."""

    screen: type
    states: dict[str, State]
    without: dict[str, str]
    world: str = "emulator:test"
    write: bool = False


def every():
    """All of them by the name of the screen's class."""
    from tests.parts.states import checklists, dialogs, hygiene, lists, plans, rooms, rotations

    shown = [one for module in (lists, hygiene, checklists, plans, rotations, rooms, dialogs) for one in module.shown()]
    return {one.screen.__name__: one for one in shown}
