"""What is said of a plan as a whole: what it is, whether it can be applied, and the question before it is. Words only."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from keyward.tui import bulk, planned

if TYPE_CHECKING:
    from keyward.rotation.plan import Plan
    from keyward.tui.keymap import Keymap


def summary(plan: "Plan", phrase: str, left_out: int) -> str:
    """What it would do, to which keys."""
    names = ", ".join(planned.name_of(key) for key in plan.keys[:3]) + (" ..." if len(plan.keys) > 3 else "")
    left = f"   ·   {left_out} left out" if left_out else ""
    return f"{phrase}: {names}{left}   ·   a plan: nothing has been changed"


def verdict(plan: "Plan", lines: Sequence[bulk.KeyLine], out: Collection[str], keymap: "Keymap", *, write: bool) -> str:
    """Whether it can be applied, and the key that comes next.

    Args:
        plan: it.
        lines: its keys as they are listed.
        out: the ids of those that are left out.
        keymap: for the keys.
        write: whether the app is in write mode.
    """
    if plan.ready and write:
        return f"✓ ready: {keymap.key_of('plan.apply')} asks for the phrase and applies it"
    if plan.ready:
        return f"✓ ready, but this app is read-only: {keymap.key_of('app.write_mode')} switches to write mode"
    blocked = sum(len(key.blockers) for key in plan.keys)
    said = f"✗ cannot be applied yet: {blocked} {'thing is' if blocked == 1 else 'things are'} in the way"
    if len(plan.keys) == 1:
        return said
    held = [line for line in lines if line.key not in out and line.status != bulk.READY]
    only = all(line.status.startswith("!") for line in held)
    accept, leave = keymap.key_of("plan.accept_all"), keymap.key_of("plan.leave_out_blocked")
    how = f"{accept} accepts their places" if only else f"{leave} leaves those out"
    return f"{said} of {sum(1 for key in plan.keys if not key.ready)} of {len(plan.keys)} keys; {how}"


def in_the_way(plan: "Plan") -> str:
    """The first thing that keeps it from being applied, and what to do about it."""
    blocker = next((blocker for key in plan.keys for blocker in key.blockers), None)
    return f"{blocker.what}. {blocker.hint}".strip().rstrip(".") if blocker is not None else "something is in the way"


def question(plan: "Plan") -> str:
    """What applying it means."""
    keys, targets = len(plan.keys), sum(len(key.targets) for key in plan.keys)
    steps = sum(len(key.steps) for key in plan.keys)
    goes = (
        "The old key goes as soon as every place has the new one and the overlap is over, used or not."
        if plan.policy.retire.value == "now"
        else "The old key keeps working until every place has the new one and the overlap is over."
    )
    counted = f"{keys} {'key' if keys == 1 else 'keys'}, {targets} {'place' if targets == 1 else 'places'} to write"
    return f"{counted}, {steps} steps, as shown.\n{goes}"
