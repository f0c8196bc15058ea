"""The palette: everything that can be done from this screen, and every screen that is open, found by typing a part of its name."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual.app import ComposeResult
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import ModalScreen

from keyward.tui.actions import Action, Where
from keyward.tui.offered import Offer, offers
from keyward.tui.widgets.choices import Choices
from keyward.tui.widgets.once import Once

if TYPE_CHECKING:
    from textual.screen import Screen

    from keyward.tui.app import KeywardApp


class _Commands(CommandList, Choices):
    """The list of commands."""


class Palette(CommandPalette, Once[None]):
    """The palette on the screen. A second Enter in the same burst closes nothing but it."""

    @property
    def _provider_classes(self) -> Any:
        """Ours first. Textual has them in a set, which gives them in another order each time."""
        return sorted(super()._provider_classes, key=lambda one: (one is not Actions, one.__name__))

    def compose(self) -> ComposeResult:
        """As Textual's, with a list that bears what comes too early or too late."""
        for widget in super().compose():
            yield _Commands() if type(widget) is CommandList else widget


@dataclass(frozen=True, slots=True)
class _Command:
    """One line: its name, what stands behind and below it, whether it can be done now, and the doing."""

    name: str
    keys: str
    doc: str
    possible: bool
    do: Callable[[], Awaitable[object] | object]

    @property
    def help(self) -> str:
        """What stands below, which may repeat what a server said: content, which Textual takes as it is, is never parsed as markup."""
        return cast("str", Content(self.doc))


class Actions(Provider):
    """The registry as commands. They do what their keys do, with the same questions before anything dangerous."""

    @property
    def _keyward(self) -> "KeywardApp":
        return cast("KeywardApp", self.app)

    def _commands(self) -> Iterator[_Command]:
        """The screen's actions, open screens, then tables and everywhere; what cannot be done now last of each."""
        found = offers(self._keyward, self.screen)
        own = [offer for offer in found if offer.action.where not in (Where.APP, Where.TABLE)]
        yield from map(self._command, own)
        for screen, name in self._keyward.open_screens():
            yield _Command(f"Go back to {name}", "", "An open screen.", True, partial(self._go_back, screen))
        for where in (Where.APP, Where.TABLE):
            yield from (self._command(offer) for offer in found if offer.action.where is where)

    def _command(self, offer: Offer) -> _Command:
        action = offer.action
        doc = f"Not now: {offer.why_not}" if offer.why_not else action.doc
        return _Command(f"{action.title}  {action.ref}", offer.keys, doc, not offer.why_not, partial(self._run, action))

    async def _run(self, action: Action) -> None:
        await self.app.run_action(action.run or action.id, self._node(action.where))

    def _node(self, where: Where) -> DOMNode:
        """Who does it: the app, the screen, or of its tables the one that has the focus, or else the first."""
        if where is Where.APP:
            return self.app
        if where is not Where.TABLE:
            return self.screen
        tables, focused = self.screen.query("Grid"), self.screen.focused
        return focused if focused is not None and focused in tables else tables.first()

    def _go_back(self, screen: "Screen[Any]") -> None:
        """Not from a dialog that opened meanwhile: it is answered first."""
        if not isinstance(self.app.screen, ModalScreen):
            self._keyward.go_to(screen)

    async def discover(self) -> Hits:
        """Everything, before a letter is typed."""
        for command in self._commands():
            yield DiscoveryHit(_line(Content(command.name), command), command.do, text=command.name, help=command.help)

    async def search(self, query: str) -> Hits:
        """What matches."""
        matcher = self.matcher(query)
        for command in self._commands():
            score = matcher.match(command.name)
            if score > 0:
                yield Hit(
                    score,
                    _line(matcher.highlight(command.name), command),
                    command.do,
                    text=command.name,
                    help=command.help,
                )


def _line(name: Content, command: _Command) -> Content:
    shown = Content.assemble(name, (f"  {command.keys}", "bold")) if command.keys else name
    return shown if command.possible else Content.assemble(("(", "dim"), shown.stylize("dim"), (")", "dim"))
