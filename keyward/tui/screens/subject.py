"""What a checklist is to be run for: asked for, and looked up before anything is run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.suggester import SuggestFromList
from textual.widgets import Button, Input

from keyward.tui.messages import Answer, Failed
from keyward.tui.widgets.deaf import Deaf
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from keyward.checklists.item import Checklist
    from keyward.desk import Desk
    from keyward.tui.app import KeywardApp

_SHOWN = 12
"""How many that are known are named."""


class SubjectScreen(Deaf["Sequence[str] | None"]):
    """Asks for what to run a list. Answers subjects that there are, or None.

    Args:
        checklist: the list.
    """

    AUTO_FOCUS = "#for"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]
    app: "KeywardApp"

    def __init__(self, checklist: "Checklist") -> None:
        super().__init__()
        self._checklist = checklist
        self._kinds = [kind.value for kind in checklist.about]

    def compose(self) -> ComposeResult:
        """The question, what is known, buttons."""
        with VerticalScroll(classes="box", can_focus=False):
            yield Plain(f"{self._checklist.title}: for which {' or '.join(self._kinds)}?", classes="title")
            yield Plain(self._advice(), classes="dim")
            yield Input(id="for", select_on_focus=False)
            yield Plain("", id="known", classes="dim")
            with Vertical(classes="end"):
                yield Plain("", id="refused")
                with Horizontal(classes="buttons"):
                    yield Button("Cancel", id="cancel")
                    yield Button("Run", id="run", variant="primary", disabled=True)

    def _advice(self) -> str:
        named = "Its name or id" if len(self._kinds) == 1 else f"Kind and name, such as {self._kinds[0]}:NAME"
        stars = " acme-* stands for projects of the last scan." if "project" in self._kinds else ""
        return f"{named}; several with a blank between.{stars}"

    def on_mount(self) -> None:
        """Ask what is known."""
        super().on_mount()
        checklist = self._checklist
        self.app.feed.ask(self, lambda desk: ("known", desk.checklists.names(checklist)))

    def listens(self) -> None:
        """It may be answered now."""
        self.query_one("#run", Button).disabled = False

    def on_input_submitted(self) -> None:
        """Enter runs: nothing is changed by it."""
        self._look()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Run, or not."""
        if event.button.id == "run":
            self._look()
        else:
            self.dismiss(None)

    def action_cancel(self) -> None:
        """Leave without running it."""
        self.dismiss(None)

    def _look(self) -> None:
        if self.query_one("#run", Button).disabled:  # it opened just now
            return
        typed = [self._full(one) for one in self.query_one("#for", Input).value.split()]
        checklist = self._checklist

        def subjects(desk: "Desk") -> tuple[str, Sequence[str]]:
            return "meant", [str(one) for one in desk.checklists.subjects(checklist, typed)]

        self.app.feed.ask(self, subjects)

    def _full(self, name: str) -> str:
        """With its kind, which need not be typed where there is one only."""
        (kind, *others), typed = self._kinds, name.partition(":")[0]
        return name if others or typed == kind else f"{kind}:{name}"

    def on_answer(self, event: Answer) -> None:
        """What is known, to choose from; or what was meant."""
        word, found = event.value
        if word == "meant":
            self.dismiss(found)
        elif found:
            if len(self._kinds) == 1:
                found = [one.partition(":")[2] for one in found]
            self.query_one("#for", Input).suggester = SuggestFromList(found)
            more = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
            self.query_one("#known", Plain).show(
                f"Known: {', '.join(found[:_SHOWN])}{more}. Right takes what is proposed."
            )

    def on_failed(self, event: Failed) -> None:
        """There is no such thing."""
        self.query_one("#refused", Plain).show(f"✗ {event.error}")
