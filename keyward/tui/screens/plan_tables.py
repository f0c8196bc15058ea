"""The three tables of the plan: keys, places of one key, steps of one key."""

from typing import TYPE_CHECKING

from keyward.tui import bulk, planned, words
from keyward.tui.plan_wish import PlanWish
from keyward.tui.widgets.grid import Column
from keyward.tui.widgets.pane import Fact

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

KEYS = (
    Column("status", "KEY IS", 14, 0),
    Column("name", "KEY", 18, 0, grows=True),
    Column("scope", "PROJECT/SCOPE", 14, 3),
    Column("places", "WRITTEN", 7, 2),
    Column("note", "NOTE", 20, 1, grows=True),
)
PLACES = (
    Column("status", "PLACE", 13, 0),
    Column("at", "ID", 30, 0, grows=True),
    Column("form", "SHAPE", 18, 3),
    Column("detail", "NOTE", 16, 2, grows=True),
)
STEPS = (
    Column("number", " #", 3, 0, right=True),
    Column("ready", "", 1, 0),
    Column("what", "STEP", 30, 0, grows=True),
    Column("undo", "UNDO", 34, 3),
    Column("permission", "NEEDS", 26, 4),
)


class Tables:
    """What the tables show, and in which tone.

    Args:
        wish: what was wished for; what is not planned yet is shown as wished.
        production: whether the key of an id is one of production.
    """

    def __init__(self, wish: PlanWish, production: "Callable[[str], bool]") -> None:
        self._wish, self._production = wish, production
        self.planning = True
        self.keys: Sequence[bulk.KeyLine] = ()
        self.places: Sequence[planned.PlaceLine] = ()
        self.steps: Sequence[planned.StepLine] = ()

    def show_keys(self) -> None:
        """Take the keys as they are known."""
        known, out = self._wish.known, self._wish.out
        self.keys = [
            bulk.key_line(known[one], planned.place_lines(known[one]), left_out=one in out)
            for one in self._wish.ids
            if one in known
        ]

    def told(self, table: str, row: int) -> list[Fact]:
        """The whole of a line of `keys`, `places` or `steps`."""
        found: list[tuple[str, str]] = []
        if table == "keys" and row < len(self.keys):
            key = self.keys[row]
            found = [(key.status, key.name), ("note", key.note)]
        elif table == "places" and row < len(self.places):
            place = self.places[row]
            found = [(self.place_cells(row)[0], place.said), ("shape", place.form), ("note", place.detail)]
        elif table == "steps" and row < len(self.steps):
            step = self.steps[row]
            found = [(f"step {step.number}", step.what), ("undo", step.undo), ("needs", step.permission)]
        return [Fact(label, text) for label, text in found if text]

    def key_cells(self, row: int) -> tuple[str, ...]:
        """The texts of a key."""
        line = self.keys[row]
        scope = words.scope(line.scope, production=self._production(line.key))
        return (line.status, line.name, scope, line.places, line.note)

    def key_tone(self, row: int, column: str) -> str | None:
        """The tone of a key."""
        line = self.keys[row]
        if column == "scope" and self._production(line.key):
            return "grid--prod"
        dim = line.key in self._wish.out or column == "note"
        return line.tone if column == "status" else "grid--dim" if dim else None

    def place_cells(self, row: int) -> tuple[str, ...]:
        """The texts of a place."""
        line = self.places[row]
        status = line.status
        if self.planning:
            status = "✓ accepted" if line.at in self._wish.accepted else status
            status = "- left out" if line.said in self._wish.waived else status
        return (status, line.at, line.form, line.detail)

    def place_tone(self, row: int, column: str) -> str | None:
        """The tone of a place."""
        return self.places[row].tone if column == "status" else "grid--dim" if column == "detail" else None

    def step_cells(self, row: int) -> tuple[str, ...]:
        """The texts of a step."""
        line = self.steps[row]
        return (str(line.number), line.ready, line.what, line.undo, line.permission)

    def step_tone(self, row: int, column: str) -> str | None:
        """The tone of a step."""
        if column == "ready":
            return planned.ready_tone(self.steps[row].ready)
        return "grid--dim" if column in {"number", "permission"} else None
