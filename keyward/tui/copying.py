"""The one way in which a text is handed over for use elsewhere. It is never a value of a key."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyward.tui.app import KeywardApp


def hand_over(app: "KeywardApp", title: str, text: str) -> None:
    """Give the person the text: shown in a place of its own, to be copied by hand.

    Args:
        app: on whose screen.
        title: what it is, in a few words.
        text: clean, any number of lines.
    """
    from keyward.tui.screens.leaf import Leaf

    app.push_screen(Leaf(title, (), text))
