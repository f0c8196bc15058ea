"""Handing on between hosts: what this one did is put down, and whoever has places of his own to see to is waited for."""

from dataclasses import replace
from datetime import timedelta

from keyward.ledger.records import WaitingOn
from keyward.rotation.emergency import unstoppable
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.state import Target, TargetStatus
from keyward.rotation.whose import left_out, reaches, taking_part, unfinished
from keyward.rotation.work import Work

STEP = "hand-on"
_TROUBLED = {TargetStatus.CONFLICT: WaitingOn.CONFLICT, TargetStatus.REFUSED: WaitingOn.REFUSED}


def needs_run(work: Work, hosts: tuple[str, ...]) -> str:
    """What is to be done on those hosts, in words that follow what it is about."""
    what = f"needs a run on {' and '.join(hosts)}"
    return f"{what}: `keyward resume {work.rotation.id}` or its scheduled run there"


def complete(work: Work, delay: timedelta) -> bool:
    """Whether every host is through, this one (which has just done all of its own) as the last; else who comes next is waited for.

    Args:
        work: the rotation.
        delay: how long readers of this host's places may keep a value.
    """
    here = work.reach.host
    hosts = unfinished(work.rotation, here)
    if hosts and unstoppable(work.rotation.policy):
        _give_up(work)
        return True
    if not hosts:
        if len(taking_part(work.rotation)) > 1:
            _through(work, delay)  # whoever goes on reckons with the slowest readers of all
        return True
    news = here in taking_part(work.rotation) and here not in work.rotation.through
    stood = not news and work.rotation.waiting_on not in (WaitingOn.NOTHING, WaitingOn.HOST)
    if news:
        _through(work, delay)
    if stood:
        work.halted = True  # there is nothing to do here, and what the other host waits for was said by that host
        return False
    for target in _elsewhere(work):
        if target.status in _TROUBLED and not work.rotation.failure:
            work.halt(_TROUBLED[target.status], f"{target.named} {target.why}", step=STEP)
            return False
    places = ", ".join(target.named for target in _elsewhere(work) if target.host in hosts)
    work.halt(WaitingOn.HOST, f"{places} {needs_run(work, hosts)}", hosts=hosts, step=STEP)
    return False


def _elsewhere(work: Work) -> list[Target]:
    rotation = work.rotation
    return [one for one in rotation.targets if not reaches(work.reach.host, one) and not left_out(rotation, one)]


def _through(work: Work, delay: timedelta) -> None:
    here = work.reach.host
    if here not in work.rotation.through:
        event = Happened(Kind.THROUGH, work.ctx.now, host=here, delay=delay)
        work.happened(event, STEP, evidence=f"{here} has done what is to be done there")


def _give_up(work: Work) -> None:
    """In an emergency in which nothing may keep the old key alive, no other host is waited for."""
    for target in _elsewhere(work):
        if not target.written:
            why = f"given up, its readers fail when the old key goes: {target.host} did not come yet"
            event = Happened(Kind.TARGET, work.ctx.now, target=replace(target, status=TargetStatus.GIVEN_UP, why=why))
            work.happened(event, "write", target=target.at, ok=False, evidence=why)
