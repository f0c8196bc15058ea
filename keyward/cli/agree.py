"""A person at the terminal agrees to a plan: place by place, and then by typing what will be done."""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from keyward.cli.ask import typed, yes
from keyward.cli.plan_text import plan_text
from keyward.cli.words import count
from keyward.model.errors import NeedsPerson
from keyward.rotation.policy import Retire

if TYPE_CHECKING:
    from keyward.desk import Changes
    from keyward.rotation.plan import Plan


def agree(plan: "Plan", changes: "Changes", again: "Callable[[Changes], Plan]") -> "Plan":
    """Ask about every place that is not accepted yet, then for the phrase.

    Args:
        plan: as it was just shown.
        changes: what it was made with.
        again: makes a plan with other changes.

    Raises:
        NeedsPerson: it was not agreed to, or something is in the way.
    """
    open_places = _to_accept(plan)
    if open_places:
        accepted = [at for at, new in open_places if _asked(at, new=new)]
        if accepted:
            changes = replace(changes, accept_target=(*changes.accept_target, *accepted))
            plan = again(changes)
            sys.stderr.write("\n" + plan_text(plan))
    return confirm(plan)


def confirm(plan: "Plan") -> "Plan":
    """Ask for the phrase.

    Raises:
        NeedsPerson: it was not agreed to, or something is in the way.
    """
    if not plan.ready:
        raise NeedsPerson("Something is in the way, as the plan says; nothing was changed.")
    keys = count(len(plan.keys), "key")
    if plan.policy.emergency:
        broken = " Places that keep the old key fail." if plan.policy.even_if_broken else ""
        typed(
            f"end {keys} at once", f"The old keys go as soon as the new ones are written; there is no overlap.{broken}"
        )
    elif plan.policy.by_hand:
        typed(f"swap {keys}", "The new key that you make will be written to every place marked WRITE.")
    elif plan.policy.retire is Retire.NOW:
        typed(f"retire {keys} now", "The old keys go without waiting until nobody uses them.")
    else:
        typed(f"rotate {keys}", "New keys will be made and written to every place marked WRITE.")
    return plan


def _to_accept(plan: "Plan") -> list[tuple[str, bool]]:
    """Places that only wait to be accepted: (place, whether it is NEW)."""
    found = {
        place.at: place.new
        for key in plan.keys
        for place in key.places
        if place.here
        and place.holds is not None
        and not (place.accepted or place.foreign or place.hands_off or place.unsafe)
        and not plan.policy.waives(*place.names)
    }
    return list(found.items())


def _asked(at: str, *, new: bool) -> bool:
    since = " (NEW: it appeared since this key's last rotation)" if new else ""
    return yes(f"Write to {at}{since}?")
