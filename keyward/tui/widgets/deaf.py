"""A dialog that hears nothing in its first moment: keys typed ahead were meant for another place."""

from typing import Generic, TypeVar

from keyward.tui.widgets.once import Dialog

ARMED_AFTER = 0.35
"""Seconds during which a dialog hears nothing."""

Answered = TypeVar("Answered")


class Deaf(Dialog[Answered], Generic[Answered]):
    """What such dialogs have in common. Only leaving without an answer is heard at once."""

    def __init__(self, *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self.armed = False

    def on_mount(self) -> None:
        """Listen a moment later."""
        self.set_timer(ARMED_AFTER, self._arm)

    def _arm(self) -> None:
        self.armed = True
        self.listens()

    def listens(self) -> None:
        """From now on it hears."""
