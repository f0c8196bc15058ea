"""The last door before the terminal: whatever a widget paints, no character of it is an order to the terminal or turns a line round.

Text from outside is made harmless where it enters; this is for what came past that, and for what was typed here.
"""

from unicodedata import category

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_ORDERS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls, invisible marks such as those that turn text round, halves of characters, separators of lines."""


class LastDoor(LineFilter):
    """Blanks such characters, in as many cells as the widget counted for them."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002  # Textual's signature
        """The same line, harmless."""
        if all(segment.text.isprintable() for segment in segments):
            return segments
        return [Segment(bare(text), style) for text, style, _ in segments]


def bare(text: str) -> str:
    """The text with blanks in place of orders; as wide as before."""
    if text.isprintable():
        return text
    kept = "".join(" " * cell_len(one) if category(one) in _ORDERS else one for one in text)
    return set_cell_size(kept, cell_len(text))  # what an invisible mark had joined into one sign is several now
