"""The bottom line: the most useful keys of this screen, from the registry of actions. Clicking one does it."""

from collections.abc import Mapping

from textual import events
from textual.content import Content
from textual.widget import Widget

from keyward.tui.actions import Action, Where, footer_actions, key_name


class KeysBar(Widget):
    """As many keys as fit, help last and always.

    Args:
        where: whose actions.
        without: ids of actions that cannot be done here, such as `apply` in a read-only app.
    """

    DEFAULT_CSS = """
    KeysBar { height: 1; background: $panel; color: $text-muted; dock: bottom; }
    """

    def __init__(self, where: Where, without: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self._where = where
        self.without = without
        self._spans: list[tuple[int, int, Action]] = []
        self._titles: Mapping[str, str] = {}

    def call(self, titles: Mapping[str, str]) -> None:
        """Call actions otherwise now, by id: `Plan rotation of 12 keys`."""
        if titles != self._titles:
            self._titles = titles
            self.refresh()

    def _title(self, action: Action) -> str:
        return self._titles.get(action.id, action.title)

    def _text(self, action: Action) -> str:
        return f"{key_name(action.keys)} {self._title(action)}"

    def leave_out(self, without: frozenset[str]) -> None:
        """Name other actions that cannot be done now."""
        if without != self.without:
            self.without = without
            self.refresh()

    def render(self) -> Content:
        """`key title` for each action that fits."""
        actions = [action for action in footer_actions(self._where) if action.id not in self.without]
        pieces: list[tuple[str, str] | str] = [" "]
        at, self._spans = 1, []
        tail = [action for action in actions if action.id in ("help", "leave")]
        room = self.size.width - 1 - sum(len(self._text(action)) + 2 for action in tail)
        for action in (*(action for action in actions if action not in tail), *tail):
            length = len(self._text(action))
            if action not in tail and at + length > room:
                continue
            pieces += [(key_name(action.keys), "bold $text-accent"), f" {self._title(action)}", "  "]
            self._spans.append((at, at + length, action))
            at += length + 2
        return Content.assemble(*pieces)

    async def on_click(self, event: events.Click) -> None:
        """Do what was clicked."""
        for start, end, action in self._spans:
            if start <= event.x < end:
                # The action is looked up where its key would be: on the screen first, then in the app.
                namespace = "app." if action.where is Where.APP else "screen."
                await self.run_action(namespace + action.id)
                return
