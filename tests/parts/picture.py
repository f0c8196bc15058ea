"""What the app shows, as text that a person can read and compare: the lines of the screen, and below them what stands out and how.

    5│>  maps-1  api-key  PROD acme-prod  412d  denied

    5 on primary  bold foreground ">  maps-1 … denied"

What is not named has the screen's usual colours. Below a dialog nothing is named: the app shows that faint, and it is another picture.
Colours have the names that the theme gives them; a colour made of others is named by how it was made.
"""

from collections import Counter
from itertools import groupby

from rich.cells import cell_len
from rich.color import Color
from textual.color import Color as Mixed
from textual.filter import dim_color
from textual.screen import ModalScreen

_NAMES = (
    *("foreground", "surface", "panel", "text-warning", "text-error", "text-success", "text-accent", "primary"),
    *(
        "warning-muted",
        "error-muted",
        "success-muted",
        "accent-muted",
        "primary-muted",
        "panel-lighten-1",
        "background",
    ),
)
"""Names that are taken before others where several mean the same colour."""
_MUTED = {"text": 0.87, "muted": 0.6, "disabled": 0.38}
_ATTRIBUTES = ("bold", "italic", "underline", "reverse", "strike")
_LONGEST = 36
"""Letters of a text that are quoted whole."""
_SIDES = "│▏┃║▌▐▊▎▔▁"
_NO_FRAMES = str.maketrans(dict.fromkeys("│▏┃║╭╮╰╯─━┏┓┗┛▁▔▊▎▌▐", " "))


def picture(app):
    """Lines and styles of the screen as it is now."""
    rows = [_cells(strip) for strip in app.screen._compositor.render_strips()]
    said = [f"{number:>2}│{''.join(text for text, _ in row).rstrip()}" for number, row in enumerate(rows, 1)]
    return "\n".join([*said, "", *_styles(app, rows)])


def words(app):
    """What is written there, without frames and line breaks: a text that was wrapped is found in it. Of a dialog, what is in it."""
    inside, found = _inside(app), []
    for number, strip in enumerate(app.screen._compositor.render_strips()):
        start, end = inside(number) or (0, strip.cell_length)
        found.append("".join(segment.text for segment in strip.crop(start, end)))
    return " ".join(" ".join(found).translate(_NO_FRAMES).split())


def _cells(strip):
    """(character, style) of each cell; the second cell of a wide character is empty."""
    cells = []
    for segment in strip:
        for letter in segment.text:
            cells += [(letter, segment.style), *[("", segment.style)] * (cell_len(letter) - 1)]
    return cells


# Styles


def _styles(app, rows):
    """A line for each way in which lines stand out, with the numbers of those lines."""
    names, inside = Names(app), _inside(app)
    inks, grounds = {}, {}
    for number, row in enumerate(rows, 1):
        ink, ground = _line(names, row, inside(number - 1))
        inks.setdefault(ink, []).append(number)
        grounds.setdefault(ground, []).append(number)
    told = [*sorted(inks.items(), key=lambda one: one[1]), *sorted(grounds.items(), key=lambda one: one[1])]
    return [f"{_numbers(lines)} {said}" for said, lines in told if said]


def _inside(app):
    """From which cell to which a line belongs to the screen on top; gives None for all."""
    screen = app.screen
    if not isinstance(screen, ModalScreen):
        return lambda _: None
    seen = screen._compositor.visible_widgets.items()
    regions = [at.intersection(clip) for widget, (at, clip) in seen if screen in widget.ancestors]

    def span(y):
        found = [(one.x, one.right) for one in regions if one.y <= y < one.bottom]
        return (min(one for one, _ in found), max(one for _, one in found)) if found else (0, 0)

    return span


