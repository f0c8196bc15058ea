"""What rotating keys would do, before anything happens: how ready each key is, its places to accept, its steps, what is in the way."""

import threading
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.geometry import Region

from keyward.model.errors import KeywardError
from keyward.tui import bulk, planned, words
from keyward.tui.actions import Where, bindings
from keyward.tui.asking import Asked
from keyward.tui.feed import Answer, Failed
from keyward.tui.screens import plan_tables
from keyward.tui.screens.page import Page
from keyward.tui.widgets.grid import Grid
from keyward.tui.widgets.pane import Fact, FactList
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from datetime import datetime

    from keyward.desk import Changes, Desk
    from keyward.rotation.plan import KeyPlan, Plan

_WISHES = ("accept", "waive", "leave_out", "edit")
"""What may be wished for while it is planned again: the plan under way is for another wish then."""
_NO_PLAN = "there is no plan"


class PlanScreen(Page):
    """The plan for some keys. Space accepts the place under the cursor, x leaves a key out; only a typed phrase applies the plan.

    Args:
        ids: the keys.
    """

    where = Where.PLAN
    heading = "Plan"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.PLAN)

    def __init__(self, ids: list[str]) -> None:
        super().__init__()
        self.asked = Asked(ids)
        self._tables = plan_tables.Tables(self.asked, self._of_production)
        self._plan: Plan | None = None
        self._shown = self.asked.ids[0]
        self._news = ""
        self._failed = False
        self._stop = threading.Event()

    def production(self) -> bool:
        """Whether a key of production is among them, left out or not."""
        return any(map(self.app.production, self.asked.ids))

    def why_not(self, action: str) -> str:
        """Why an action of this screen cannot be done now; empty when it can."""
        if action == "back":
            return ""
        if action in ("leave_out", "leave_out_blocked") and not self.asked.several:
            return "this plan is for one key"
        if self._tables.planning and not (action in _WISHES and self.asked.known):
            return "it is planning"
        if action in ("again", "leave_out"):
            return "" if action == "again" or self.asked.known else _NO_PLAN
        if action in ("accept", "waive"):
            return self._no_place()
        return self._no_more(action)

    def _no_place(self) -> str:
        """Why there is no place under the cursor to say something about."""
        if not self.asked.known:
            return _NO_PLAN
        if self._shown in self.asked.out:
            return f"this key is left out of the plan: {self.app.keymap.key_of('plan.leave_out')} takes it back"
        if not (self._tables.places and self.query_one("#places", Grid).has_focus):
            return "Tab goes to the places of this key" if self._tables.places else "no place was found"
        return ""

    def _no_more(self, action: str) -> str:
        """Why there is nothing to do with the plan."""
        plan = self._plan
        if plan is None or (self._failed and action != "edit"):
            return "every key is left out" if self.asked.known and not self.asked.included else _NO_PLAN
        if action == "accept_all" and not self.asked.to_accept():
            return "every place that was found is accepted, except NEW ones"
        if action == "leave_out_blocked" and plan.ready:
            return "no key is in the way"
        return _in_the_way(plan) if action == "apply" and not plan.ready else ""

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

    def on_mount(self) -> None:
        """Plan."""
        several = self.asked.several
        for name in ("#keys", "#keys-title"):
            self.query_one(name).display = several
        self._replan()

    def on_unmount(self) -> None:
        """Nobody waits for the plan any more: reading stops at the next safe place."""
        self._stop.set()

    # Planning

    def _replan(self) -> None:
        self._tables.planning, self._failed = True, False
        self._stop.set()  # a plan that is still being made is for another wish
        self._stop = stop = self.app.feed.stopper()
        ids = self.asked.included
        if not ids:
            self._tables.planning, self._plan = False, None
            self._show_keys()
            self._show_summary()
            return
        if not self.asked.known:
            self.say("Planning ...", "Reading the keys, their use and every place they are in. Nothing is changed.")
        else:
            self.query_one("#verdict", Plain).show("planning again ...")
        changes = self.asked.changes()

        def plan(desk: "Desk") -> tuple[threading.Event, Any]:
            try:
                return stop, desk.plan(ids, changes, stop)
            except KeywardError as error:
                return stop, error

        self.app.feed.ask(self, plan)

    def on_answer(self, event: Answer) -> None:
        """Here it is."""
        stop, found = event.value
        if stop is not self._stop:
            return  # something else was wished for meanwhile
        self._tables.planning = False
        if isinstance(found, KeywardError):
            self.on_failed(Failed(found))
            return
        plan: Plan = found
        self._news = bulk.changed(self.asked.known, self._plan.policy if self._plan else None, plan)
        self._plan = plan
        self.asked.know(plan)
        self.say("")
        self._show_keys()
        self._show_key()
        self._show_summary()
        if self.focused is None:
            several = self.asked.several
            self.query_one("#keys" if several else "#places" if self._tables.places else "#steps", Grid).focus()

    def on_failed(self, event: Failed) -> None:
        """It could not be planned: why, and what to do. It can be tried again; an older plan is not applied meanwhile."""
        self._tables.planning, self._failed = False, True
        super().on_failed(event)

    # What is shown

    def _show_keys(self) -> None:
        self._tables.show_keys()
        self._fill("#keys", len(self._tables.keys))

    def _show_key(self) -> None:
        key = self.asked.known.get(self._shown)
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
        verdict = self.query_one("#verdict", Plain)
        plan = self._plan
        self.set_class(bool(self._production), "-production")
        verdict.set_class(plan is not None and plan.ready, "-good")
        verdict.set_class(plan is None or not plan.ready, "-bad")
        if plan is None:
            self.query_one("#summary", Plain).show("nothing is left in the plan")
            back = self.app.keymap.key_of("plan.leave_out")
            verdict.show(f"✗ every key is left out: {back} takes the one under the cursor back")
            return
        count = len(plan.keys)
        names = ", ".join(planned.name_of(key) for key in plan.keys[:3]) + (" ..." if count > 3 else "")
        left = f"   ·   {len(self.asked.out)} left out" if self.asked.out else ""
        self.query_one("#summary", Plain).show(
            f"{self._phrase(plan)}: {names}{left}   ·   a plan: nothing has been changed"
        )
        news = f"   ·   planned again: {self._news}" if self._news else ""
        verdict.show(f"{self._verdict(plan)}{news}")

    def _verdict(self, plan: "Plan") -> str:
        keys = self.app.keymap
        if plan.ready and self.app.write:
            return f"✓ ready: {keys.key_of('plan.apply')} asks for the phrase and applies it"
        if plan.ready:
            return f"✓ ready, but this app is read-only: {keys.key_of('app.write_mode')} switches to write mode"
        blocked = sum(len(key.blockers) for key in plan.keys)
        said = f"✗ cannot be applied yet: {blocked} {'thing is' if blocked == 1 else 'things are'} in the way"
        held = [line for line in self._tables.keys if line.key not in self.asked.out and line.status != bulk.READY]
        if len(plan.keys) == 1:
            return said
        only = all(line.status.startswith("!") for line in held)
        accept, leave = keys.key_of("plan.accept_all"), keys.key_of("plan.leave_out_blocked")
        how = f"{accept} accepts their places" if only else f"{leave} leaves those out"
        return f"{said} of {sum(1 for key in plan.keys if not key.ready)} of {len(plan.keys)} keys; {how}"

    def _of_production(self, key: str) -> bool:
        return self.app.production(key)

    @property
    def _production(self) -> list[str]:
        return [one for one in self.asked.included if self.app.production(one)]

    def _phrase(self, plan: "Plan") -> str:
        return bulk.phrase(plan, self._production)

    def _facts(self, key: "KeyPlan") -> list[Fact]:
        plan = self._plan
        if plan is None:
            return self._key_facts(key, self.app.moment())
        facts = [*planned.head_facts(plan), bulk.options(plan.policy, self.app.keymap.key_of("plan.edit"))]
        facts += bulk.total_facts(plan) if self.asked.several else ()
        return [*facts, *self._key_facts(key, plan.at), Fact("command", planned.command(plan))]

    def _key_facts(self, key: "KeyPlan", at: "datetime") -> list[Fact]:
        """What is known of a key; the first says whether it is one of production."""
        first, *others = planned.key_facts(key, at)
        if self.app.production(key.id):
            first = Fact(first.label, f"{words.PROD} · {first.text}", "bold $text-error")
        return [first, *others]

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

    # Actions

    def stand(self, standing: Any) -> None:
        """Write mode may have been switched on."""
        super().stand(standing)
        if self._plan is not None and not self._tables.planning:
            self._show_summary()

    def _place(self) -> tuple[int, planned.PlaceLine] | None:
        """The place under the cursor, if there is one to say something about."""
        row = self.query_one("#places", Grid).row
        return None if row is None or self._no_place() else (row, self._tables.places[row])

    def action_accept(self) -> None:
        """Accept the place under the cursor, or take that back; then plan again."""
        found = self._place()
        if found is None:
            return
        row, line = found
        if why_not := self.asked.toggle(line, self.app.keymap.key_of("plan.waive")):
            self.app.notify(why_not)
            return
        self._replan()
        self.query_one("#places", Grid).rows_changed([row])

    def action_accept_all(self) -> None:
        """Accept every place that was found, except NEW ones: those are looked at one by one."""
        found = self.asked.to_accept()
        if found and not self._tables.planning:
            self.asked.accepted |= found
            self._replan()

    def action_waive(self) -> None:
        """Leave the place under the cursor out, or take it back; then plan again."""
        found = self._place()
        if found is not None:
            row, line = found
            self.asked.waived ^= {line.said}
            self._replan()
            self.query_one("#places", Grid).rows_changed([row])

    def action_leave_out(self) -> None:
        """Leave the key under the cursor out of the plan, or take it back."""
        if self.asked.several and self.asked.known:
            self.asked.out ^= {self._shown}
            self._show_keys()
            self._replan()

    def action_leave_out_blocked(self) -> None:
        """Leave out every key that cannot be rotated now."""
        blocked = {key.id for key in (self._plan.keys if self._plan is not None else ()) if not key.ready}
        if self.asked.several and blocked and not self._tables.planning:
            self.asked.out |= blocked
            self._show_keys()
            self._replan()

    def action_edit(self) -> None:
        """Ask for grace, retire and reason; then plan again."""
        plan = self._plan
        if plan is None or not self.is_current:
            return
        from keyward.tui.screens.plan_edit import EditPlan

        def edited(wish: "Changes | None") -> None:
            if wish is not None and wish != self.asked.options:
                self.asked.options = wish
                self._replan()

        self.app.push_screen(EditPlan(self.asked.changes(), plan.policy), edited)

    def action_again(self) -> None:
        """Read the world again and plan anew."""
        if not self._tables.planning:
            self._replan()

    def action_copy_command(self) -> None:
        """Copy the command line that does exactly this; it holds ids and no value."""
        if self._plan is not None:
            self.app.copying.copy(planned.command(self._plan), "The command that does exactly this")

    def action_apply(self) -> None:
        """Ask for the phrase; with it, apply."""
        plan = self._plan
        if plan is None or self._tables.planning or self._failed or not self.is_current:
            return
        if not self.app.may_write():
            return
        if not plan.ready:
            self.app.notify(_in_the_way(plan), title="In the way", severity="warning", timeout=12)
        else:
            self._confirm(plan)

    def _confirm(self, plan: "Plan") -> None:
        from keyward.tui.widgets.dialog import Confirm

        targets, steps = (
            sum(map(len, found)) for found in zip(*((k.targets, k.steps) for k in plan.keys), strict=True)
        )
        text = (
            f"{len(plan.keys)} {'key' if len(plan.keys) == 1 else 'keys'}, {targets} "
            f"{'place' if targets == 1 else 'places'} to write, {steps} steps, as shown.\n"
        )
        text += (
            "The old key goes as soon as every place has the new one and the overlap is over, used or not."
            if plan.policy.retire.value == "now"
            else "The old key keeps working until every place has the new one and the overlap is over."
        )
        title = f"Apply this plan in {plan.world}"

        def answered(yes: bool | None) -> None:
            if yes:
                from keyward.tui.screens.rotation import RotationScreen

                self.app.switch_screen(RotationScreen(self.app.runs.apply(plan)))

        self.app.push_screen(Confirm(title, text, self._phrase(plan), production=bool(self._production)), answered)


def _in_the_way(plan: "Plan") -> str:
    """The first thing that keeps it from being applied, and what to do about it."""
    blocker = next((blocker for key in plan.keys for blocker in key.blockers), None)
    return f"{blocker.what}. {blocker.hint}".strip().rstrip(".") if blocker is not None else "something is in the way"
