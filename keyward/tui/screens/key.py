"""Everything known of one key: overview, usage, where it is used, what happened. Its value only by way of the reveal."""

import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from keyward.model.errors import Interrupted, KeywardError
from keyward.tui import places
from keyward.tui.actions import Where, bindings
from keyward.tui.dayplot import DAYS
from keyward.tui.facts import DIM, WARN, of_record, of_sources
from keyward.tui.happened import moments
from keyward.tui.messages import Answer
from keyward.tui.screens.page import Page
from keyward.tui.used import used
from keyward.tui.where_used import tree
from keyward.tui.widgets.dayplot import DayPlot
from keyward.tui.widgets.pane import Fact, FactList
from keyward.tui.widgets.plain import Plain
from keyward.tui.widgets.sections import Sections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from keyward.desk import Desk
    from keyward.desk.around_words import Line
    from keyward.model.credential import Credential


_SECTIONS = ("Overview", "Usage", "Where used", "Timeline", "Findings")
_OVERVIEW, USAGE, WHERE, _TIMELINE, FINDINGS, REVEAL = range(6)
"""The sections in their order, and the question whether the value can be shown."""
_ASKED: "Mapping[int, Callable[[Desk, str, threading.Event], Any]]" = {
    USAGE: lambda desk, key, _: desk.keys.usage(key, DAYS),
    WHERE: lambda desk, key, _: desk.keys.where_used(key),
    _TIMELINE: lambda desk, key, _: desk.keys.timeline(key),
    FINDINGS: lambda desk, key, stop: desk.hygiene.of_key(key, stop),
}


class Section(NamedTuple):
    """What was asked for a section, or why it could not be had."""

    place: int
    value: Any = None
    trouble: str = ""


class Shown(NamedTuple):
    """What the overview shows: the document `keyward.key/1`, what only the cache knows besides, what is said of its data handling.

    `changed` are the ids of the keys of which something else is known now; `trouble` is what asking around the key ran into.
    """

    document: "Mapping[str, Any]"
    credential: "Credential | None"
    uses: "Sequence[tuple[float, float, int, str, str]]"
    handling: "Sequence[Fact]"
    changed: "Sequence[str]" = ()
    trouble: KeywardError | None = None


