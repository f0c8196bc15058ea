"""Everything that the rules find: what is wrong, what nobody can tell, and the way to what mends it. It is what `keyward check` finds."""

import threading
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import BindingType

from keyward.model.finding import Subject
from keyward.tui import found as said
from keyward.tui import words
from keyward.tui.actions import Where, bindings
from keyward.tui.copying import hand_over
from keyward.tui.messages import Answer, Failed
from keyward.tui.screens.filtered import FilteredPage
from keyward.tui.widgets.grid import Column, Grid
from keyward.tui.widgets.pane import Fact
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keyward.desk import Desk
    from keyward.hygiene.checked import Checked
    from keyward.hygiene.rule import Rule
    from keyward.model.finding import Finding
    from keyward.model.source import SourceReport
    from keyward.tui.widgets.head import Standing

_COLUMNS = (
    Column("severity", "SEVERITY", 9, 0),
    Column("rule", "RULE", 6, 3),
    Column("title", "WHAT", 20, 1, grows=True),
    Column("of", "OF", 18, 0, grows=True),
    Column("scope", "PROJECT/SCOPE", 16, 4),
    Column("evidence", "EVIDENCE", 24, 2, grows=True),
)


class Stood(NamedTuple):
    """Why what was judged does not hold any more, as `keyward.desk.judged_mark` says it; empty while it does."""

    stale: str


class Opened(NamedTuple):
    """A secret that was asked for; no document when it is not known any more."""

    secret: str
    document: "Mapping[str, Any] | None"


