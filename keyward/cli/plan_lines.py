"""What every plan as text has in common: how a line is laid out, and the lines that say who acts where, and why."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keyward.desk.overrides import by_place

if TYPE_CHECKING:
    from keyward.rotation.acts.plan import ActPlan
    from keyward.rotation.plan import Plan

_WIDTH = 12


def line(name: str, text: str) -> str:
    """One fact."""
    return f"  {name:<{_WIDTH}} {text}".rstrip()


def who_acts_where(plan: "Plan | ActPlan", reason: str) -> Iterator[str]:
    """Identity, world, endpoints that are not the usual ones, and the reason where there is one."""
    yield line("acting as", f"{plan.identity}; {plan.actor} on {plan.host}")
    yield line("world", f"EMULATOR ({plan.world})" if plan.world.startswith("emulator:") else plan.world)
    for number, endpoint in enumerate(by_place(plan.endpoints)):
        yield line("" if number else "endpoints", endpoint)
    if reason:
        yield line("reason", reason)
