"""The bottom line: the most useful keys of this screen, from the registry of actions. Clicking one does it."""

from typing import TYPE_CHECKING

from textual import events
from textual.content import Content
from textual.widget import Widget

from keyward.tui.actions import Where
from keyward.tui.offered import Offer, footer

if TYPE_CHECKING:
    from keyward.tui.actions import Action
    from keyward.tui.app import KeywardApp

_ALWAYS = ("app.help", "app.leave")


class KeysBar(Widget):
    """As many keys as fit, help last and always. What cannot be done now is grey and in brackets; its key says why.

    Args:
        where: whose actions.
    """

    DEFAULT_CSS = """
    KeysBar { height: 1; background: $panel; color: $text-muted; dock: bottom; }
    """
    app: "KeywardApp"

    def __init__(self, where: Where) -> None:
        super().__init__()
        self._where = where
        self._painted: list[Offer] = []
        self._spans: list[tuple[int, int, Action]] = []

    def follow(self) -> None:
        """Repaint if something else can be done now than when it was painted."""
        if self._offered() != self._painted:
            self.refresh()

    def _offered(self) -> list[Offer]:
        return footer(self.app, self.screen, self._where)

    def render(self) -> Content:
        """`key title` for each action that fits."""
        offers = self._painted = self._offered()
        pieces: list[tuple[str, str] | str] = [" "]
        at, self._spans = 1, []
        for offer in self._fitting(offers):
            length = len(_text(offer))
            if offer.why_not:
                pieces += [(_text(offer), "dim"), "  "]
            else:
                pieces += [(offer.keys, "bold $text-accent"), f" {offer.action.title}", "  "]
            self._spans.append((at, at + length, offer.action))
            at += length + 2
        return Content.assemble(*pieces)

    def _fitting(self, offers: list[Offer]) -> list[Offer]:
        """Those that fit, in their order but help and leaving at the end: these always, then what can be done now, then the others."""
        tail = [offer for offer in offers if offer.action.ref in _ALWAYS]
        others = [offer for offer in offers if offer.action.ref not in _ALWAYS]
        room, chosen = self.size.width - 1 - sum(len(_text(offer)) + 2 for offer in tail), set()
        for offer in sorted(others, key=lambda one: bool(one.why_not)):
            if len(_text(offer)) <= room:
                chosen.add(offer.action.ref)
                room -= len(_text(offer)) + 2
        return [*(offer for offer in others if offer.action.ref in chosen), *tail]

    async def on_click(self, event: events.Click) -> None:
        """Do what was clicked."""
        for start, end, action in self._spans:
            if start <= event.x < end:
                # The action is looked up where its key would be: on the screen first, then in the app.
                namespace = "app." if action.where is Where.APP else "screen."
                await self.run_action(namespace + (action.run or action.id))
                return


def _text(offer: Offer) -> str:
    text = f"{offer.keys} {offer.action.title}"
    return f"({text})" if offer.why_not else text