class FindingsScreen(FilteredPage):
    """What `keyward check` finds. Judging asks nobody and changes nothing."""

    where = Where.FINDINGS
    heading = "Findings"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.FINDINGS)
    columns = _COLUMNS
    placeholder = "words: high acme-prod KW-401"
    nothing = "No finding has these words"

    def __init__(self) -> None:
        super().__init__()
        self._findings: Sequence[Finding] = ()
        self._rules: Mapping[str, Rule] = {}
        self._news: frozenset[str] = frozenset()
        self._judging = True
        self._counts = ""
        self._sources: Sequence[SourceReport] = ()
        self._stop = threading.Event()

    def content(self) -> ComposeResult:
        """Counts, what was seen, the list."""
        yield Plain("", id="summary", classes="content name")
        yield Plain("", id="seen", classes="content dim")
        yield from self.find_and_list()

    def on_mount(self) -> None:
        """Have everything judged."""
        self._stop = self.app.feed.stopper()
        self.query_one(Grid).display = False
        self._judge()

    def on_unmount(self) -> None:
        """Nobody waits for it any more."""
        self._stop.set()

    def _judge(self) -> None:
        self._judging, self._sources, stop = True, self.app.sources, self._stop
        if not self._findings:
            self.say("Judging ...", "Nobody is asked: the rules look at what the last scan knew.")
        self.app.feed.ask(self, lambda desk: desk.hygiene.judge("", stop))

    def on_screen_resume(self) -> None:
        """Something may have been done meanwhile."""
        self._look()

    def stand(self, standing: "Standing") -> None:
        """The top line says something else; a scan may have read something else."""
        super().stand(standing)
        if self.app.sources is not self._sources:
            self._sources = self.app.sources
            self._look()

    def _look(self) -> None:
        """See whether it still holds: that is said, and nothing under the cursor changes by itself."""
        if not self._judging:
            self.app.feed.ask(self, lambda desk: Stood((desk.hygiene.judged() or (0.0, ""))[1]))

    def on_answer(self, event: Answer) -> None:
        """Everything was judged; or a secret was asked for."""
        if isinstance(event.value, Opened):
            self._show_secret(event.value)
            return
        if isinstance(event.value, Stood):
            self._tell_counts(event.value.stale)
            return
        found: Checked
        found, changed = event.value
        self._judging = False
        self._findings, self._rules = said.ordered(found), {rule.id: rule for rule in found.rules}
        self._news = said.news(found)
        self.app.feed.judged(self.app.inventory, changed)
        self._counts = said.summary(found, self._findings)
        self._tell_counts()
        compared = f" {found.compared}" if found.since is not None else ""
        self.query_one("#seen", Plain).show(f"{found.coverage}{compared}")
        if self._findings:
            self.listed()
            return
        self.query_one(Grid).display = False
        if found.scanned_at is None:
            scan = self.app.keymap.key_of("inventory.scan")
            self.say("Nothing was scanned yet.", f"{found.coverage}\n{scan} in the inventory scans.")
        elif found.partial:
            self.say("Nothing is known to be broken.", f"Not everything was seen. {found.coverage}")
        else:
            self.say("No rule is broken, and none is unknown.", found.coverage)

    def _tell_counts(self, stale: str = "") -> None:
        text = self._counts
        if stale and not self._judging:
            from keyward.desk.judged_mark import STALE

            text += f" · {STALE[stale]}: {self.app.keymap.key_of('findings.again')} judges again"
        self.query_one("#summary", Plain).show(text)

    def on_failed(self, event: Failed) -> None:  # noqa: ARG002  # what it says, the page says
        """They could not be judged, or a secret not be read."""
        self._judging = False

    # What is listed

    @property
    def length(self) -> int:
        """How many findings there are."""
        return len(self._findings)

    def haystack(self, entry: int) -> str:
        """All that a line can show, and the whole id."""
        one = self._findings[entry]
        return " ".join((*self.cells(entry), one.subject, one.of.value, *one.evidence))

    def cells(self, entry: int) -> tuple[str, ...]:
        """How bad, which rule, of what, where, why."""
        one = self._findings[entry]
        texts = {"of": said.name(one), "scope": one.scope}
        texts[self._naming] = words.scope(texts[self._naming], production=self._of_production(one))
        title, why = self._rules[one.rule].title, "; ".join(one.evidence)
        if one.id in self._news:
            why = f"new: {why}"
        return said.word(one), one.rule, title, texts["of"], texts["scope"], why

    def _of_production(self, one: "Finding") -> bool:
        return one.of is Subject.KEY and self.app.production(one.subject)

    @property
    def _naming(self) -> str:
        """The column that says of a key that it is one of production: its scope, or what it is where that has given way."""
        return "scope" if "scope" in self.query_one(Grid).shown else "of"

    def on_resize(self) -> None:
        """Another column may have to say it."""
        self.query_one(Grid).repaint()

    def tone(self, entry: int, column: str) -> str | None:
        """The worst stand out; a key of production does."""
        one = self._findings[entry]
        if column == "severity":
            return said.tone(one)
        if column == self._naming and self._of_production(one):
            return "grid--prod"
        return "grid--dim" if column in {"rule", "scope"} else None

    def facts(self, entry: int) -> list[Fact]:
        """What is wrong, what that rests on, what mends it."""
        one = self._findings[entry]
        return list(said.facts(one, self._rules[one.rule]))

    def _chosen(self) -> "Finding | None":
        return None if self.chosen is None or not self.is_active else self._findings[self.chosen]

    # Actions

    def why_not(self, action: str) -> str:
        """Why an action of this screen cannot be done now; empty when it can."""
        if action == "again":
            return "they are being judged" if self._judging else ""
        if action == "back":
            return ""
        if not self._findings:
            return "nothing is listed"
        one = None if self.chosen is None else self._findings[self.chosen]
        if action == "find":
            return ""
        return "no finding is under the cursor" if one is None else _why_not(action, one)

    def action_again(self) -> None:
        """Have everything judged again."""
        self._judge()

    def on_grid_opened(self) -> None:
        """A double click opens too."""
        self.action_open()

    def action_open(self) -> None:
        """Show what the finding is of."""
        if (one := self._chosen()) is None:
            return
        if one.of is Subject.KEY:
            from keyward.tui.screens.key import KeyScreen

            self.app.push_screen(KeyScreen(one.subject))
        elif one.of is Subject.SECRET:
            self.app.feed.ask(self, lambda desk: _opened(desk, one.subject))
        elif one.of is Subject.ROTATION:
            from keyward.tui.screens.record import RecordScreen

            self.app.push_screen(RecordScreen(one.subject))
        elif one.of is Subject.PROJECT:
            self.app.action_inventory()
            self.app.inventory.filter_by(f"project:{one.scope}")

    def _show_secret(self, opened: Opened) -> None:
        from keyward.desk.secret_words import fields
        from keyward.tui.screens.leaf import Leaf

        if opened.document is None:
            self.app.notify(f"{opened.secret} is not in the last scan any more.", severity="warning")
        elif self.is_active:
            facts = [
                Fact("" if number else label, text)
                for label, several in fields(opened.document)
                for number, text in enumerate(several.splitlines())
            ]
            self.app.push_screen(Leaf(opened.secret, facts, said.command("show", opened.secret)))

    def action_explain(self) -> None:
        """Why the rule matters, what mends it, how it is changed or accepted."""
        if (one := self._chosen()) is not None:
            from keyward.tui.screens.leaf import Leaf

            rule = self._rules[one.rule]
            facts = list(said.explained(one, rule))
            self.app.push_screen(Leaf(f"{rule.id}  {rule.title}", facts, said.to_copy(one, rule)))

    def action_fix(self) -> None:
        """Hand over the commands that mend it."""
        if (one := self._chosen()) is not None and one.fix.commands:
            hand_over(self.app, f"{one.rule}, {said.name(one)}", "\n".join(one.fix.commands))

    def action_rotate(self) -> None:
        """Plan the rotation that mends it."""
        if (one := self._chosen()) is not None and (keys := said.rotated(one)):
            self.app.open_plan(keys)


def _opened(desk: "Desk", secret: str) -> Opened:
    return Opened(secret, desk.keys.show_secret(secret))


def _why_not(action: str, one: "Finding") -> str:
    """Why that cannot be done with this finding."""
    if action == "open" and one.of is Subject.EXCEPTION:
        return "it is an [[exception]] of your keyward.toml"
    if action == "open" and one.of is Subject.ATTESTATION:
        return "it is what somebody stated of a checklist's item; `keyward checklist due` lists these"
    if action == "fix" and not one.fix.commands:
        return f"no command mends it. {one.fix.text}".rstrip(" .")
    if action == "rotate" and not said.rotated(one):
        begins = any(line.startswith("keyward rotate") for line in one.fix.commands)
        return "it is begun with the command, which is handed over by Fix" if begins else "no rotation mends it"
    return ""
