"""What all screens but the first have in common: top line, place for trouble, keys, a way back."""

from typing import TYPE_CHECKING

from textual.app import ComposeResult

from keyward.tui.actions import Where, of
from keyward.tui.messages import Failed
from keyward.tui.widgets.board import Board
from keyward.tui.widgets.grid import Grid
from keyward.tui.widgets.head import Head, Standing
from keyward.tui.widgets.keysbar import KeysBar
from keyward.tui.widgets.once import Once
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from keyward.tui.app import KeywardApp


TOO_SMALL = "keyward needs 40x10 at least"


class Page(Once[None]):
    """A screen that is opened from another one.

    `where` is set by the class, and so are its bindings. `content` yields what stands in the middle; it is hidden while the board says
    that it is being read, or why it cannot be.
    """

    where = Where.APP
    heading = ""
    app: "KeywardApp"

    def compose(self) -> ComposeResult:
        """Top line, content, board, keys."""
        yield Head(self._standing(self.app.standing))
        yield from self.content()
        yield Board()
        yield KeysBar(self.where)
        yield Plain(TOO_SMALL, classes="too-small")

    def content(self) -> ComposeResult:
        """What stands in the middle, in containers of the class `content`."""
        yield from ()

    def why_not(self, action: str) -> str:  # noqa: ARG002  # for screens that have a reason
        """Why that action of this screen cannot be done now, in words; empty when it can."""
        return ""

    def production(self) -> bool:
        """Whether it shows a key of production."""
        return False

    def _standing(self, standing: Standing) -> Standing:
        from dataclasses import replace

        return replace(standing, title=self.heading, production=self.production())

    def on_mount(self) -> None:
        """What was said while this screen was being put together."""
        self.stand(self.app.standing)

    def stand(self, standing: Standing) -> None:
        """The top line says something else. The app says it at once, also to a screen that has no widgets yet."""
        for head in self.query(Head):
            head.tell(self._standing(standing))
        for keys in self.query(KeysBar):
            keys.follow()

    def say(self, title: str, text: str = "") -> None:
        """Show words in the place of the content; without a title show the content."""
        for board in self.query(Board):  # none where the app ends while this screen opens
            board.display = bool(title)
            if title:
                board.tell(title, text)
        for widget in self.query(".content"):
            widget.display = not title

    def on_failed(self, event: Failed) -> None:
        """It could not be read: why, what to do, and the key that tries again or leads to whoever knows more."""
        for table in self.query_children(Grid):
            table.display = False
        self.say(f"{event.error.title}: {event.error.message}", f"{event.error.hint}\n{self._next_step()}".strip())

    def _next_step(self) -> str:
        keys, scope = self.app.keymap, self.where.name.lower()
        if any(action.id == "again" for action in of(self.where)):
            return f"{keys.key_of(f'{scope}.again')} tries again."
        return f"{keys.key_of(f'{scope}.back')} goes back · {keys.key_of('app.doctor')} says what is missing."

    def action_back(self) -> None:
        """Back to where this was opened from."""
        if self.is_active:
            self.dismiss()
