"""What providers do with what is sent to them, tier by tier; everything with source and date is one key away."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from textual.binding import BindingType

from keyward.tui.actions import Where, bindings
from keyward.tui.copying import hand_over
from keyward.tui.facts import DIM, WARN
from keyward.tui.messages import Answer
from keyward.tui.screens.filtered import FilteredPage
from keyward.tui.widgets.grid import Column, Grid
from keyward.tui.widgets.pane import Fact

if TYPE_CHECKING:
    from keyward.desk import Desk

_COLUMNS = (
    Column("provider", "PROVIDER", 18, 0, grows=True),
    Column("tier", "TIER", 12, 1, grows=True),
    Column("improvement", "IMPROVES", 10, 5),
    Column("training", "TRAINS", 10, 2),
    Column("people", "PEOPLE", 10, 3),
    Column("kept", "KEPT", 10, 4),
    Column("zero-retention", "ZERO", 10, 7),
    Column("opt-out", "OPT OUT", 10, 6),
    Column("checked", "CHECKED", 21, 0),
)
_TOPICS = tuple(column.name for column in _COLUMNS[2:-1])
NOT_SAID = "not said"
"""No statement is about it: nobody looked it up."""


class Entry(NamedTuple):
    """One line: a tier of a provider, with what holds there and on all tiers. `says` are answers by topic."""

    provider: Mapping[str, Any]
    tier: str
    statements: Sequence[Mapping[str, Any]]
    says: Mapping[str, str]
    checked: str


class ProvidersScreen(FilteredPage):
    """The catalog, as `keyward provider list` and `show` tell it."""

    where = Where.PROVIDERS
    heading = "Providers"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.PROVIDERS)
    columns = _COLUMNS
    placeholder = "words: gemini unpaid STALE"
    nothing = "No provider has these words"

    def __init__(self) -> None:
        super().__init__()
        self._entries: Sequence[Entry] = ()

    def why_not(self, action: str) -> str:
        """Why an action of this screen cannot be done now; empty when it can."""
        if action != "back" and not self._entries:
            return "nothing is listed"
        return "no provider is under the cursor" if action in {"open", "command"} and self.chosen is None else ""

    def on_mount(self) -> None:
        """Ask for the catalog."""
        self.query_one(Grid).display = False
        self.say("Reading ...")
        self.app.feed.ask(self, _entries)

    def on_answer(self, event: Answer) -> None:
        """Here it is."""
        self._entries = event.value
        self.listed()

    # What is listed

    @property
    def length(self) -> int:
        """How many lines there are."""
        return len(self._entries)

    def haystack(self, entry: int) -> str:
        """What the line shows, the ids, and every statement in words."""
        one = self._entries[entry]
        texts = [f"{held['said']} {held['source'] or ''}" for held in one.statements]
        return " ".join((*self.cells(entry), one.provider["id"], *one.provider["aliases"], *texts))

    def cells(self, entry: int) -> tuple[str, ...]:
        """Provider, tier, an answer a topic, from when the oldest of them is."""
        one = self._entries[entry]
        return one.provider["label"], one.tier, *(one.says[topic] for topic in _TOPICS), one.checked

    def tone(self, entry: int, column: str) -> str | None:
        """What may be done with what is sent stands out, and what is stale; what nobody looked up stands back."""
        one = self._entries[entry]
        if column == "checked":
            return "grid--warn" if "STALE" in one.checked or "unverified" in one.checked else "grid--dim"
        if column in one.says:
            if one.says[column] == NOT_SAID:
                return "grid--dim"
            loud = column in {"improvement", "training", "people"} and one.says[column] != "no"
            return "grid--warn" if loud else None
        return None

    def facts(self, entry: int) -> list[Fact]:
        """What is said on the topics of the table."""
        one = self._entries[entry]
        shown = [held for held in one.statements if held["topic"] in _TOPICS and not held["surface"]]
        said = [fact for held in shown for fact in _statement(held, whole=False)]
        return [Fact(one.provider["id"], one.tier), *(said or [Fact("", NOT_SAID, DIM)])]

    # Actions

    def on_grid_opened(self) -> None:
        """A double click opens too."""
        self.action_open()

    def action_open(self) -> None:
        """Every statement about this provider, with source and date."""
        if self.chosen is not None and self.is_active:
            from keyward.tui.screens.leaf import Leaf

            found = self._entries[self.chosen].provider
            self.app.push_screen(Leaf(found["label"], list(_whole(found)), _command(found)))

    def action_command(self) -> None:
        """Hand over the command that tells the same."""
        if self.chosen is not None and self.is_active:
            found = self._entries[self.chosen].provider
            hand_over(self.app, found["label"], _command(found))


def _command(found: Mapping[str, Any]) -> str:
    return f"keyward provider show {found['id']}"


def _entries(desk: "Desk") -> list[Entry]:
    names = [one["id"] for one in desk.hygiene.providers()["providers"]]
    found = [entry for name in names for entry in _of(desk.hygiene.provider(name))]
    return sorted(found, key=lambda entry: not entry.statements)  # those of which something is known come first


def _of(found: Mapping[str, Any]) -> Iterator[Entry]:
    """A line for each tier; one for all where no statement tells tiers apart."""
    told = {tier for one in found["statements"] for tier in one["tiers"]}
    for tier in [one for one in found["tiers"] if one["id"] in told] or [None]:
        held = [one for one in found["statements"] if tier is None or not one["tiers"] or tier["id"] in one["tiers"]]
        says = {topic: _says([one for one in held if one["topic"] == topic]) for topic in _TOPICS}
        name = tier["label"] if tier is not None else "all" if held else "nothing looked up"
        yield Entry(found, name, held, says, _checked(found, held))


def _says(statements: Sequence[Mapping[str, Any]]) -> str:
    """The answer; those about the API as a whole before those about one surface of it. Several that differ are all said."""
    from keyward.desk.data_words import short

    general = [one for one in statements if not one["surface"]] or statements
    return " / ".join(dict.fromkeys(short(one) for one in general)) or NOT_SAID


def _checked(found: Mapping[str, Any], held: Sequence[Mapping[str, Any]]) -> str:
    """From when the oldest of them is, and what is doubtful about any."""
    from keyward.desk.data_words import marks

    oldest = min((one["checked"] for one in held), default=found["checked"])
    doubts = dict.fromkeys(mark for one in held for mark in marks(one).split(", ") if mark)
    return " ".join((oldest, *doubts))


def _whole(found: Mapping[str, Any]) -> Iterator[Fact]:
    from keyward.desk.provider_words import by_tier

    yield Fact("rotation", f"{found['rotation']} ({found['automation']})")
    yield Fact("page", found["pages"]["create"])
    if not found["statements"]:
        yield Fact("", "Data handling: nothing was looked up.", WARN)
    for told in by_tier(found):
        yield Fact("", "")
        yield Fact(told.heading, "")
        if told.shown_by:
            yield Fact("", told.shown_by, DIM)
        for one in told.statements:
            yield from _statement(one, whole=True)


def _statement(one: Mapping[str, Any], *, whole: bool) -> Iterator[Fact]:
    """A statement with its source; `whole` with what can be switched off and what shows it."""
    from keyward.desk.data_words import TOPICS
    from keyward.desk.provider_words import beside, says

    surface = f"{one['surface']}: " if one["surface"] else ""
    yield Fact(TOPICS[one["topic"]], f"{surface}{says(one)}")
    lines = list(beside(one))
    for line in lines if whole else lines[-1:]:
        yield Fact("", line, WARN if line is lines[-1] and (one["stale"] or one["unverified"]) else DIM)
