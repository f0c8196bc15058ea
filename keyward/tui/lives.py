"""The message that brings what a run's thread says to the app: light, because the app knows it from its first frame on."""

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from keyward.tui.live import Live


class LiveSaid(Message):
    """Something was said of a run."""

    def __init__(self, live: "Live", said: Message) -> None:
        super().__init__()
        self.live, self.said = live, said
