"""What is known of the terminal itself, as lines of the doctor. Nothing is asked of it: an answer could be typed into a field."""

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from keyward.desk.wish import Check
from keyward.model.text import clean

if TYPE_CHECKING:
    from textual.app import App

AREA = "terminal"
_LEAST = (40, 10)
_COLOURS = {"truecolor": "16 million", "256": "256", "standard": "16", "windows": "16"}


def look(app: "App[Any]", environ: Mapping[str, str] = os.environ) -> tuple[Check, ...]:
    """Size, colours, characters, what is in between, and what is not known about its clipboard."""
    return (_size(app), *_colours(app, environ), _characters(app), *_between(environ), _clipboard(environ))


def _size(app: "App[Any]") -> Check:
    width, height = app.size
    fits = width >= _LEAST[0] and height >= _LEAST[1]
    return Check(AREA, "size", "yes" if fits else "no", f"{width}x{height}", "" if fits else "Make it 40x10 at least.")


def _colours(app: "App[Any]", environ: Mapping[str, str]) -> Iterator[Check]:
    named = clean(environ.get("TERM", "")) or "not set"
    if app.no_color:
        yield Check(AREA, "colours", "yes", f"none, as NO_COLOR asks (TERM {named}); bold and reverse instead")
        return
    system = str(app.console.color_system)
    found = f"{_COLOURS.get(system, 'none')} (TERM {named}), theme {app.theme}"
    fix = "export COLORTERM=truecolor   # if your terminal has more than 16 colours"
    few = system in {"standard", "windows"}
    yield Check(AREA, "colours", "unknown" if few else "yes", found, fix if few else "")


def _characters(app: "App[Any]") -> Check:
    encoding = app.console.encoding
    plain = encoding.lower().replace("-", "") == "utf8"
    return Check(AREA, "characters", "yes" if plain else "no", encoding, "" if plain else "export LC_ALL=C.UTF-8")


def _between(environ: Mapping[str, str]) -> Iterator[Check]:
    inside = [name for name, variable in (("tmux", "TMUX"), ("screen", "STY")) if environ.get(variable)]
    inside += ["ssh"] if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY") else []
    yield Check(AREA, "in between", "yes", ", ".join(inside) or "no tmux, screen or ssh seen")


def _clipboard(environ: Mapping[str, str]) -> Check:
    fix = "tmux set -s set-clipboard on" if environ.get("TMUX") else ""
    said = "not known: no terminal tells whether it takes OSC 52"
    return Check(AREA, "clipboard", "unknown", f"{said}; tmux has to pass it on" if fix else said, fix)