def _line(names, row, span):
    """(the texts of a line by how they look, the grounds that are not the line's own)."""
    start, end = span or (0, len(row))
    cells = [(letter, *names.of(style, letter)) for letter, style in row[start:end]]
    if not cells:
        return "", ""
    own = Counter(ground for _, ground, _ in cells).most_common(1)[0][0]
    texts, bars = {}, [f"on {own}"] if own != names.ground else []
    for text, at, ground, ink in _runs(cells):
        style = " ".join(filter(None, (ink, f"on {ground}" if ground != own else "")))
        if style and text.strip(f" {_SIDES}"):
            texts.setdefault(style, []).append(_quoted(text.strip()))
        elif style and not text.strip() and ground != names.ground:
            bars.append(f"{style} {start + at + 1}-{start + at + len(text)}")
    return " · ".join(f"{style} {' '.join(several)}" for style, several in texts.items()), " · ".join(bars)


def _runs(cells):
    """(text, first cell, ground, ink) of what looks alike. Blanks belong to what stands around them on the same ground."""
    text, begin, ground, ink = "", 0, "", ""
    for at, (letter, below, drawn) in enumerate(cells):
        blank = letter in {"", " "} and not drawn
        fits = blank or drawn == ink or not (ink or text.strip())
        if not (below == ground and fits):
            if text:
                yield text, begin, ground, ink
            text, begin, ground, ink = "", at, below, drawn
        text, ink = text + letter, ink if blank else drawn
    yield text, begin, ground, ink


def _quoted(text):
    if len(text) <= _LONGEST:
        return f'"{text}"'
    return f'"{text[: _LONGEST // 2].rstrip()} … {text[-_LONGEST // 3 :].lstrip()}"'


def _numbers(lines):
    """`3-5,9`."""
    groups = groupby(enumerate(lines), key=lambda pair: pair[1] - pair[0])
    spans = [[line for _, line in group] for _, group in groups]
    return ",".join(f"{span[0]}-{span[-1]}" if len(span) > 1 else str(span[0]) for span in spans)


class Names:
    """Names of the colours of a theme.

    Args:
        app: whose theme it is.
    """

    def __init__(self, app):
        self._names, self._made, self._known = {}, {}, {}
        variables = app.theme_variables
        for name in (*_NAMES, *variables):
            value = str(variables.get(name, ""))
            if value.startswith("#"):
                self._names.setdefault(Mixed.parse(value).rgb, name)
        self.ground, self._usual = "surface", "foreground"

    def of(self, style, letter):
        """(ground, what is drawn on it): the usual ground is named, usual ink is the empty text."""
        key = (style, letter in {"", " "})
        if key not in self._known:
            self._known[key] = self._of(*key)
        return self._known[key]

    def _of(self, style, blank):
        ground = self._named(style.bgcolor) if style is not None else self.ground
        if style is None:
            return ground, ""
        attributes = [name for name in _ATTRIBUTES if getattr(style, name)]
        if blank:  # of it one sees the ground, a line below it, and that it is reversed
            return ground, " ".join(name for name in attributes if name in {"underline", "reverse", "strike"})
        ink = self._ink(style)
        return ground, " ".join([*attributes, *([ink] if ink != self._usual else [])])

    def _named(self, colour):
        if colour is None or colour.triplet is None:
            return "nothing" if colour is None or colour.is_default else colour.name
        return self._names.get(tuple(colour.triplet), colour.triplet.hex)

    def _ink(self, style):
        """The name of the colour of a letter, or how it was made on this ground."""
        key = (style.color, style.bgcolor)
        if key not in self._made:
            self._made[key] = self._mixed(*key)
        return self._made[key]

    def _mixed(self, colour, ground):
        name = self._named(colour)
        if not name.startswith("#") or ground is None or ground.triplet is None:
            return name
        below = Mixed(*ground.triplet)
        inks = {rgb: one for rgb, one in self._names.items() if one in {*_NAMES, "surface", "foreground"}}
        for word, much in _MUTED.items():
            inks.setdefault((below + below.get_contrast_text(much)).rgb, word)
        if (found := inks.get(tuple(colour.triplet))) is not None:
            return found
        for rgb, one in inks.items():
            if tuple(dim_color(ground, Color.from_rgb(*rgb)).triplet) == tuple(colour.triplet):
                return "dim" if one == self._usual else f"dim {one}"
        return name