class KeyScreen(Page):
    """One key.

    Args:
        key: its id.
    """

    where = Where.KEY
    heading = "Key"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.KEY)

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key
        self._record: Mapping[str, Any] = {}
        self._unread = Content("")
        self._asked: set[int] = set()
        self._stop = threading.Event()

    def production(self) -> bool:
        """Whether the key is one of production."""
        return self.app.production(self.key)

    def why_not(self, action: str) -> str:
        """Why an action of this screen cannot be done now; empty when it can."""
        return "the key is not known" if action == "reveal" and not self._record else ""

    def content(self) -> ComposeResult:
        """What is missing, the names of the sections and the sections; of those one is shown."""
        with VerticalScroll(classes="content"):
            yield Plain("", id="name", classes="name")
            yield FactList(id="missing")
            yield Sections(_SECTIONS)
            with Horizontal(id="columns", classes="part"):
                yield FactList(id="facts")
                with VerticalScroll(id="right", can_focus=False):
                    yield Plain("Places", classes="section")
                    yield Static(id="places", markup=False)
                    yield Plain("Rotations", classes="section")
                    yield FactList(id="rotations")
                    yield Plain("Around it", classes="section")
                    yield FactList(id="around")
                    yield Plain("What is sent with it", classes="section")
                    yield FactList(id="handling")
            with Vertical(id="usage", classes="part"):
                yield Plain("Reading ...", classes="waits")
                yield DayPlot(id="days")
                yield FactList(id="record", classes="spaced")
            with Vertical(id="where", classes="part"):
                yield Plain("Reading ...", classes="waits")
                yield Static(id="tree", markup=False)
            with Vertical(id="timeline", classes="part"):
                yield Plain("Reading ...", classes="waits")
                yield FactList(id="moments")
            with Vertical(id="findings", classes="part"):
                yield Plain("Judging ...", classes="waits")
                yield FactList(id="rules")

    def on_mount(self) -> None:
        """Ask for it."""
        self._stop = self.app.feed.stopper()
        self._choose(0)
        self.say("Reading ...")
        self.app.feed.ask(self, lambda desk: _shown(desk, self.key))

    def on_unmount(self) -> None:
        """Nobody waits for what is around it any more."""
        self._stop.set()

    def on_answer(self, event: Answer) -> None:
        """Here it is, or one of its sections."""
        if isinstance(event.value, Section):
            self._tell(event.value)
            return
        found: Shown = event.value
        if (trouble := found.trouble) is not None:
            self.app.notify(str(trouble), title=trouble.title, severity="error", timeout=15)
        record: Mapping[str, Any] = found.document["key"]
        self._record = record
        self.say("")
        now = datetime.fromtimestamp(self.app.now(), UTC)
        self.query_one("#name", Plain).show(str(record.get("name") or record.get("id")))
        self.query_one("#facts", FactList).tell(of_record(record, now, found.credential, found.uses))
        missing = of_sources(found.document.get("sources") or ())
        self.query_one("#missing", FactList).tell(missing)
        self.query_one("#missing").display = bool(missing)
        self._unread = places.unread(record.get("placements_looked") or {})
        held = places.tree(record.get("placements") or (), str(record.get("host") or ""))
        self.query_one("#places", Static).update(held + self._unread)
        self.query_one("#rotations", FactList).tell(_rotations(found.document.get("rotations") or ()))
        self.query_one("#around", FactList).tell(_around(found.document))
        self.query_one("#handling", FactList).tell(found.handling)
        self.app.feed.changed(self.app.inventory, found.changed)

    # Sections

    def _choose(self, place: int) -> None:
        """Show one section, and ask for what stands in it when it is shown for the first time."""
        names = self.query_one(Sections)
        names.choose(place)
        for number, widget in enumerate(self.query(".part")):
            widget.display = number == names.place
        self.query_one("VerticalScroll.content", VerticalScroll).scroll_home(animate=False)
        if names.place in _ASKED and names.place not in self._asked:
            self._asked.add(names.place)
            ask, number = _ASKED[names.place], names.place
            self.app.feed.ask(self, lambda desk: _section(number, lambda: ask(desk, self.key, self._stop)))

    def _tell(self, section: "Section") -> None:
        if section.place == REVEAL:
            self._ask_reveal(section)
            return
        waits = self.query(".part")[section.place].query_one(".waits", Plain)
        waits.display = bool(section.trouble)
        waits.show(section.trouble)
        if section.trouble:
            return
        now = self.app.moment()
        if section.place == USAGE:
            no_data, facts = used(section.value, self.app.keymap.key_of("inventory.scan"))
            waits.display = bool(no_data)
            waits.show(no_data)
            self.query_one("#days", DayPlot).display = (
                section.value.total is not None
            )  # nothing is known, so nothing is drawn
            self.query_one("#days", DayPlot).show(section.value)
            self.query_one("#record", FactList).tell(facts)
        elif section.place == WHERE:
            about = (
                f"{self._record.get('kind', '')} · {self._record.get('provider', '')} · {self._record.get('scope', '')}"
            )
            self.query_one("#tree", Static).update(tree(section.value, self._named, about) + self._unread)
        elif section.place == FINDINGS:
            from keyward.tui.found import of_key  # only this section tells it

            self.query_one("#rules", FactList).tell(list(of_key(section.value)))
        else:
            self.query_one("#moments", FactList).tell(moments(section.value, now))

    @property
    def _named(self) -> str:
        return str(self._record.get("name") or self.key)

    def on_sections_chosen(self, event: Sections.Chosen) -> None:
        """A click on its name."""
        self._choose(event.place)

    def action_overview(self) -> None:
        """Show what is known of it."""
        self._choose(_OVERVIEW)

    def action_usage(self) -> None:
        """Show its calls by day."""
        self._choose(USAGE)

    def action_where_used(self) -> None:
        """Show who gets it from where."""
        self._choose(WHERE)

    def action_timeline(self) -> None:
        """Show what happened to it."""
        self._choose(_TIMELINE)

    def action_findings(self) -> None:
        """Show what the rules say of it."""
        self._choose(FINDINGS)

    def action_next_section(self) -> None:
        """Show the next section."""
        self._choose(self.query_one(Sections).place + 1)

    def action_last_section(self) -> None:
        """Show the section before."""
        self._choose(self.query_one(Sections).place - 1)

    # Actions

    def action_copy(self) -> None:
        """Copy something of it."""
        if self.is_active:
            from keyward.tui.screens.copy import CopyScreen

            self.app.push_screen(CopyScreen(self.key, self._named))

    def action_reveal(self) -> None:
        """Ask whether its value is to be shown."""
        if self.is_active and self._record:
            self.app.feed.ask(self, lambda desk: _section(REVEAL, lambda: desk.values.readable(self.key)))

    def _ask_reveal(self, section: "Section") -> None:
        from keyward.tui.screens.reveal import AskReveal, ValueScreen

        why = section.trouble or section.value.why
        if why or not self.is_active:
            self.app.notify(f"The value cannot be shown: {why}.", severity="warning")
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.app.push_screen(ValueScreen(self.key, self._named))

        self.app.push_screen(AskReveal(self._named, section.value.source), answered)

    def action_around(self) -> None:
        """Ask what is around it."""
        if self.is_active:
            self.say("Asking ...")
            self.app.feed.ask(self, lambda desk: _asked(desk, self.key, self._stop))

    def action_rotate(self) -> None:
        """Plan its rotation."""
        if self.is_active:
            self.app.open_plan([self.key])


