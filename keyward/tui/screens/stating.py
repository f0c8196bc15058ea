"""What a person says of one item of a checklist, before it is written down: that it holds, that they agree, that it waits, that it holds no more."""

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Input

from keyward.ledger.records import Statement
from keyward.model.errors import UsageError
from keyward.tui.messages import Answer, Failed
from keyward.tui.widgets.deaf import Deaf
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from keyward.checklists.result import Answer as Judged
    from keyward.desk.checklists import Saying
    from keyward.ledger.records import AttestationRow
    from keyward.tui.app import KeywardApp

_TITLES = {
    Statement.ATTESTED: ("State that it holds", "What holds, in a sentence", "State"),
    Statement.SKIPPED: ("Put it off for 30 days; it stays open", "Why it is put off", "Put off"),
    Statement.AGREED: ("Agree with what was stated", "What you looked at (may stay empty)", "Agree"),
    Statement.WITHDRAWN: ("Say that it holds no more", "Why it holds no more", "Withdraw"),
}


class StatingScreen(Deaf["AttestationRow | None"]):
    """Asks for the words and writes them into the ledger and its audit trail. Answers what was written, or None.

    Args:
        judged: the item, at its subject.
        kind: what is said of it.
        checklist: the id of the list that it is said in.
        who: whose words they are.
    """

    AUTO_FOCUS = "#cancel"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]
    app: "KeywardApp"

    def __init__(self, judged: "Judged", kind: Statement, checklist: str, who: str) -> None:
        super().__init__()
        self._judged, self._kind, self._checklist, self._who = judged, kind, checklist, who
        self._asked = judged.item.fields if kind is Statement.ATTESTED else ()

    def compose(self) -> ComposeResult:
        """What is said of what, by whom, the words, buttons."""
        item, (title, asks, verb) = self._judged.item, _TITLES[self._kind]
        with VerticalScroll(classes="box", can_focus=False):
            yield Plain(f"{title}: {item.title}", classes="title")
            yield Plain(
                f"{item.id} at {self._judged.subject}, by {self._who}; the audit trail keeps it.", classes="dim"
            )
            if self._kind is Statement.AGREED and (row := self._judged.statement) is not None:
                yield Plain(f"{row.actor} stated on {row.at:%Y-%m-%d}: {row.statement} {row.evidence}".rstrip())
            yield Plain(asks, classes="label")
            yield Input(id="says", classes="line", select_on_focus=False)
            for number, name in enumerate(self._asked):
                yield Plain(name.replace("_", " "), classes="label")
                yield Input(id=f"field-{number}", classes="line", select_on_focus=False)
            if self._kind is Statement.ATTESTED:
                yield Plain("Where it can be seen, such as the address of a ticket (may stay empty)", classes="label")
                yield Input(id="evidence", classes="line", select_on_focus=False)
                yield Plain(f"Its last day, UTC (empty: {item.attest_days} days from now)", classes="label")
                yield Input(placeholder="2027-01-31", id="until", classes="line", select_on_focus=False)
            with Vertical(classes="end"):
                yield Plain("", id="refused")
                with Horizontal(classes="buttons"):
                    yield Button("Cancel", id="cancel")
                    yield Button(verb, id="say", variant="primary", disabled=True)

    def listens(self) -> None:
        """It may be said now; what was typed too early is forgotten."""
        for field in self.query(Input):
            field.clear()
        self.query_one("#say", Button).disabled = False

    def on_key(self, event: events.Key) -> None:
        """Letters typed while a button has the focus belong to the words; those that a field got never come here."""
        if self.armed and event.is_printable and event.character:
            field = self.query_one("#says", Input)
            event.stop()
            self.set_focus(field)
            field.insert_text_at_cursor(event.character)

    def on_input_submitted(self) -> None:
        """Enter in a field only moves on: it never says anything."""
        self.focus_next(Input if self.focused is not list(self.query(Input))[-1] else "#say")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Say it, or not."""
        if not self.armed:
            return
        if event.button.id == "say":
            self._say()
        else:
            self.dismiss(None)

    def action_cancel(self) -> None:
        """Leave without saying anything."""
        self.dismiss(None)

    def _say(self) -> None:
        try:
            saying = self._saying()
        except UsageError as error:
            self._refuse(str(error))
            return
        self._refuse("")
        self._writing(True)
        self.app.feed.act(self, lambda desk, _: desk.checklists.state(saying))

    def _saying(self) -> "Saying":
        from keyward.desk.checklist_words import day
        from keyward.desk.checklists import Saying

        typed = {str(field.id): field.value.strip() for field in self.query(Input)}
        until = day(typed["until"]) if typed.get("until") else None
        fields = {name: typed[f"field-{number}"] for number, name in enumerate(self._asked)}
        judged = self._judged
        return Saying(
            judged.item.id, str(judged.subject), self._kind, typed["says"], typed.get("evidence", ""), until, fields, self._checklist
        )  # fmt: skip

    def _refuse(self, text: str) -> None:
        self.query_one("#refused", Plain).show(f"✗ {text}" if text else "")

    def _writing(self, now: bool) -> None:
        say = self.query_one("#say", Button)
        say.disabled, say.label = now, "Writing ..." if now else _TITLES[self._kind][2]

    def on_answer(self, event: Answer) -> None:
        """It is on record."""
        written: AttestationRow = event.value
        self.dismiss(written)

    def on_failed(self, event: Failed) -> None:
        """It was not written down: why."""
        self._writing(False)
        self._refuse(str(event.error))
