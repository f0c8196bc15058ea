"""What can be done at this moment: every action of the screen with its keys, and why not, where it cannot be done now."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from textual.css.query import NoMatches

from keyward.tui.actions import Action, Where, of

if TYPE_CHECKING:
    from textual.screen import Screen

    from keyward.tui.action_app import ActionApp
    from keyward.tui.keymap import Keymap


@dataclass(frozen=True, slots=True)
class Offer:
    """One action now: what is printed on its keys (empty: it has none), and why it cannot be done (empty: it can)."""

    action: Action
    keys: str
    why_not: str


def why_not(app: "ActionApp", screen: "Screen[Any]", action: Action) -> str:
    """Why the action cannot be done now on that screen, in words; empty when it can."""
    if action.changes and not app.write:
        return read_only(app)
    asked = getattr(app if action.where is Where.APP else screen, "why_not", None)
    try:
        return str(asked(action.id)) if asked is not None else ""
    except NoMatches:  # the screen is still being put together
        return ""


def read_only(app: "ActionApp") -> str:
    """Why nothing can be changed in a read-only app."""
    return f"read-only: {app.keymap.key_of('app.write_mode')} switches to write mode"


def offers(app: "ActionApp", screen: "Screen[Any]") -> list[Offer]:
    """Everything that can be started from that screen: its own actions first, then those of its tables, then those of everywhere."""
    return [
        Offer(action, app.keymap.printed(action), why_not(app, screen, action))
        for where in scopes(screen)
        for action in of(where)
    ]


def scopes(screen: "Screen[Any]") -> Iterable[Where]:
    """The scopes whose actions are heard on that screen, the nearest first."""
    own = getattr(screen, "where", Where.APP)
    if own is not Where.APP:
        yield own
    if screen.query("Grid"):
        yield Where.TABLE
    yield Where.APP


def footer(app: "ActionApp", screen: "Screen[Any]", where: Where) -> list[Offer]:
    """What the bottom line of a screen offers: actions with a key, everywhere's last."""
    return [Offer(action, keys, why_not(app, screen, action)) for action, keys in _printed(app.keymap, where)]


@lru_cache(32)  # the bottom line asks ten times a second
def _printed(keymap: "Keymap", where: Where) -> tuple[tuple[Action, str], ...]:
    everywhere = of(Where.APP) if where is not Where.APP else ()
    offered = (action for action in (*of(where), *everywhere) if action.footer)
    return tuple((action, keys) for action in offered if (keys := keymap.first(action)))