def _section(place: int, ask: "Callable[[], Any]") -> Section:
    try:
        return Section(place, ask())
    except Interrupted:
        raise
    except KeywardError as error:  # one section that cannot be read hides no other
        return Section(place, trouble=f"{error.title}: {error.message} {error.hint}".strip())


def _asked(desk: "Desk", key: str, stop: threading.Event) -> Shown:
    """What is known of the key after asking around; what went wrong with that hides nothing of it."""
    try:
        changed = desk.keys.ask_around(key, stop)
    except Interrupted:
        raise
    except KeywardError as error:
        return _shown(desk, key)._replace(trouble=error)
    return _shown(desk, key)._replace(changed=changed)


def _shown(desk: "Desk", key: str) -> Shown:
    document = desk.keys.show(key)
    return Shown(document, *_more(desk, key), _handling(document))


def _more(desk: "Desk", key: str) -> "tuple[Credential | None, list[tuple[float, float, int, str, str]]]":
    with closing(desk.cache()) as cache:
        return cache.credential(key), cache.uses(key)


def _around(shown: "Mapping[str, Any]") -> list[Fact]:
    from keyward.desk.around_words import lines  # only this screen tells it

    return _facts(lines({"context": [], "owners": [], **shown}))


def _handling(shown: "Mapping[str, Any]") -> list[Fact]:
    from keyward.desk.data_words import lines

    return _facts(replace(line, label="") for line in lines(shown))


def _facts(lines: "Iterable[Line]") -> list[Fact]:
    return [
        Fact(line.label if number == 0 else "", text.strip(), WARN if line.loud else "")
        for line in lines
        for number, text in enumerate(line.text.splitlines())
    ]


def _rotations(found: Any) -> list[Fact]:
    if not found:
        return [Fact("", "none recorded", DIM)]
    facts = []
    for one in found:
        waits = f", waits for {one['waiting_on']}" if one.get("waiting_on") else ""
        facts.append(Fact(str(one.get("state", "")), f"{one.get('id', '')}{waits}", WARN if waits else ""))
        if one.get("why"):
            facts.append(Fact("", str(one["why"]), DIM))
    return facts
