"""A small list in the middle of the screen, from which something is taken."""

from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual.binding import BindingType
from textual.widgets import OptionList

from keyward.tui.actions import Where, bindings
from keyward.tui.widgets.once import Dialog

if TYPE_CHECKING:
    from keyward.tui.app import KeywardApp

Taken = TypeVar("Taken")


class ListScreen(Dialog[Taken], Generic[Taken]):
    """What such lists have in common: where they stand, how one moves in them, and that Escape changes nothing."""

    where = Where.LIST
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.LIST)
    DEFAULT_CSS = """
    ListScreen { align: center middle; }
    ListScreen > Vertical { width: 56; max-width: 95%; height: auto; max-height: 95%; border: round $primary; background: $surface; padding: 0 1; }
    ListScreen OptionList { height: auto; max-height: 50vh; border: none; padding: 0; background: $surface; }
    ListScreen OptionList:focus { border: none; }
    ListScreen.-low OptionList { max-height: 40vh; }
    ListScreen .title { margin: 0; }
    ListScreen Plain { height: auto; }
    """
    app: "KeywardApp"

    @property
    def entries(self) -> OptionList:
        """The list."""
        return self.query_one(OptionList)

    def stand_on(self, place: int) -> None:
        """Put the cursor there."""
        self.entries.highlighted = place
        self.entries.focus()

    def action_step(self, by: int) -> None:
        """Move in the list."""
        if by > 0:
            self.entries.action_cursor_down()
        else:
            self.entries.action_cursor_up()

    def action_leave(self) -> None:
        """All as it was."""
        self.dismiss(None)
