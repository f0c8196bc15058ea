"""The keys of a screen, from the registry of actions."""

from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from keyward.tui.offered import Offer, offers
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from keyward.tui.app import KeywardApp


class HelpScreen(ModalScreen[None]):
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
        wide = max(len(offer.keys) for offer in found)
        named = max(len(offer.action.title) for offer in found)
        with VerticalScroll(classes="box"):
            for where, several in groupby(found, key=lambda offer: offer.action.where):
                yield Plain(f"Keys: {where}", classes="title")
                yield Static(Content("\n").join(_line(offer, wide, named) for offer in several), markup=False)
                yield Plain("")
            yield Plain(
                "Tab and Shift+Tab go from part to part. Keys can be changed in keyward.toml under [keys].",
                classes="dim",
            )
            yield Plain("Esc closes this page.", classes="dim")

    def action_scroll(self, by: int) -> None:
        """Move the page by lines."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)


def _line(offer: Offer, wide: int, named: int) -> Content:
    action = offer.action
    text = f"{offer.keys:<{wide}}  {action.title:<{named}}  "
    if not offer.why_not:
        return Content.assemble((text[: wide + 2], "bold"), text[wide + 2 :], action.doc)
    return Content.assemble((f"{text}{action.doc}", "dim"), (f"  (not now: {offer.why_not})", "$text-warning"))
