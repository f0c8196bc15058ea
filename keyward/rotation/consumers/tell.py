"""The step between writing and the overlap: every consumer of a target that changed is run, before the old key is touched.

What was run is put down with the target. A crash in the middle runs that one command once more, so commands have to bear that.
"""

import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from keyward.ledger.records import WaitingOn
from keyward.rotation.consumers.process import Ended, run
from keyward.rotation.emergency import unstoppable
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.state import TargetStatus
from keyward.rotation.whose import taking_part, within_reach

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keyward.model.secret import Secret
    from keyward.rotation.consumers.consumer import Consumer
    from keyward.rotation.facts import PlaceFacts
    from keyward.rotation.reach import Reach
    from keyward.rotation.state import Target
    from keyward.rotation.work import Work

STEP = "tell"
_AGAIN = 60.0
_READY_AGAIN = 2.0
_TWO = 2


def tell(work: "Work", *, back: bool = False) -> bool:
    """Run what was not run yet for the targets as they are now; False when one failed, and the rotation waits for it.

    In an emergency in which nothing may keep the old key alive, the others are run and nothing is waited for.

    Args:
        work: the rotation.
        back: whether the old key is in the targets again.
    """
    mine = within_reach(work.rotation, work.reach.host)
    for target in [one for one in mine if (one.status is TargetStatus.BACK if back else one.written)]:
        for consumer in work.reach.consumers.of(target.at, str(target.secret)):
            now = work.rotation.target(target.at, target.host)
            told = _name(work, target, consumer) in now.told or _tell(work, target, consumer, back=back)
            if not told and (back or not unstoppable(work.rotation.policy)):
                return False
    return True


def _name(work: "Work", target: "Target", consumer: "Consumer") -> str:
    """What is put down for having run it: of a place that all share, each host that has places of its own tells its own readers."""
    alone = target.host or work.reach.host not in taking_part(work.rotation)
    return consumer.name if alone or len(taking_part(work.rotation)) < _TWO else f"{work.reach.host}/{consumer.name}"


def _tell(work: "Work", target: "Target", consumer: "Consumer", *, back: bool) -> bool:
    value, at = None, target.at
    if consumer.stdin:
        value = work.value(work.rotation.old if back else work.new)
        if value is None:
            why = f"the value for {consumer.said} cannot be read just now"
            work.halt(WaitingOn.PROVIDER, why, seconds=_AGAIN, step=STEP)
            return False
    work.intend(STEP, f"run {consumer.said}", target=at)
    ended = _run(work, at, consumer, value, back=back)
    if not ended.ok:
        why = f"the consumer {consumer.said} of {at} {ended.word}"
        work.note("outcome", STEP, target=at, ok=False, evidence=ended.word, what=consumer.said, status=ended.status)
        work.halt(WaitingOn.BLOCKED, why, seconds=_AGAIN, step=STEP)
        return False
    target = work.rotation.target(at, target.host)
    event = Happened(
        Kind.TARGET, work.ctx.now, target=replace(target, told=(*target.told, _name(work, target, consumer)))
    )
    work.happened(event, STEP, target=at, evidence=ended.word, what=consumer.said, status=ended.status)
    return True


def _run(work: "Work", at: str, consumer: "Consumer", value: "Secret | None", *, back: bool) -> Ended:
    rotation, consumers = work.rotation, work.reach.consumers
    key = rotation.old if back else work.new
    about = {"KEYWARD_TARGET": at, "KEYWARD_ROTATION": rotation.id, "KEYWARD_KEY": key.id}
    environ = consumers.environment(consumer, about)
    known = (work.reach.values.get(one.id) for one in (rotation.old, rotation.new) if one is not None)
    hide = [one for one in (value, *known) if one is not None]
    seconds = consumer.timeout.total_seconds()
    ended = run(consumer.run, environ, value=value, hide=hide, seconds=seconds, alive=work.guard)
    end = time.monotonic() + seconds
    while ended.ok and consumer.ready:
        left = max(0.1, end - time.monotonic())
        ready = run(consumer.ready, environ, hide=hide, seconds=left, alive=work.guard)
        if ready.ok:
            break
        if ready.status is None or time.monotonic() + _READY_AGAIN >= end:
            return replace(ready, said=f"it ran, but is not ready: {ready.said}", timed_out=ready.status is not None)
        work.guard()
        time.sleep(_READY_AGAIN)
    return ended


def reader_delay(work: "Work") -> timedelta:
    """How long readers are given to notice a new value: as agreed, or longer where a consumer says so; never beyond the overlap."""
    policy = work.rotation.policy
    return min(max(policy.refresh, slowest(work), work.rotation.slowest), policy.grace)


def slowest(work: "Work") -> timedelta:
    """How long readers of what this host can reach may keep a value, as its consumers say."""
    mine = within_reach(work.rotation, work.reach.host)
    return work.reach.consumers.refresh([(target.at, str(target.secret)) for target in mine])


def announced(reach: "Reach", places: "Iterable[PlaceFacts]") -> "tuple[PlaceFacts, ...]":
    """The places of a plan, each with the commands that a change of it would run, and whether they could be."""
    return tuple(_announced(reach, place) for place in places)


def _announced(reach: "Reach", place: "PlaceFacts") -> "PlaceFacts":
    found = reach.consumers.of(place.at, place.secret)
    if not found or not place.here:
        return place
    readiness = tuple(reach.consumers.readiness(one) for one in found)
    return replace(place, consumers=tuple(one.said for one in found), readiness=(*place.readiness, *readiness))
