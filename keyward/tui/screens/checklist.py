"""One checklist, run: one item at a time, with why, how, what was found and what helps; stated, put off, or left open."""

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message

from keyward.ledger.records import Statement
from keyward.model.errors import Interrupted
from keyward.tui import proved
from keyward.tui.actions import Where, bindings
from keyward.tui.copying import hand_over
from keyward.tui.messages import Answer, Failed
from keyward.tui.screens.filtered import FilteredPage
from keyward.tui.widgets.grid import Column, Grid
from keyward.tui.widgets.pane import Fact
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from keyward.checklists.item import Checklist
    from keyward.checklists.result import Answer as Judged
    from keyward.checklists.result import Run
    from keyward.desk import Desk
    from keyward.ledger.records import AttestationRow

_COLUMNS = (
    Column("result", "RESULT", 14, 0),
    Column("title", "WHAT", 26, 0, grows=True),
    Column("of", "FOR", 18, 1),
    Column("found", "FOUND", 24, 2, grows=True),
    Column("item", "ITEM", 24, 3),
)
_OFTEN = 0.1
"""Seconds between two words on how far it is."""


class Came(Message):
    """So many items of a run are judged."""

    def __init__(self, of: threading.Event, number: int) -> None:
        super().__init__()
        self.of, self.number = of, number


