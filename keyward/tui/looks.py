"""How the app looks in a terminal that cannot show its own colours, or whose user wants none."""

from collections.abc import Mapping

DARK, LIGHT = "ansi-dark", "ansi-light"
"""Themes that leave background and text to the terminal."""
_FEW = frozenset({"standard", "windows"})
_LIGHT_BACKGROUNDS = frozenset({"7", "15"})


def no_colour(environ: Mapping[str, str]) -> bool:
    """Whether no colour at all may be sent (https://no-color.org: set and not empty)."""
    return bool(environ.get("NO_COLOR"))


def plain_theme(environ: Mapping[str, str], colours: str | None) -> str | None:
    """The theme for a terminal of 16 colours, or for none at all; None where any theme can be shown, or the user has named one.

    Args:
        environ: environment variables; `COLORFGBG` tells the background where the terminal sets it.
        colours: what rich found that the terminal can: `standard` is 16 colours.
    """
    if environ.get("TEXTUAL_THEME") or not (no_colour(environ) or colours in _FEW):
        return None
    return LIGHT if environ.get("COLORFGBG", "").rpartition(";")[2] in _LIGHT_BACKGROUNDS else DARK
