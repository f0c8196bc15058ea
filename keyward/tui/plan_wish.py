"""What a person wishes for on the plan screen, as data: which keys, which places, which options. The screen asks the planner for it."""

from dataclasses import replace
from typing import TYPE_CHECKING

from keyward.tui import planned

if TYPE_CHECKING:
    from keyward.desk import Changes
    from keyward.rotation.plan import KeyPlan, Plan


class PlanWish:
    """The wish, and the newest plan that is known of each key.

    Args:
        ids: the keys.
    """

    def __init__(self, ids: list[str]) -> None:
        self.ids = list(dict.fromkeys(ids))
        self.out: set[str] = set()
        self.accepted: set[str] = set()
        self.waived: set[str] = set()
        self.options: Changes | None = None
        self.known: dict[str, KeyPlan] = {}

    @property
    def several(self) -> bool:
        """Whether keys can be left out."""
        return len(self.ids) > 1

    @property
    def included(self) -> list[str]:
        """The keys that are not left out."""
        return [one for one in self.ids if one not in self.out]

    def know(self, plan: "Plan") -> None:
        """A new plan of some keys."""
        self.known |= {key.id: key for key in plan.keys}

    def changes(self) -> "Changes":
        """What was wished for, as far as it is about keys of the plan: a place of a key that is left out is in nobody's plan."""
        from keyward.desk.wish import Changes  # light; loaded with the first plan

        included = [self.known[one] for one in self.included if one in self.known]
        there = {name for key in included for place in key.places for name in place.names}
        accepted, waived = self.accepted & there, self.waived & there
        wish = self.options or Changes(interactive=True)
        return replace(wish, accept_target=tuple(sorted(accepted - waived)), waive=tuple(sorted(waived)))

    def to_accept(self) -> set[str]:
        """Every place of the plan's keys that was found and is not accepted, except NEW ones: those are looked at one by one."""
        return {
            line.at
            for one in self.included
            if one in self.known
            for line in planned.place_lines(self.known[one])
            if line.can_accept and not line.accepted and line.status != planned.NEW
        }

    def toggle(self, line: "planned.PlaceLine", waive: str = "w") -> str:
        """Accept a place, or take that back; else why it cannot be. `waive` is the key that leaves one out."""
        if line.at in self.accepted:
            self.accepted.discard(line.at)
        elif line.can_accept and not line.accepted:
            self.accepted.add(line.at)
        elif line.accepted:
            return f"It was accepted before; {waive} leaves it out of this plan."
        else:
            return f"It cannot be accepted: {line.detail or line.status}."
        return ""