class ChecklistScreen(FilteredPage):
    """What `keyward checklist run` finds and asks. Judging asks nobody; only what a person states is written, in write mode.

    Args:
        checklist: the list.
        named: what it is run for, such as `project:acme-prod`.
    """

    where = Where.CHECKLIST
    heading = "Checklist"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.CHECKLIST)
    columns = _COLUMNS
    placeholder = "words: fail any.tls acme-prod"
    nothing = "No item has these words"

    def __init__(self, checklist: "Checklist", named: Sequence[str]) -> None:
        super().__init__()
        self._checklist, self._named = checklist, tuple(named)
        self._run: Run | None = None
        self._shown: Sequence[Column] = _COLUMNS
        self._who = ""
        self._judging = False
        self._stop = threading.Event()

    def content(self) -> ComposeResult:
        """Which list for what and how far it is, what was seen, the items."""
        yield Plain("", id="summary", classes="content name")
        yield Plain("", id="seen", classes="content dim")
        yield from self.find_and_list()

    def on_mount(self) -> None:
        """Have it judged."""
        self.query_one(Grid).display = False
        self._judge()

    def on_unmount(self) -> None:
        """Nobody waits for it any more."""
        self._stop.set()

    def _judge(self) -> None:
        self._stop.set()
        self._stop, self._judging = self.app.feed.stopper(), True
        stop, checklist, named = self._stop, self._checklist, self._named
        if self._run is None:
            self.say("Judging ...", "Nobody is asked: it rests on the last scan and on this machine.")
        else:
            self._tell_summary()
        number, said = 0, time.monotonic()

        def heard(_: "Judged") -> None:
            nonlocal number, said
            if stop.is_set():
                raise Interrupted("Nobody waits for it any more.")
            number += 1
            if time.monotonic() - said >= _OFTEN:
                said = time.monotonic()
                self.post_message(Came(stop, number))

        def run(desk: "Desk") -> tuple[threading.Event, "Run", str]:
            lists = desk.checklists
            return stop, lists.run(checklist, lists.subjects(checklist, named), heard), lists.who()

        self.app.feed.ask(self, run)

    def on_came(self, event: Came) -> None:
        """So far it is."""
        if event.of is self._stop and self._run is None:
            self.say(
                f"Judging ... {event.number:,} items", "Nobody is asked: it rests on the last scan and on this machine."
            )

    def on_answer(self, event: Answer) -> None:
        """It was judged. The cursor stays; at first it is on the first item that is open."""
        stop, run, who = event.value
        if stop is not self._stop:
            return  # it was judged again meanwhile
        first, self._run, self._who, self._judging = self._run is None, run, who, False
        self._tell_summary()
        self.query_one("#seen", Plain).show(run.coverage)
        if not run.answers:
            self.query_one(Grid).display = False
            self.say("This list has no items.", f"{self._checklist.file}".strip())
            return
        self._shown = [column for column in _COLUMNS if column.name != "of" or len(run.subjects) > 1]
        self.query_one(Grid).set_columns(self._shown)
        self.listed()
        if first and (opened := next((n for n, one in enumerate(run.answers) if one.open), None)) is not None:
            self.query_one(Grid).go_to(opened)

    def on_failed(self, event: Failed) -> None:
        """It could not be judged."""
        self._judging = False
        super().on_failed(event)

    def _tell_summary(self) -> None:
        of = ", ".join(self._named[:3]) + (f" and {len(self._named) - 3} more" if len(self._named) > 3 else "")
        tail = "judging again ..." if self._judging else proved.summary(self._run) if self._run is not None else ""
        self.query_one("#summary", Plain).show(f"{self._checklist.title} · {of} · {tail}")

    # What is listed

    @property
    def _answers(self) -> "Sequence[Judged]":
        return self._run.answers if self._run is not None else ()

    @property
    def length(self) -> int:
        """How many items at all subjects there are."""
        return len(self._answers)

    def haystack(self, entry: int) -> str:
        """All that a line can show."""
        one = self._answers[entry]
        return " ".join((*self.cells(entry), str(one.subject), one.item.kind.value))

    def cells(self, entry: int) -> tuple[str, ...]:
        """How it ended, what it is, for what, why, its id."""
        one = self._answers[entry]
        texts = {
            "result": proved.word(one),
            "title": one.item.title,
            "of": str(one.subject),
            "found": "; ".join(one.evidence),
            "item": one.item.id,
        }
        return tuple(texts[column.name] for column in self._shown)

    def tone(self, entry: int, column: str) -> str | None:
        """What stands in the way stands out."""
        if column == "result":
            return proved.TONES[self._answers[entry].word]
        return "grid--dim" if column in {"of", "item"} else None

    def facts(self, entry: int) -> list[Fact]:
        """How it ended and why, what helps, why it matters, what to do."""
        return list(proved.facts(self._answers[entry]))

    def _chosen(self) -> "Judged | None":
        return None if self.chosen is None or not self.is_active else self._answers[self.chosen]

    # Actions

    def why_not(self, action: str) -> str:
        """Why an action of this screen cannot be done now; empty when it can."""
        if action == "again":
            return "it is being judged" if self._judging else ""
        if action in {"back", "find"} or not self._answers:
            return "" if action == "back" or self._answers else "nothing is listed"
        if action in {"next", "before"}:
            return "" if any(one.open for one in self._answers) else "nothing is open"
        if action == "compare":
            return "" if len({one.subject for one in self._answers}) > 1 else "it is run for one only"
        one = None if self.chosen is None else self._answers[self.chosen]
        return "no item is under the cursor" if one is None else proved.why_not(action, one)

    def action_again(self) -> None:
        """Have it judged again."""
        self._judge()

    def action_next(self) -> None:
        """To the next item that is open, round at the end."""
        self._step(1)

    def action_before(self) -> None:
        """To the one before that is open."""
        self._step(-1)

    def _step(self, by: int) -> None:
        grid = self.query_one(Grid)
        order = list(grid.order)
        here = order.index(self.chosen) if self.chosen in order else -1
        around = [order[(here + by * far) % len(order)] for far in range(1, len(order) + 1)]
        if (found := next((entry for entry in around if self._answers[entry].open), None)) is not None:
            grid.go_to(order.index(found))

    def on_grid_opened(self) -> None:
        """A double click opens too."""
        self.action_open()

    def action_open(self) -> None:
        """Everything about the item."""
        if (one := self._chosen()) is not None:
            from keyward.tui.screens.leaf import Leaf

            text = "\n".join([*one.fix.commands, f"keyward checklist show {one.item.id}"])
            self.app.push_screen(Leaf(f"{one.item.title} ({one.subject})", list(proved.whole(one)), text))

    def action_fix(self) -> None:
        """Hand over the commands that mend it."""
        if (one := self._chosen()) is not None and one.fix.commands:
            hand_over(self.app, f"{one.item.id} at {one.subject}", "\n".join(one.fix.commands))

    def action_compare(self) -> None:
        """Show where the subjects differ."""
        if self._run is None or not self.is_active:
            return
        from keyward.desk.checklist_words import differing
        from keyward.tui.screens.checklists import command
        from keyward.tui.screens.leaf import Leaf

        rows = differing(self._run)
        facts = [
            Fact("" if number else row[0], f"{subject}: {word}")
            for row in rows
            for number, (subject, word) in enumerate(zip(self._run.subjects, row[1:], strict=True))
        ]
        same = len(self._checklist.items) - len(rows)
        facts.append(Fact("alike", f"{same} item{'' if same == 1 else 's'} ended alike", "dim"))
        self.app.push_screen(
            Leaf(f"{self._checklist.title}: compared", facts, f"{command(self._checklist.id, self._named)} --compare")
        )

    def action_state(self) -> None:
        """Ask for the words that say that it holds."""
        self._ask(Statement.ATTESTED, "state")

    def action_skip(self) -> None:
        """Ask why it is put off."""
        self._ask(Statement.SKIPPED, "skip")

    def action_agree(self) -> None:
        """Agree with what somebody else stated."""
        self._ask(Statement.AGREED, "agree")

    def action_withdraw(self) -> None:
        """Say that it holds no more."""
        self._ask(Statement.WITHDRAWN, "withdraw")

    def _ask(self, kind: Statement, action: str) -> None:
        one = self._chosen()
        if one is None or self.why_not(action) or not self.app.may_write():
            return
        from keyward.tui.screens.stating import StatingScreen

        def answered(row: "AttestationRow | None") -> None:
            if row is not None:
                until = f" until {row.expires:%Y-%m-%d}" if kind in (Statement.ATTESTED, Statement.SKIPPED) else ""
                self.app.notify(f"{row.item} at {row.scope}: {row.kind.value} by {row.actor}{until}")
                self._judge()

        self.app.push_screen(StatingScreen(one, kind, self._checklist.id, self._who), answered)
