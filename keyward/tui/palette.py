"""The palette: every action of the screen and of everywhere, found by typing a part of its name."""

from collections.abc import Callable, Coroutine, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from keyward.tui.actions import ACTIONS, Action, Where, key_name


class Actions(Provider):
    """The registry as commands. They do what their keys do, with the same questions before anything dangerous."""

    def _offered(self) -> Iterator[Action]:
        where = getattr(self.screen, "where", Where.APP)
        yield from (action for action in ACTIONS if action.where in (where, Where.APP))

    def _do(self, action: Action) -> Callable[[], Coroutine[object, object, bool]]:
        namespace = "app" if action.where is Where.APP else "screen"
        return partial(self.app.run_action, f"{namespace}.{action.id}")

    async def discover(self) -> Hits:
        """Everything, before a letter is typed."""
        for action in self._offered():
            yield DiscoveryHit(f"{action.title}  ({key_name(action.keys)})", self._do(action), help=action.doc)

    async def search(self, query: str) -> Hits:
        """What matches."""
        matcher = self.matcher(query)
        for action in self._offered():
            score = matcher.match(action.title)
            if score > 0:
                yield Hit(score, matcher.highlight(action.title), self._do(action), help=action.doc)
