"""What rotating keys would do, before anything happens: places to accept, steps, what is in the way."""

from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll

from keyward.tui import planned, words
from keyward.tui.actions import Where, bindings
from keyward.tui.feed import Answer, Failed
from keyward.tui.screens.page import Page
from keyward.tui.widgets.grid import Column, Grid
from keyward.tui.widgets.pane import Fact, FactList
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from keyward.rotation.plan import Plan

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
    Column("undo", "UNDO", 43, 3),
    Column("permission", "NEEDS", 26, 4),
)


class PlanScreen(Page):
    """The plan for some keys. Space accepts the place under the cursor; only a typed phrase applies the plan.

    Args:
        ids: the keys.
    """

    where = Where.PLAN
    heading = "Plan"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.PLAN)

    def __init__(self, ids: list[str]) -> None:
        super().__init__()
        self._ids = ids
        self._accepted: set[str] = set()
        self._plan: Plan | None = None
        self._places: list[planned.PlaceLine] = []
        self._steps: list[planned.StepLine] = []
        self._planning = True

    def production(self) -> bool:
        """Whether a key of production is among them."""
        return any(map(self.app.production, self._ids))

    def why_not(self, action: str) -> str:
        """Why an action of this screen cannot be done now; empty when it can."""
        if action == "back":
            return ""
        if self._planning or self._plan is None:
            return "it is planning" if self._planning else "there is no plan" if action != "again" else ""
        if action == "accept" and not (self._places and self.query_one("#places", Grid).has_focus):
            return "Tab goes to the places" if self._places else "no place was found"
        if action == "accept_all" and not self._found():
            return "every place that was found is accepted, except NEW ones"
        return _in_the_way(self._plan) if action == "apply" and not self._plan.ready else ""

    def content(self) -> ComposeResult:
        """Heading, places, steps, facts."""
        with VerticalScroll(classes="content", can_focus=False):
            yield Plain("", id="summary", classes="name")
            yield Plain("", id="verdict")
            key = self.app.keymap.key_of("plan.accept")
            yield Plain(f"Places that hold the key ({key} accepts one as a place to write to)", classes="section")
            yield Grid(_PLACES, self._place_cells, self._place_tone, shy=True, id="places")
            yield Plain("Steps", classes="section")
            yield Grid(_STEPS, self._step_cells, self._step_tone, shy=True, id="steps")
            yield FactList(id="in-the-way", classes="spaced")
            yield FactList(id="facts", classes="spaced")

    def on_mount(self) -> None:
        """Plan."""
        self._replan()

    def _replan(self) -> None:
        self._planning = True
        if self._plan is None:
            self.say("Planning ...", "Reading the keys, their use and every place they are in. Nothing is changed.")
        else:
            self.query_one("#verdict", Plain).show("planning again ...")
        from keyward.desk.wish import Changes  # light; loaded with the first plan

        ids, changes = list(self._ids), Changes(accept_target=tuple(sorted(self._accepted)), interactive=True)
        self.app.feed.ask(self, lambda desk: desk.plan(ids, changes))

    def on_answer(self, event: Answer) -> None:
        """Here it is."""
        plan: Plan = event.value
        self._planning, self._plan = False, plan
        self._places, self._steps = planned.place_lines(plan), planned.step_lines(plan)
        self.say("")
        self._show_summary(plan)
        for name, rows in (("#places", self._places), ("#steps", self._steps)):
            grid = self.query_one(name, Grid)
            grid.styles.height = len(rows) + 1
            grid.repaint()
            grid.show(range(len(rows)))
        self.query_one("#in-the-way", FactList).tell(list(planned.trouble_facts(plan, self._places, self.app.keymap)))
        self.query_one("#facts", FactList).tell(list(self._facts(plan)))
        if self.focused is None:
            self.query_one("#places" if self._places else "#steps", Grid).focus()

    def on_failed(self, event: Failed) -> None:
        """It could not be planned: why, and what to do. It can be tried again."""
        self._planning = False
        super().on_failed(event)

    def _show_summary(self, plan: "Plan") -> None:
        count = len(plan.keys)
        names = ", ".join(planned.name_of(key) for key in plan.keys[:3]) + (" ..." if count > 3 else "")
        production = f"{words.PROD}   " if self.production() else ""
        self.query_one("#summary", Plain).show(
            f"{production}{planned.phrase(plan)}: {names}   ·   a plan: nothing has been changed"
        )
        keys = self.app.keymap
        verdict = self.query_one("#verdict", Plain)
        verdict.set_class(plan.ready, "-good")
        verdict.set_class(not plan.ready, "-bad")
        if not plan.ready:
            blocked = sum(len(key.blockers) for key in plan.keys)
            verdict.show(
                f"✗ cannot be applied yet: {blocked} {'thing is' if blocked == 1 else 'things are'} in the way"
            )
        elif self.app.write:
            verdict.show(f"✓ ready: {keys.key_of('plan.apply')} asks for the phrase and applies it")
        else:
            verdict.show(f"✓ ready, but this app is read-only: {keys.key_of('app.write_mode')} switches to write mode")

    def _facts(self, plan: "Plan") -> "list[Fact]":
        facts = list(planned.head_facts(plan))
        for key in plan.keys:
            first, *others = planned.key_facts(key, plan.at)
            facts += [self._named(first) if self.app.production(key.id) else first, *others]
        return [*facts, Fact("command", planned.command(plan))]

    @staticmethod
    def _named(fact: "Fact") -> "Fact":
        """What is said first of a key, with the word that it is one of production."""
        return Fact(fact.label, f"{words.PROD} · {fact.text}", "bold $text-error")

    # What the tables ask for

    def _place_cells(self, row: int) -> tuple[str, ...]:
        line = self._places[row]
        status = "✓ accepted" if line.at in self._accepted and self._planning else line.status
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

    # Actions

    def stand(self, standing: Any) -> None:
        """Write mode may have been switched on."""
        super().stand(standing)
        if self._plan is not None and not self._planning:
            self._show_summary(self._plan)

    def action_accept(self) -> None:
        """Accept the place under the cursor, or take that back; then plan again."""
        grid = self.query_one("#places", Grid)
        row = grid.row
        if row is None or self._planning or not grid.has_focus:
            return
        line = self._places[row]
        if line.at in self._accepted:
            self._accepted.discard(line.at)
        elif line.can_accept and not line.accepted:
            self._accepted.add(line.at)
        else:
            said = (
                "It was accepted before." if line.accepted else f"It cannot be accepted: {line.detail or line.status}."
            )
            self.app.notify(said)
            return
        grid.rows_changed([row])
        self._replan()

    def action_accept_all(self) -> None:
        """Accept every place that was found, except NEW ones: those are looked at one by one."""
        found = self._found()
        if found and not self._planning:
            self._accepted |= found
            self._replan()

    def _found(self) -> set[str]:
        return {
            line.at for line in self._places if line.can_accept and not line.accepted and line.status != planned.NEW
        }

    def action_again(self) -> None:
        """Read the world again and plan anew."""
        if not self._planning:
            self._replan()

    def action_copy_command(self) -> None:
        """Copy the command line that does exactly this; it holds ids and no value."""
        if self._plan is not None:
            self.app.copying.copy(planned.command(self._plan), "The command that does exactly this")

    def action_apply(self) -> None:
        """Ask for the phrase; with it, apply."""
        plan = self._plan
        if plan is None or self._planning or not self.is_current:
            return
        if not self.app.may_write():
            return
        if not plan.ready:
            self.app.notify(_in_the_way(plan), title="In the way", severity="warning", timeout=12)
        else:
            self._confirm(plan)

    def _confirm(self, plan: "Plan") -> None:
        from keyward.tui.widgets.dialog import Confirm

        targets = sum(len(key.targets) for key in plan.keys)
        text = (
            f"{len(plan.keys)} {'key' if len(plan.keys) == 1 else 'keys'}, {targets} "
            f"{'place' if targets == 1 else 'places'} to write, {len(self._steps)} steps, as shown.\n"
            "The old key keeps working until every place has the new one and the overlap is over."
        )
        title = f"Apply this plan {f'to {words.PROD} ' if self.production() else ''}in {plan.world}"

        def answered(yes: bool | None) -> None:
            if yes:
                from keyward.tui.screens.rotation import RotationScreen

                self.app.switch_screen(RotationScreen(plan))

        self.app.push_screen(Confirm(title, text, planned.phrase(plan)), answered)


def _in_the_way(plan: "Plan") -> str:
    """The first thing that keeps it from being applied, and what to do about it."""
    blocker = next((blocker for key in plan.keys for blocker in key.blockers), None)
    return f"{blocker.what}. {blocker.hint}".strip().rstrip(".") if blocker is not None else "something is in the way"
