"""A terminal's screen as a picture: cells, colours and letters to SVG, and that to PNG with the one font that has every glyph of the app."""

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pyte
import resvg_py

from tests.parts.font import characters

FONTS = Path("/usr/share/fonts/truetype/dejavu")
MONO, BOLD, SLANTED = (
    FONTS / name for name in ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf", "DejaVuSansMono-Oblique.ttf")
)

WIDE, HIGH = 12, 24
"""A cell in pixels: even numbers, so that half blocks and frames fall on whole ones."""
_ADVANCE = 1233 / 2048
"""How wide a letter of DejaVu Sans Mono is, in parts of its size."""
_SIZE = WIDE / _ADVANCE
_BASE = 18
_EDGE, _BAR = 12, 40
_FRAME, _GROUND, _INK, _TITLE = "#292929", "#121212", "#e0e0e0", "#c5c8c6"
_LIGHTS = ("#ff5f57", "#febc2e", "#28c840")

# Blocks are drawn, not written: as letters they would leave gaps between cells. Parts of a cell: left, top, width, height.
_BLOCKS = {
    "▀": (0.0, 0.0, 1.0, 0.5),
    "▔": (0.0, 0.0, 1.0, 0.125),
    "▐": (0.5, 0.0, 0.5, 1.0),
    "▕": (0.875, 0.0, 0.125, 1.0),
    **{chr(0x2580 + eighth): (0.0, 1 - eighth / 8, 1.0, eighth / 8) for eighth in range(1, 9)},
    **{chr(0x2590 - eighth): (0.0, 0.0, eighth / 8, 1.0) for eighth in range(1, 8)},
}
_SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}


class _Look(NamedTuple):
    """How cells of one kind look."""

    ink: str
    ground: str
    bold: bool
    slanted: bool
    under: bool
    struck: bool


def png(screen: pyte.Screen, title: str) -> bytes:
    """The picture of a screen.

    Raises:
        ValueError: it has a character that the font has not, which would be a box.
    """
    fonts = [str(one) for one in (MONO, BOLD, SLANTED)]
    return bytes(resvg_py.svg_to_bytes(svg_string=svg(screen, title), font_files=fonts, skip_system_fonts=True))


def svg(screen: pyte.Screen, title: str) -> str:
    """The same as SVG.

    Raises:
        ValueError: it has a character that the font has not, which would be a box.
    """
    cells = [[screen.buffer[y][x] for x in range(screen.columns)] for y in range(screen.lines)]
    used = set(title).union(*(cell.data for row in cells for cell in row))
    if missing := used - characters(MONO):
        raise ValueError(f"DejaVu Sans Mono has no {', '.join(sorted(map(ascii, missing)))}.")
    inner = (screen.columns * WIDE, screen.lines * HIGH)
    width, height = inner[0] + 2 * _EDGE, inner[1] + _BAR + _EDGE
    lights = "".join(
        f'<circle cx="{24 + 22 * number}" cy="{_BAR / 2}" r="7" fill="{colour}"/>'
        for number, colour in enumerate(_LIGHTS)
    )
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
            f'<g font-family="DejaVu Sans Mono" font-size="{_SIZE:.4f}">',
            f'<rect width="{width}" height="{height}" rx="12" fill="{_FRAME}"/>{lights}',
            f'<text x="{width / 2}" y="{_BAR / 2 + 7}" fill="{_TITLE}" text-anchor="middle">{escape(title)}</text>',
            f'<g transform="translate({_EDGE} {_BAR})">',
            f'<rect width="{inner[0]}" height="{inner[1]}" fill="{_GROUND}"/>',
            *(piece for y, row in enumerate(cells) for piece in _line(y, row)),
            "</g></g></svg>",
        )
    )


def _line(y: int, row: list[pyte.screens.Char]) -> Iterator[str]:
    """Grounds first: a letter may reach into the next cell."""
    looks = [_look(cell) for cell in row]
    at = 0
    for ground, same in groupby(looks, key=lambda look: look.ground):
        count = len(list(same))
        if ground != _GROUND:
            yield _rect(at * WIDE, y * HIGH, count * WIDE, HIGH, ground)
        at += count
    at = 0
    for look, same in groupby(looks):
        count = len(list(same))
        yield from _run(at, y, look, [cell.data for cell in row[at : at + count]])
        at += count


def _run(x: int, y: int, look: _Look, letters: list[str]) -> Iterator[str]:
    """What stands in neighbouring cells that look alike: blocks as rectangles, words as texts, lines under or through them."""
    words: list[tuple[int, str]] = []
    begun = False
    for at, letter in enumerate(letters, x):
        drawn = letter in _BLOCKS or letter in _SHADES
        if letter in _BLOCKS:
            left, top, wide, high = _BLOCKS[letter]
            yield _rect((at + left) * WIDE, (y + top) * HIGH, wide * WIDE, high * HIGH, look.ink)
        elif letter in _SHADES:
            yield _rect(at * WIDE, y * HIGH, WIDE, HIGH, look.ink, opacity=_SHADES[letter])
        if drawn or not letter.strip():
            begun = False
        elif begun:
            words[-1] = (words[-1][0], words[-1][1] + letter)
        else:
            words.append((at, letter))
            begun = True
    how = ' font-weight="bold"' * look.bold + ' font-style="oblique"' * look.slanted
    for at, word in words:
        yield f'<text x="{at * WIDE}" y="{y * HIGH + _BASE}" fill="{look.ink}"{how}>{escape(word)}</text>'
    for wanted, below in ((look.under, _BASE + 2), (look.struck, HIGH / 2)):
        if wanted:
            yield _rect(x * WIDE, y * HIGH + below, len(letters) * WIDE, 2, look.ink)


def _rect(x: float, y: float, wide: float, high: float, fill: str, *, opacity: float = 1) -> str:
    how = f'fill="{fill}" fill-opacity="{opacity:g}" shape-rendering="crispEdges"'
    return f'<rect x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}" {how}/>'


def _look(cell: pyte.screens.Char) -> _Look:
    ink, ground = _colour(cell.fg, _INK), _colour(cell.bg, _GROUND)
    if cell.reverse:
        ink, ground = ground, ink
    return _Look(ink, ground, cell.bold, cell.italics, cell.underscore, cell.strikethrough)


def _colour(name: str, default: str) -> str:
    """As SVG has it. Names of the sixteen colours are refused: which they are, only a terminal knows."""
    if name == "default":
        return default
    if not re.fullmatch(r"[0-9a-f]{6}", name):
        raise ValueError(f"{name!r} is no colour of a truecolor terminal.")
    return f"#{name}"
