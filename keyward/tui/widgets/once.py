"""Screens that are left once: what was typed in the same burst behind the key that left them closes no other screen."""

from typing import Generic, TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, Screen

Result = TypeVar("Result")


class Once(Screen[Result], Generic[Result]):
    """A screen that takes only itself away."""

    _late: tuple[Result | None] | None = None

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Answer and go. Below another screen that waits until this one is seen again; gone already, it is nothing."""
        if self.is_active:
            return super().dismiss(result)
        self._late = (result,)
        return AwaitComplete()

    def on_screen_resume(self) -> None:
        """What was above it is gone."""
        if self._late is not None:
            self.dismiss(*self._late)


class Dialog(ModalScreen[Result], Once[Result], Generic[Result]):
    """A screen above another one, which is seen around it."""
