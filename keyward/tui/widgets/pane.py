"""Facts as label and value, one a line, wrapped under the label; for the side pane and the screens."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

LABEL, WIDEST = 12, 20
"""Least and most cells for the labels."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: a label, a clean text, and a colour name such as `$text-warning` or empty. No label continues the one above."""

    label: str
    text: str
    tone: str = ""


def lay_out(facts: Sequence[Fact], width: int) -> Content:
    """The facts in so many cells; long texts are wrapped in their column."""
    label_width = max([LABEL, *(min(len(fact.label), WIDEST) + 2 for fact in facts if fact.text)])
    room = max(8, width - label_width)
    lines: list[Content] = []
    for fact in facts:
        if not fact.label and not fact.text:
            lines.append(Content(""))
            continue
        if fact.label and not fact.text:
            lines.append(Content.styled(fact.label, "bold $text-accent"))
            continue
        pieces = Content.styled(fact.text, fact.tone).wrap(room) if fact.tone else Content(fact.text).wrap(room)
        for number, piece in enumerate(pieces):
            label = _fitted(fact.label if number == 0 else "", label_width - 1)
            lines.append(Content.assemble((f"{label} ", "dim"), piece))
    return Content("\n").join(lines)


def _fitted(text: str, width: int) -> str:
    return set_cell_size(text if cell_len(text) <= width else f"{set_cell_size(text, width - 1)}…", width)


class Pane(Widget):
    """Facts beside the table. Telling it something else repaints it and lays nothing out anew."""

    DEFAULT_CSS = """
    Pane { width: 46; border-left: vkey $panel-lighten-1; padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name for it
        super().__init__(id=id)
        self._title = ""
        self._facts: Sequence[Fact] = ()

    def tell(self, title: str, facts: Sequence[Fact]) -> None:
        """Show other facts."""
        if (title, facts) != (self._title, self._facts):
            self._title, self._facts = title, facts
            self.refresh()

    def render(self) -> Content:
        """Title, a free line, facts."""
        width = self.content_size.width
        return Content("\n").join(
            [
                Content.styled(self._title, "bold").truncate(width, ellipsis=True),
                Content(""),
                lay_out(self._facts, width),
            ]
        )


class FactList(Static):
    """Facts in a place of their own height, laid out for its width."""

    def __init__(self, facts: Sequence[Fact] = (), *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # Textual's name for it
        super().__init__(id=id, classes=classes, markup=False)
        self._facts = facts
        self._laid_for = 0

    def tell(self, facts: Sequence[Fact]) -> None:
        """Show other facts."""
        self._facts, self._laid_for = facts, 0  # told while it is hidden, it is laid out when it is seen
        self._lay_out()

    def on_resize(self) -> None:
        """Another width wraps elsewhere."""
        if self.content_size.width != self._laid_for:
            self._lay_out()
            # Another height that is wished for while heights are being given out is not heard.
            self.call_after_refresh(self._lay_out)

    def _lay_out(self) -> None:
        self._laid_for = self.content_size.width  # none while it is hidden: it is laid out when it is seen again
        if self._laid_for:
            self.update(lay_out(self._facts, self._laid_for))
