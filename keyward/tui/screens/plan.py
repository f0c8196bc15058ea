"""What rotating keys would do, before anything happens: how ready each key is, its places to accept, its steps, what is in the way."""

import threading
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll

from keyward.model.errors import KeywardError
from keyward.tui import bulk, planned
from keyward.tui.actions import Where, bindings
from keyward.tui.feed import Answer, Failed
from keyward.tui.screens.page import Page
from keyward.tui.widgets.grid import Column, Grid
from keyward.tui.widgets.pane import Fact, FactList
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from keyward.desk import Changes, Desk
    from keyward.rotation.plan import KeyPlan, Plan

_KEYS = (
    Column("status", "KEY IS", 14, 0),
    Column("name", "KEY", 18, 0, grows=True),
    Column("scope", "PROJECT/SCOPE", 14, 3),
    Column("places", "WRITTEN", 7, 2),
    Column("note", "NOTE", 20, 1, grows=True),
)
_PLACES = (
    Column("status", "PLACE", 13, 0),
    Column("at", "ID", 30, 0, grows=True),
    Column("form", "SHAPE", 18, 3),
    Column("detail", "NOTE", 16, 2, grows=True),
)
_STEPS = (
    Column("number", " #", 3, 0, right=True),
    Column("ready", "", 1, 0),
    Column("what", "STEP", 30, 0, grows=True),
    Column("undo", "UNDO", 34, 3),
    Column("permission", "NEEDS", 26, 4),
)


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
        self._ids = list(dict.fromkeys(ids))
        self._out: set[str] = set()
        self._accepted: set[str] = set()
        self._waived: set[str] = set()
        self._wish: Changes | None = None
        self._plan: Plan | None = None
        self._known: dict[str, KeyPlan] = {}
        self._lines: list[bulk.KeyLine] = []
        self._shown = self._ids[0]
        self._places: list[planned.PlaceLine] = []
        self._steps: list[planned.StepLine] = []
        self._planning = True
        self._news = ""
        self._stop = threading.Event()

    def without(self) -> frozenset[str]:
        """A read-only app applies nothing, and of one key nothing can be left out."""
        return frozenset(
            name
            for name, off in (
                ("apply", not self.app.write),
                ("leave_out", len(self._ids) < 2),
                ("leave_out_blocked", len(self._ids) < 2),
            )
            if off
        )

    def content(self) -> ComposeResult:
        """Heading, keys, places, steps, facts."""
        with VerticalScroll(classes="content", can_focus=False):
            yield Plain("", id="summary", classes="name")
            yield Plain("", id="verdict")
            yield Plain("Keys (x leaves one out, X all that cannot go)", id="keys-title", classes="section")
            yield Grid(_KEYS, self._key_cells, self._key_tone, shy=False, id="keys")
            yield Plain("Places that hold it (Space accepts one to write to)", classes="section")
            yield Grid(_PLACES, self._place_cells, self._place_tone, shy=True, id="places")
            yield Plain("Steps", classes="section")
            yield Grid(_STEPS, self._step_cells, self._step_tone, shy=True, id="steps")
            yield FactList(id="in-the-way", classes="spaced")
            yield FactList(id="facts", classes="spaced")

    def on_mount(self) -> None:
        """Plan."""
        several = len(self._ids) > 1
        for name in ("#keys", "#keys-title"):
            self.query_one(name).display = several
        self.set_class(bool(self._production), "-production")
        self._replan()

    def on_unmount(self) -> None:
        """Nobody waits for the plan any more: reading stops at the next safe place."""
        self._stop.set()

    # Planning

    def _replan(self) -> None:
        self._planning = True
        self._stop.set()  # a plan that is still being made is for another wish
        self._stop = stop = self.app.feed.stopper()
        ids = self._included
        if not ids:
            self._planning, self._plan = False, None
            self._show_keys()
            self._show_summary()
            return
        if not self._known:
            self.say("Planning ...", "Reading the keys, their use and every place they are in. Nothing is changed.")
        else:
            self.query_one("#verdict", Plain).show("planning again ...")
        changes = self._changes()

        def plan(desk: "Desk") -> tuple[threading.Event, Any]:
            try:
                return stop, desk.plan(ids, changes, stop)
            except KeywardError as error:
                return stop, error

        self.app.feed.ask(self, plan)

    @property
    def _included(self) -> list[str]:
        return [one for one in self._ids if one not in self._out]

    def _changes(self) -> "Changes":
        """What was wished for, as far as it is about keys of the plan: a place of a key that is left out is in nobody's plan."""
        from dataclasses import replace

        from keyward.desk.wish import Changes  # light; loaded with the first plan

        there = {
            name
            for one in self._included
            if one in self._known
            for place in self._known[one].places
            for name in place.names
        }
        accepted, waived = ({one for one in names if one in there} for names in (self._accepted, self._waived))
        wish = self._wish or Changes(interactive=True)
        return replace(wish, accept_target=tuple(sorted(accepted - waived)), waive=tuple(sorted(waived)))

    def on_answer(self, event: Answer) -> None:
        """Here it is."""
        stop, found = event.value
        if stop is not self._stop:
            return  # something else was wished for meanwhile
        self._planning = False
        if isinstance(found, KeywardError):
            self.on_failed(Failed(found))
            return
        plan: Plan = found
        self._news = bulk.changed(self._known, self._plan.policy if self._plan else None, plan)
        self._plan = plan
        self._known |= {key.id: key for key in plan.keys}
        self.say("")
        self._show_keys()
        self._show_key()
        self._show_summary()
        if self.focused is None:
            several = len(self._ids) > 1
            self.query_one("#keys" if several else "#places" if self._places else "#steps", Grid).focus()

    # What is shown

    def _show_keys(self) -> None:
        self._lines = [
            bulk.key_line(self._known[one], planned.place_lines(self._known[one]), left_out=one in self._out)
            for one in self._ids
            if one in self._known
        ]
        self._fill("#keys", len(self._lines))

    def _show_key(self) -> None:
        key = self._known.get(self._shown)
        if key is None:
            return
        self._places, self._steps = planned.place_lines(key), planned.step_lines(key)
        self._fill("#places", len(self._places))
        self._fill("#steps", len(self._steps))
        self.query_one("#in-the-way", FactList).tell(list(planned.trouble_facts(key, self._places)))
        self.query_one("#facts", FactList).tell(self._facts(key))

    def _fill(self, name: str, count: int) -> None:
        grid = self.query_one(name, Grid)
        grid.styles.height = count + 1
        grid.repaint()
        grid.show(range(count))

    def _show_summary(self) -> None:
        verdict = self.query_one("#verdict", Plain)
        plan = self._plan
        verdict.set_class(plan is not None and plan.ready, "-good")
        verdict.set_class(plan is None or not plan.ready, "-bad")
        if plan is None:
            self.query_one("#summary", Plain).show("nothing is left in the plan")
            verdict.show("✗ every key is left out: x takes the one under the cursor back")
            return
        count = len(plan.keys)
        names = ", ".join(planned.name_of(key) for key in plan.keys[:3]) + (" ..." if count > 3 else "")
        production = "   ·   PRODUCTION" if self._production else ""
        left = f"   ·   {len(self._out)} left out" if self._out else ""
        self.query_one("#summary", Plain).show(
            f"{self._phrase(plan)}: {names}{production}{left}   ·   a plan: nothing has been changed"
        )
        news = f"   ·   planned again: {self._news}" if self._news else ""
        verdict.show(f"{self._verdict(plan)}{news}")

    def _verdict(self, plan: "Plan") -> str:
        if plan.ready:
            said = "✓ ready: a asks for the phrase and applies it"
            return said if self.app.write else "✓ ready, but this app is read-only: W switches to write mode"
        blocked = sum(len(key.blockers) for key in plan.keys)
        said = f"✗ cannot be applied yet: {blocked} {'thing is' if blocked == 1 else 'things are'} in the way"
        held = [line for line in self._lines if line.key not in self._out and line.status != bulk.READY]
        if len(plan.keys) == 1:
            return said
        only = all(line.status.startswith("!") for line in held)
        how = "* accepts their places" if only else "X leaves those out"
        return f"{said} of {sum(1 for key in plan.keys if not key.ready)} of {len(plan.keys)} keys; {how}"

    @property
    def _production(self) -> list[str]:
        return [one for one in self._included if self.app.production(one)]

    def _phrase(self, plan: "Plan") -> str:
        return bulk.phrase(plan, self._production)

    def _facts(self, key: "KeyPlan") -> list[Fact]:
        plan = self._plan
        if plan is None:
            return list(planned.key_facts(key, self.app.moment()))
        facts = [*planned.head_facts(plan), bulk.options(plan.policy)]
        facts += bulk.total_facts(plan) if len(self._ids) > 1 else ()
        return [*facts, *planned.key_facts(key, plan.at), Fact("command", planned.command(plan))]

    # What the tables ask for

    def _key_cells(self, row: int) -> tuple[str, ...]:
        line = self._lines[row]
        return (line.status, line.name, line.scope, line.places, line.note)

    def _key_tone(self, row: int, column: str) -> str | None:
        line = self._lines[row]
        return line.tone if column == "status" else "grid--dim" if line.key in self._out or column == "note" else None

    def _place_cells(self, row: int) -> tuple[str, ...]:
        line = self._places[row]
        status = line.status
        if self._planning:
            status = "✓ accepted" if line.at in self._accepted else status
            status = "- left out" if line.said in self._waived else status
        return (status, line.at, line.form, line.detail)

    def _place_tone(self, row: int, column: str) -> str | None:
        return self._places[row].tone if column == "status" else "grid--dim" if column == "detail" else None

    def _step_cells(self, row: int) -> tuple[str, ...]:
        line = self._steps[row]
        return (str(line.number), line.ready, line.what, line.undo, line.permission)

    def _step_tone(self, row: int, column: str) -> str | None:
        if column == "ready":
            return planned.ready_tone(self._steps[row].ready)
        return "grid--dim" if column in {"number", "permission"} else None

    def on_grid_moved(self) -> None:
        """Another key under the cursor: its places, steps and facts."""
        row = self.query_one("#keys", Grid).row
        if row is not None and row < len(self._lines) and self._lines[row].key != self._shown:
            self._shown = self._lines[row].key
            self._show_key()

    # Actions

    def stand(self, standing: Any) -> None:
        """Write mode may have been switched on."""
        super().stand(standing)
        from keyward.tui.widgets.keysbar import KeysBar

        for keys in self.query(KeysBar):
            keys.leave_out(self.without())
        if self._plan is not None and not self._planning:
            self._show_summary()

    def _place(self) -> tuple[int, planned.PlaceLine] | None:
        """The place under the cursor; says where to find one when the cursor is elsewhere."""
        grid = self.query_one("#places", Grid)
        row = grid.row
        if row is None or not self._known:
            return None
        if not grid.has_focus:
            self.app.notify("Tab goes to the places of this key.")
            return None
        if self._shown in self._out:
            self.app.notify("This key is left out of the plan: x takes it back.")
            return None
        return row, self._places[row]

    def action_accept(self) -> None:
        """Accept the place under the cursor, or take that back; then plan again."""
        found = self._place()
        if found is None:
            return
        row, line = found
        if line.at in self._accepted:
            self._accepted.discard(line.at)
        elif line.can_accept and not line.accepted:
            self._accepted.add(line.at)
        else:
            said = (
                "It was accepted before; w leaves it out of this plan."
                if line.accepted
                else f"It cannot be accepted: {line.detail or line.status}."
            )
            self.app.notify(said)
            return
        self._replan()
        self.query_one("#places", Grid).rows_changed([row])

    def action_accept_all(self) -> None:
        """Accept every place that was found, except NEW ones: those are looked at one by one."""
        found = {
            line.at
            for one in self._included
            if one in self._known
            for line in planned.place_lines(self._known[one])
            if line.can_accept and not line.accepted and line.status != planned.NEW
        }
        if found and not self._planning:
            self._accepted |= found
            self._replan()

    def action_waive(self) -> None:
        """Leave the place under the cursor out, or take it back; then plan again."""
        found = self._place()
        if found is not None:
            row, line = found
            self._waived ^= {line.said}
            self._replan()
            self.query_one("#places", Grid).rows_changed([row])

    def action_leave_out(self) -> None:
        """Leave the key under the cursor out of the plan, or take it back."""
        if len(self._ids) > 1 and self._known:
            self._out ^= {self._shown}
            self._show_keys()
            self._replan()

    def action_leave_out_blocked(self) -> None:
        """Leave out every key that cannot be rotated now."""
        blocked = {key.id for key in (self._plan.keys if self._plan is not None else ()) if not key.ready}
        if len(self._ids) > 1 and blocked and not self._planning:
            self._out |= blocked
            self._show_keys()
            self._replan()

    def action_edit(self) -> None:
        """Ask for grace, retire and reason; then plan again."""
        plan = self._plan
        if plan is None or not self.is_current:
            return
        from keyward.tui.screens.plan_edit import EditPlan

        def edited(wish: "Changes | None") -> None:
            if wish is not None and wish != self._wish:
                self._wish = wish
                self._replan()

        self.app.push_screen(EditPlan(self._changes(), plan.policy), edited)

    def action_again(self) -> None:
        """Read the world again and plan anew."""
        if not self._planning:
            self._replan()

    def action_copy_command(self) -> None:
        """Copy the command line that does exactly this; it holds ids and no value."""
        if self._plan is not None:
            self.app.copy_to_clipboard(planned.command(self._plan))
            self.app.notify("Copied the command that does exactly this.")

    def action_apply(self) -> None:
        """Ask for the phrase; with it, apply."""
        plan = self._plan
        if plan is None or self._planning or not self.is_current:
            return
        if not self.app.may_write():
            return
        if not plan.ready:
            blocker = next(blocker for key in plan.keys for blocker in key.blockers)
            self.app.notify(
                f"{blocker.what}. {blocker.hint}".rstrip(), title="In the way", severity="warning", timeout=12
            )
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
        title = f"Apply this plan {'to PRODUCTION ' if self._production else ''}in {plan.world}"

        def answered(yes: bool | None) -> None:
            if yes:
                from keyward.tui.screens.rotation import RotationScreen

                self.app.switch_screen(RotationScreen(self.app.runs.apply(plan)))

        self.app.push_screen(Confirm(title, text, self._phrase(plan), production=bool(self._production)), answered)
