"""The top line: which world, what may be changed, how much is known and how old that is."""

from dataclasses import dataclass

from textual.content import Content
from textual.widget import Widget

from keyward.tui.words import PROD, number

GAP = "  "


@dataclass(frozen=True, slots=True)
class Standing:
    """What the top line says. Texts are clean; `keys` is None while nothing is known; `coverage` is empty when nothing is missing.

    `production`: what the screen is about is of production.
    """

    title: str = ""
    production: bool = False
    world: str = ""
    emulated: bool = False
    write: bool = False
    keys: int | None = None
    coverage: str = ""
    age: str = ""
    busy: str = ""


_BUSY, _COVERAGE = 3, 5
INCOMPLETE = "incomplete"
"""What is left of the coverage where there is no room for it."""


class Head(Widget):
    """One line; what matters least goes first when the terminal is narrow. EMULATOR, WRITE, PROD and that something is missing never go."""

    DEFAULT_CSS = """
    Head { height: 1; background: $panel; color: $foreground; }
    """

    def __init__(self, standing: Standing) -> None:
        super().__init__()
        self.standing = standing

    def tell(self, standing: Standing) -> None:
        """Say something else."""
        if standing != self.standing:
            self.standing = standing
            self.refresh()

    def render(self) -> Content:
        """The pieces that fit, left and right."""
        now, width = self.standing, self.size.width
        left: list[tuple[int, str, str]] = [(0, " keyward ", "bold")]
        # The themes that keep the terminal's colours have one of each kind: text on its like would not be seen.
        on = "" if self.app.native_ansi_color else " on ${}-muted"
        if now.emulated:
            left.append((0, " EMULATOR ", f"bold $text-warning{on.format('warning')}"))
        write = (0, " WRITE ", f"bold $text-error{on.format('error')}")
        left.append(write if now.write else (0, "READ-ONLY", "dim"))
        if now.production:
            left.append((0, f" {PROD} ", f"bold $text-error{on.format('error')}"))
        if now.title:
            left.append((1, now.title, "bold"))
        world = "" if now.emulated and not now.world else now.world
        if world:
            left.append((7, world, "dim"))
        right = [
            (_BUSY, now.busy, "$text-accent"),
            (4, number(now.keys, "key") if now.keys is not None else "", "bold"),
            (_COVERAGE, now.coverage, "$text-warning"),
            (6, now.age, "dim"),
        ]
        right = [piece for piece in right if piece[1]]
        while (weight := max(piece[0] for piece in (*left, *right))) and _length(left) + _length(right) + 3 > width:
            left = [piece for piece in left if piece[0] != weight]
            right = [piece for piece in right if piece[0] != weight]
            if weight == _COVERAGE:
                right.append((0, INCOMPLETE, "$text-warning"))
            if weight == _BUSY:  # that something goes on is said as long as there is any room
                right.insert(0, (_BUSY - 1, now.busy.partition(",")[0], "$text-accent"))
        space = max(1, width - _length(left) - _length(right) - 1)
        return Content.assemble(*_joined(left), " " * space, *_joined(right), " ")


def _length(pieces: list[tuple[int, str, str]]) -> int:
    return sum(Content(text).cell_length for _, text, _ in pieces) + len(GAP) * max(0, len(pieces) - 1)


def _joined(pieces: list[tuple[int, str, str]]) -> list[tuple[str, str] | str]:
    found: list[tuple[str, str] | str] = []
    for index, (_, text, style) in enumerate(pieces):
        found += [GAP, (text, style)] if index else [(text, style)]
    return found
