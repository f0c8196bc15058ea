"""The keys of a screen, from the registry of actions."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from keyward.tui.offered import Offer, offers
from keyward.tui.widgets.once import Dialog
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from keyward.tui.app import KeywardApp


class HelpScreen(Dialog[None]):
    """What can be done on a screen and with which key: its own keys first, then those of its tables, then everywhere's.

    Args:
        of: the screen.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "Close"),
        *(Binding(f"{keys}", f"scroll({by})", show=False) for keys, by in (("j", 1), ("k", -1))),
    ]
    app: "KeywardApp"

    def __init__(self, of: Screen[Any]) -> None:
        super().__init__()
        self._of = of

    def compose(self) -> ComposeResult:
        """One line an action; below it, why it cannot be done now."""
        found = offers(self.app, self._of)
        with VerticalScroll(classes="box"):
            for where, several in groupby(found, key=lambda offer: offer.action.where):
                yield Plain(f"Keys: {where}", classes="title")
                yield _Keys(list(several))
                yield Plain("")
            yield Plain("Tab and Shift+Tab go from part to part. Other keys: [keys] in keyward.toml.", classes="dim")
            yield Plain("Esc closes this page.", classes="dim")

    def action_scroll(self, by: int) -> None:
        """Move the page by lines."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)


class _Keys(Static):
    """Actions with their keys, laid out for the width that there is."""

    def __init__(self, offered: Sequence[Offer]) -> None:
        super().__init__(markup=False)
        self._offered = offered

    def on_resize(self) -> None:
        """Another width wraps elsewhere."""
        if width := self.content_size.width:
            self.update(Content("\n").join(line for offer in self._offered for line in _lines(offer, width)))


_KEYS, _TITLES, _LEAST = 9, 20, 24
"""Cells for keys and for titles, and the fewest that what it does can be read in; with less it goes below."""


def _lines(offer: Offer, width: int) -> Iterator[Content]:
    action = offer.action
    left = Content.assemble((f"{offer.keys:<{_KEYS}} ", "bold"), f"{action.title:<{_TITLES}}")
    indent = _KEYS + 1 if width - _KEYS - 1 - _TITLES < _LEAST else _KEYS + 1 + _TITLES
    doc = Content(action.doc).wrap(width - indent)
    if offer.why_not:
        left = left.stylize("dim")
        doc = [
            *(line.stylize("dim") for line in doc),
            *Content.styled(f"(not now: {offer.why_not})", "$text-warning").wrap(width - indent),
        ]
    if indent == _KEYS + 1:
        yield left
    for number, line in enumerate(doc):
        beside = left if number == 0 and indent > _KEYS + 1 else Content(" " * indent)
        yield beside + line
