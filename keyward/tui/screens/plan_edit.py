"""What may be edited in a plan before it is applied: how long both keys work, when the old one goes, and why."""

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input

from keyward.model.errors import UsageError
from keyward.tui import words
from keyward.tui.widgets.once import Dialog
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from keyward.desk import Changes
    from keyward.rotation.policy import Policy


class EditPlan(Dialog["Changes | None"]):
    """Asks for grace, retire and reason, read as the command line reads them. Answers the wish, or None when nothing is to change.

    Args:
        wish: what was wished for until now.
        policy: what the plan goes by.
    """

    AUTO_FOCUS = "#grace"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    def __init__(self, wish: "Changes", policy: "Policy") -> None:
        super().__init__()
        self._wish, self._policy = wish, policy

    def compose(self) -> ComposeResult:
        """Three questions, buttons."""
        with Vertical(classes="box"):
            yield Plain("Options of this plan", classes="title")
            yield Plain("Both keys work for (24h, 90m, 1d12h, 0s)", classes="label")
            yield Input(words.length(self._policy.grace), id="grace", select_on_focus=False)
            yield Plain(
                "Retire: auto (when it is quiet), now (without waiting, needs a reason), never", classes="label"
            )
            yield Input(self._policy.retire.value, placeholder="auto, now or never", id="retire", select_on_focus=False)
            yield Plain("Reason, kept in the audit trail", classes="label")
            yield Input(self._policy.reason, id="reason", select_on_focus=False, max_length=200)
            yield Plain("", id="refused")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel")
                yield Button("Plan again", id="use", variant="primary")

    def on_input_submitted(self) -> None:
        """Enter plans again: nothing but the plan changes."""
        self._use()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Plan again, or not."""
        if event.button.id == "use":
            self._use()
        else:
            self.dismiss(None)

    def action_cancel(self) -> None:
        """Leave it as it was."""
        self.dismiss(None)

    def _use(self) -> None:
        from keyward.desk.editing import edited  # light

        grace, retire, reason = (self.query_one(f"#{name}", Input).value for name in ("grace", "retire", "reason"))
        try:
            wish = edited(self._wish, grace=grace, retire=retire.strip(), reason=reason)
        except UsageError as error:
            self.query_one("#refused", Plain).show(f"✗ {error}")
            return
        if wish.grace == self._policy.grace and self._wish.grace is None:
            wish = replace(wish, grace=None)  # the settings say so
        self.dismiss(wish)
