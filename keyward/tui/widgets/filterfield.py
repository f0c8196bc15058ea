"""Words that narrow a list. Keys typed right behind Enter are for the rows that the words leave, never for those that stood there before."""

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

_PATIENCE = 1.0
"""Seconds for which letters are waited for. Where more come than can be taken in that time, Enter is passed over and more letters are letters."""


class FilterField(Input):
    """The field.

    Args:
        leave: shows what this text leaves, and goes there.
        placeholder: what stands there while it is empty.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", "To the list", show=False, priority=True)]

    def __init__(
        self,
        leave: Callable[[str], None],
        placeholder: str,
        *,
        id: str,  # noqa: A002  # Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(placeholder=placeholder, select_on_focus=False, id=id, classes=classes)
        self._leave = leave

    async def action_submit(self) -> None:
        """Go to the list. Letters that are still waiting belong to the words; the app looks at no other key before this is done."""
        if await self._heard():
            self._leave(self.value)

    async def _heard(self) -> bool:
        """Wait until every letter before this is in the field; whether it is."""
        heard = asyncio.Event()
        self.call_later(heard.set)
        try:
            async with asyncio.timeout(_PATIENCE):
                await heard.wait()
        except TimeoutError:
            return False
        return True
