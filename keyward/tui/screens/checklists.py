"""The checklists: which there are, what each was begun for, how much of it people stated, and when that ends. Nothing is judged here."""

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from keyward.tui import words
from keyward.tui.actions import Where, bindings
from keyward.tui.copying import hand_over
from keyward.tui.facts import BAD, DIM, WARN
from keyward.tui.messages import Answer
from keyward.tui.screens.filtered import FilteredPage
from keyward.tui.widgets.grid import Column, Grid
from keyward.tui.widgets.pane import Fact

if TYPE_CHECKING:
    from keyward.desk.checklist_places import Place

_COLUMNS = (
    Column("title", "LIST", 22, 0, grows=True),
    Column("for", "FOR", 20, 0, grows=True),
    Column("stated", "STATED", 9, 1),
    Column("ends", "ENDS", 9, 2),
    Column("items", "ITEMS", 34, 4),
    Column("from", "FROM", 16, 3),
)
_SOON = 30 * words.DAY
"""What ends within that many seconds stands out; `keyward checklist due` lists the same."""


class ChecklistsScreen(FilteredPage):
    """What `keyward checklist list` and `due` tell, one line for each list and what it was begun for."""

    where = Where.CHECKLISTS
    heading = "Checklists"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.CHECKLISTS)
    columns = _COLUMNS
    placeholder = "words: gemini project:acme-prod"
    nothing = "No list has these words"

    def __init__(self) -> None:
        super().__init__()
        self._places: Sequence[Place] = ()

    def why_not(self, action: str) -> str:
        """Why an action of this screen cannot be done now; empty when it can."""
        if action in {"back", "again"}:
            return ""
        if not self._places:
            return "nothing is listed"
        return "no list is under the cursor" if action in {"open", "other", "command"} and self.chosen is None else ""

    def on_mount(self) -> None:
        """Ask which there are."""
        self.query_one(Grid).display = False
        self.say("Reading ...")
        self.action_again()

    def on_screen_resume(self) -> None:
        """Something may have been stated meanwhile."""
        super().on_screen_resume()
        if self._places:
            self.action_again()

    def action_again(self) -> None:
        """Read them again."""
        self.app.feed.ask(self, lambda desk: desk.checklists.places())

    def on_answer(self, event: Answer) -> None:
        """Here they are; the cursor stays on the list that it was on."""
        before = None if self.chosen is None else self._places[self.chosen]
        self._places = event.value
        self.listed()
        if before is not None:
            same = (n for n, one in enumerate(self._places) if _key(one) == _key(before))
            self.query_one(Grid).go_to(next(same, 0))

    # What is listed

    @property
    def length(self) -> int:
        """How many lines there are."""
        return len(self._places)

    def haystack(self, entry: int) -> str:
        """What the line shows, and the list's id."""
        return " ".join((*self.cells(entry), self._places[entry].checklist.id))

    def cells(self, entry: int) -> tuple[str, ...]:
        """Which list, for what, how much is stated, when that ends, of what it is made."""
        from keyward.desk.checklist_words import kinds

        one = self._places[entry]
        ends = words.expiry(one.ends.timestamp() if one.ends is not None else None, self.app.now())
        stated = f"{one.stated} of {one.asked}" if one.subject else "-"
        return one.checklist.title, _for(one), stated, ends, kinds(one.checklist), one.checklist.file or "keyward"

    def tone(self, entry: int, column: str) -> str | None:
        """What has ended or ends soon stands out."""
        one = self._places[entry]
        if column == "ends" and one.ends is not None:
            left = one.ends.timestamp() - self.app.now()
            return "grid--bad" if left <= 0 else "grid--warn" if left <= _SOON else None
        if column == "for" and not one.subject:
            return "grid--dim"
        return "grid--dim" if column in {"items", "from"} else None

    def facts(self, entry: int) -> list[Fact]:
        """What the list is for, and how far it is."""
        return list(self._told(self._places[entry]))

    def _told(self, one: "Place") -> Iterator[Fact]:
        from keyward.desk.checklist_words import kinds

        yield Fact(one.checklist.id, f"{one.checklist.title}, version {one.checklist.version}")
        yield Fact("why", one.checklist.why)
        yield Fact("items", kinds(one.checklist))
        if not one.subject:
            key = self.app.keymap.key_of("checklists.open")
            yield Fact("for", f"{_for(one)}: {key} asks which, and runs it", DIM)
            return
        yield Fact("for", one.subject)
        yield Fact("stated", f"{one.stated} of {one.asked} that a person states hold now")
        if one.ends is not None:
            over = one.ends.timestamp() <= self.app.now()
            yield Fact("", f"the first {'ended' if over else 'ends'} on {one.ends:%Y-%m-%d}", BAD if over else WARN)

    # Actions

    def on_grid_opened(self) -> None:
        """A double click opens too."""
        self.action_open()

    def action_open(self) -> None:
        """Run it for what the line says; where that says nothing, ask."""
        if self.chosen is not None and self.is_active:
            one = self._places[self.chosen]
            self._run(one, (one.subject,)) if one.subject else self.action_other()

    def action_other(self) -> None:
        """Ask for what to run it."""
        if self.chosen is None or not self.is_active:
            return
        from keyward.tui.screens.subject import SubjectScreen

        one = self._places[self.chosen]

        def answered(named: Sequence[str] | None) -> None:
            if named:
                self._run(one, named)

        self.app.push_screen(SubjectScreen(one.checklist), answered)

    def _run(self, one: "Place", named: Sequence[str]) -> None:
        from keyward.tui.screens.checklist import ChecklistScreen

        self.app.push_screen(ChecklistScreen(one.checklist, named))

    def action_command(self) -> None:
        """Hand over the command that runs it."""
        if self.chosen is not None and self.is_active:
            one = self._places[self.chosen]
            hand_over(self.app, one.checklist.title, command(one.checklist.id, [one.subject] if one.subject else []))


def command(checklist: str, named: Sequence[str]) -> str:
    """The command line that runs that list for these."""
    typed = ["keyward", "checklist", "run", checklist]
    for one in named:
        kind, _, name = one.partition(":")
        typed += ["--project", name] if kind == "project" else ["--for", one]
    return shlex.join(typed)


def _for(one: "Place") -> str:
    return one.subject or f"any {' or '.join(kind.value for kind in one.checklist.about)}"


def _key(one: "Place") -> tuple[str, str]:
    return one.checklist.id, one.subject
