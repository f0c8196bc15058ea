"""A choice that shows its state as a letter: Textual's own box has the same X in it on and off, in another colour."""

from textual.content import Content
from textual.widgets import Checkbox


class Tick(Checkbox):
    """`[x]` or `[ ]` before a label."""

    @property
    def _button(self) -> Content:
        return Content("[x]" if self.value else "[ ]").stylize("bold" if self.value else "")
