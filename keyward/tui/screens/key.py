"""Everything known of one key. No value, ever."""

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from keyward.tui import places
from keyward.tui.actions import Where, bindings
from keyward.tui.facts import DIM, WARN, of_record
from keyward.tui.feed import Answer
from keyward.tui.screens.page import Page
from keyward.tui.widgets.pane import Fact, FactList
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyward.desk import Desk
    from keyward.model.credential import Credential


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

    def production(self) -> bool:
        """Whether the key is one of production."""
        return self.app.production(self.key)

    def content(self) -> ComposeResult:
        """Facts on the left; places and rotations on the right, or below on a narrow screen."""
        with VerticalScroll(classes="content"):
            yield Plain("", id="name", classes="name")
            with Horizontal(id="columns"):
                yield FactList(id="facts")
                with VerticalScroll(id="right", can_focus=False):
                    yield Plain("Places", classes="section")
                    yield Static(id="places", markup=False)
                    yield Plain("Rotations", classes="section")
                    yield FactList(id="rotations")
                    yield Plain("Around it", classes="section")
                    yield FactList(id="around")

    def on_mount(self) -> None:
        """Ask for it."""
        self.say("Reading ...")
        self.app.feed.ask(self, lambda desk: _shown(desk, self.key))

    def on_answer(self, event: Answer) -> None:
        """Here it is."""
        shown: Mapping[str, Any] = event.value[0]
        record: Mapping[str, Any] = shown["key"]
        self.say("")
        now = datetime.fromtimestamp(self.app.now(), UTC)
        self.query_one("#name", Plain).show(str(record.get("name") or record.get("id")))
        self.query_one("#facts", FactList).tell(of_record(record, now, event.value[1], event.value[2]))
        looked = record.get("placements_looked") or {}
        tree = places.tree(record.get("placements") or (), str(record.get("host") or ""))
        unread = looked.get("not_read") or 0
        tail = f"\n\n{looked.get('read', 0):,} payloads were looked at" + (f", {unread:,} were not." if unread else ".")
        self.query_one("#places", Static).update(tree + tail if looked else tree)
        self.query_one("#rotations", FactList).tell(_rotations(shown.get("rotations") or ()))
        self.query_one("#around", FactList).tell(_around(shown))

    def action_around(self) -> None:
        """Ask what is around it."""
        if self.is_current:
            self.say("Asking ...")
            self.app.feed.ask(self, lambda desk: _asked(desk, self.key))

    def action_rotate(self) -> None:
        """Plan its rotation."""
        if self.is_current:
            self.app.open_plan([self.key])


def _asked(desk: "Desk", key: str) -> tuple[Any, ...]:
    desk.ask_around(key)
    return _shown(desk, key)


def _shown(desk: "Desk", key: str) -> tuple[Any, ...]:
    return (desk.show(key), *_more(desk, key))


def _more(desk: "Desk", key: str) -> "tuple[Credential | None, list[tuple[float, float, int, str, str]]]":
    with closing(desk.cache()) as cache:
        return cache.credential(key), cache.uses(key)


def _around(shown: "Mapping[str, Any]") -> list[Fact]:
    from keyward.desk.around_words import lines  # only this screen tells it

    return [
        Fact(line.label if number == 0 else "", text.strip(), WARN if line.loud else "")
        for line in lines({"context": [], "owners": [], **shown})
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
