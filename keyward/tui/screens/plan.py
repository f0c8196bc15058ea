"""What rotating keys would do, before anything happens: planned in a thread, planned again after every wish, applied after a phrase."""

import threading
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import BindingType

from keyward.model.errors import KeywardError
from keyward.tui import bulk, planned, verdict
from keyward.tui.actions import Where, bindings
from keyward.tui.messages import Answer, Failed
from keyward.tui.screens.plan_page import PlanPage
from keyward.tui.widgets.grid import Grid
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from keyward.desk import Changes, Desk
    from keyward.rotation.plan import Plan

_WISHES = ("accept", "waive", "leave_out", "edit")
"""What may be wished for while it is planned again: the plan under way is for another wish then."""
_NO_PLAN = "there is no plan"


class PlanScreen(PlanPage):
    """The plan for some keys. Space accepts the place under the cursor, x leaves a key out; only a typed phrase applies the plan.

    Args:
        ids: the keys.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.PLAN)

    def __init__(self, ids: list[str]) -> None:
        super().__init__(ids)
        self._failed = False
        self._stop = threading.Event()

    def on_mount(self) -> None:
        """Plan."""
        several = self.wish.several
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
        ids = self.wish.included
        if not ids:
            self._tables.planning, self._plan = False, None
            self._show_keys()
            self._show_summary()
            return
        if not self.wish.known:
            self.say("Planning ...", "Reading the keys, their use and every place they are in. Nothing is changed.")
        else:
            self.query_one("#verdict", Plain).show("planning again ...")
        changes = self.wish.changes()

        def plan(desk: "Desk") -> tuple[threading.Event, Any]:
            try:
                return stop, desk.rotating.plan(ids, changes, stop)
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
        self._news = bulk.changed(self.wish.known, self._plan.policy if self._plan else None, plan)
        self._plan = plan
        self.wish.know(plan)
        self.say("")
        self._show_keys()
        self._show_key()
        self._show_summary()
        if self.focused is None:
            several = self.wish.several
            self.query_one("#keys" if several else "#places" if self._tables.places else "#steps", Grid).focus()
        self._tell_line()

    def on_failed(self, event: Failed) -> None:
        """It could not be planned: why, and what to do. It can be tried again; an older plan is not applied meanwhile."""
        self._tables.planning, self._failed = False, True
        super().on_failed(event)

    # What cannot be done now

    def why_not(self, action: str) -> str:
        """Why an action of this screen cannot be done now; empty when it can."""
        if action == "back":
            return ""
        if action in ("leave_out", "leave_out_blocked") and not self.wish.several:
            return "this plan is for one key"
        if self._tables.planning and not (action in _WISHES and self.wish.known):
            return "it is planning"
        if action in ("again", "leave_out"):
            return "" if action == "again" or self.wish.known else _NO_PLAN
        if action in ("accept", "waive"):
            return self._no_place()
        return self._no_more(action)

    def _no_place(self) -> str:
        """Why there is no place under the cursor to say something about."""
        if not self.wish.known:
            return _NO_PLAN
        if self._shown in self.wish.out:
            return f"this key is left out of the plan: {self.app.keymap.key_of('plan.leave_out')} takes it back"
        if not (self._tables.places and self.query_one("#places", Grid).has_focus):
            return "Tab goes to the places of this key" if self._tables.places else "no place was found"
        return ""

    def _no_more(self, action: str) -> str:
        """Why there is nothing to do with the plan."""
        plan = self._plan
        if plan is None or (self._failed and action != "edit"):
            return "every key is left out" if self.wish.known and not self.wish.included else _NO_PLAN
        if action == "accept_all" and not self.wish.to_accept():
            return "every place that was found is accepted, except NEW ones"
        if action == "leave_out_blocked" and plan.ready:
            return "no key is in the way"
        return verdict.in_the_way(plan) if action == "apply" and not plan.ready else ""

    # Wishes

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
        if why_not := self.wish.toggle(line, self.app.keymap.key_of("plan.waive")):
            self.app.notify(why_not)
            return
        self._replan()
        self.query_one("#places", Grid).rows_changed([row])

    def action_accept_all(self) -> None:
        """Accept every place that was found, except NEW ones: those are looked at one by one."""
        found = self.wish.to_accept()
        if found and not self._tables.planning:
            self.wish.accepted |= found
            self._replan()

    def action_waive(self) -> None:
        """Leave the place under the cursor out, or take it back; then plan again."""
        found = self._place()
        if found is not None:
            row, line = found
            self.wish.waived ^= {line.said}
            self._replan()
            self.query_one("#places", Grid).rows_changed([row])

    def action_leave_out(self) -> None:
        """Leave the key under the cursor out of the plan, or take it back."""
        if self.wish.several and self.wish.known:
            self.wish.out ^= {self._shown}
            self._show_keys()
            self._replan()

    def action_leave_out_blocked(self) -> None:
        """Leave out every key that cannot be rotated now."""
        blocked = {key.id for key in (self._plan.keys if self._plan is not None else ()) if not key.ready}
        if self.wish.several and blocked and not self._tables.planning:
            self.wish.out |= blocked
            self._show_keys()
            self._replan()

    def action_edit(self) -> None:
        """Ask for grace, retire and reason; then plan again."""
        plan = self._plan
        if plan is None or not self.is_active:
            return
        from keyward.tui.screens.plan_edit import EditPlan

        def edited(wish: "Changes | None") -> None:
            if wish is not None and wish != self.wish.options:
                self.wish.options = wish
                self._replan()

        self.app.push_screen(EditPlan(self.wish.changes(), plan.policy), edited)

    def action_again(self) -> None:
        """Read the world again and plan anew."""
        if not self._tables.planning:
            self._replan()

    # What comes of it

    def action_copy_command(self) -> None:
        """Copy the command line that does exactly this; it holds ids and no value."""
        if self._plan is not None:
            self.app.copying.copy(planned.command(self._plan), "The command that does exactly this")

    def action_apply(self) -> None:
        """Ask for the phrase; with it, apply."""
        plan = self._plan
        if plan is None or self._tables.planning or self._failed or not self.is_active:
            return
        if not self.app.may_write():
            return
        if not plan.ready:
            self.app.notify(verdict.in_the_way(plan), title="In the way", severity="warning", timeout=12)
        else:
            self._confirm(plan)

    def _confirm(self, plan: "Plan") -> None:
        from keyward.tui.widgets.dialog import Confirm

        def answered(yes: bool | None) -> None:
            if yes:
                from keyward.tui.screens.rotation import RotationScreen

                self.app.switch_screen(RotationScreen(self.app.runs.apply(plan)))

        title, phrase = f"Apply this plan in {plan.world}", self._phrase(plan)
        self.app.push_screen(
            Confirm(title, verdict.question(plan), phrase, production=bool(self._production)), answered
        )
