"""What keeps a key from being started or retired although everything else is ready: a pause, a blackout."""

from collections.abc import Iterator

from keyward.ledger.records import WaitingOn
from keyward.rotation.pause import Pause, pauses, pausing, row_of
from keyward.rotation.policy import Retire
from keyward.rotation.reach import Reach
from keyward.rotation.state import KeyFacts
from keyward.rotation.work import Work


def paused(reach: Reach, *keys: KeyFacts | None) -> Pause | None:
    """The pause that holds for one of these keys, if any."""
    found = pauses(reach.ledger)
    if not found:
        return None
    rows = [
        row_of(key.id, key.kind, key.created, reach.ledger.placements(credential=key.id))
        for key in keys
        if key is not None
    ]
    return pausing(found, rows, reach.ctx.now)


def halted(work: Work) -> Iterator[tuple[WaitingOn, str, float | None]]:
    """Why the old key may not go now: what it waits on, the reason, and after how many seconds to look again."""
    pause = paused(work.reach, work.rotation.old, work.rotation.new)
    if pause is not None:
        yield WaitingOn.PERSON, f"{pause.said}; `keyward unpause` lets it go on", None
    until = work.reach.closed_until(work.ctx.now)
    if until is not None and work.rotation.policy.retire is not Retire.NOW:
        seconds = max(1.0, (until - work.ctx.now).total_seconds())
        yield WaitingOn.TIME, f"nothing is retired during the blackout until {until:%Y-%m-%d %H:%MZ}", seconds
