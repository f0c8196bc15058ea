"""A plan on the screen: its keys, the places, steps and facts of the one under the cursor, and what is said of it as a whole."""

from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.geometry import Region

from keyward.tui import bulk, planned, verdict, words
from keyward.tui.actions import Where
from keyward.tui.plan_wish import PlanWish
from keyward.tui.screens import plan_tables
from keyward.tui.screens.page import Page
from keyward.tui.widgets.grid import Grid
from keyward.tui.widgets.pane import Fact, FactList
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from datetime import datetime

    from keyward.rotation.plan import KeyPlan, Plan


class PlanPage(Page):
    """Shows what is known of a plan, and what is wished for besides.

    Args:
        ids: the keys.
    """

    where = Where.PLAN
    heading = "Plan"
    AUTO_FOCUS = ""

    def __init__(self, ids: list[str]) -> None:
        super().__init__()
        self.wish = PlanWish(ids)
        self._tables = plan_tables.Tables(self.wish, self._of_production)
        self._plan: Plan | None = None
        self._shown = self.wish.ids[0]
        self._news = ""

    def content(self) -> ComposeResult:
        """Heading, keys, what is in the way, places, steps, facts; the whole of the line under the cursor."""
        show = self._tables
        with VerticalScroll(classes="content", can_focus=False):
            yield Plain("", id="summary", classes="name")
            yield Plain("", id="verdict")
            out, blocked, accept = map(
                self.app.keymap.key_of, ("plan.leave_out", "plan.leave_out_blocked", "plan.accept")
            )
            yield Plain(
                f"Keys ({out} leaves one out, {blocked} all that cannot go)", id="keys-title", classes="section"
            )
            yield Grid(plan_tables.KEYS, show.key_cells, show.key_tone, shy=False, id="keys")
            yield FactList(id="in-the-way", classes="spaced")
            yield Plain(f"Places that hold it ({accept} accepts one to write to)", classes="section")
            yield Grid(plan_tables.PLACES, show.place_cells, show.place_tone, shy=True, id="places")
            yield Plain("Steps", classes="section")
            yield Grid(plan_tables.STEPS, show.step_cells, show.step_tone, shy=True, id="steps")
            yield FactList(id="facts", classes="spaced")
        yield FactList(id="under", classes="content below")

    # What is of production

    def production(self) -> bool:
        """Whether a key of production is among them, left out or not."""
        return any(map(self.app.production, self.wish.ids))

    def _of_production(self, key: str) -> bool:
        return self.app.production(key)

    @property
    def _production(self) -> list[str]:
        return [one for one in self.wish.included if self.app.production(one)]

    def _phrase(self, plan: "Plan") -> str:
        return bulk.phrase(plan, self._production)

    # What is shown

    def stand(self, standing: Any) -> None:
        """Write mode may have been switched on."""
        super().stand(standing)
        if self._plan is not None and not self._tables.planning:
            self._show_summary()

    def on_grid_moved(self) -> None:
        """Another line under the cursor, in full; of another key its places, steps and facts too."""
        row = self.query_one("#keys", Grid).row
        if row is not None and row < len(self._tables.keys) and self._tables.keys[row].key != self._shown:
            self._shown = self._tables.keys[row].key
            self._show_key()
        self._tell_line()

    def on_descendant_focus(self) -> None:
        """Another table, another line."""
        self._tell_line()

    def on_grid_beyond(self, event: Grid.Beyond) -> None:
        """Past the last line of a table the page goes on."""
        self.query_one(VerticalScroll).scroll_relative(y=event.by, animate=False)

    def _tell_line(self) -> None:
        """Tell the line under the cursor, and keep it in the window: the tables are as high as they have lines."""
        grid, under = self.focused, self.query_one("#under", FactList)
        if not isinstance(grid, Grid) or grid.row is None:
            under.tell([])
            return
        under.tell(self._tables.told(str(grid.id), grid.row))
        at = grid.virtual_region.y + 1 + grid.cursor - grid.scroll_offset.y
        self.query_one(VerticalScroll).scroll_to_region(Region(0, at, 1, 1), animate=False)

    def _show_keys(self) -> None:
        self._tables.show_keys()
        self._fill("#keys", len(self._tables.keys))

    def _show_key(self) -> None:
        key = self.wish.known.get(self._shown)
        if key is None:
            return
        self._tables.places, self._tables.steps = planned.place_lines(key), planned.step_lines(key)
        self._fill("#places", len(self._tables.places))
        self._fill("#steps", len(self._tables.steps))
        trouble = list(planned.trouble_facts(key, self._tables.places, self.app.keymap))
        self.query_one("#in-the-way", FactList).display = bool(trouble)
        self.query_one("#in-the-way", FactList).tell(trouble)
        self.query_one("#facts", FactList).tell(self._facts(key))

    def _fill(self, name: str, count: int) -> None:
        grid = self.query_one(name, Grid)
        grid.styles.height = count + 1
        grid.repaint()
        grid.show(range(count))

    def _show_summary(self) -> None:
        said, plan, keys = self.query_one("#verdict", Plain), self._plan, self.app.keymap
        self.set_class(bool(self._production), "-production")
        said.set_class(plan is not None and plan.ready, "-good")
        said.set_class(plan is None or not plan.ready, "-bad")
        if plan is None:
            self.query_one("#summary", Plain).show("nothing is left in the plan")
            said.show(f"✗ every key is left out: {keys.key_of('plan.leave_out')} takes the one under the cursor back")
            return
        out = self.wish.out
        self.query_one("#summary", Plain).show(verdict.summary(plan, self._phrase(plan), len(out)))
        news = f"   ·   planned again: {self._news}" if self._news else ""
        said.show(verdict.verdict(plan, self._tables.keys, out, keys, write=self.app.write) + news)

    def _facts(self, key: "KeyPlan") -> list[Fact]:
        plan = self._plan
        if plan is None:
            return self._key_facts(key, self.app.moment())
        facts = [*planned.head_facts(plan), bulk.options(plan.policy, self.app.keymap.key_of("plan.edit"))]
        facts += bulk.total_facts(plan) if self.wish.several else ()
        return [*facts, *self._key_facts(key, plan.at), Fact("command", planned.command(plan))]

    def _key_facts(self, key: "KeyPlan", at: "datetime") -> list[Fact]:
        """What is known of a key; the first says whether it is one of production."""
        first, *others = planned.key_facts(key, at)
        if self.app.production(key.id):
            first = Fact(first.label, f"{words.PROD} · {first.text}", "bold $text-error")
        return [first, *others]
