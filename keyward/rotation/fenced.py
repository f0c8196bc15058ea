"""What a process takes back that was frozen in the middle of an effect, and finds on waking up that another one went on without it.

Its lease is lost, so it writes nothing any more. But a request that was on its way may have arrived after all: a key that nobody took
over, or a pending secret of a rotation that is closed. While the rotation goes forward without a successor, whoever has the lease finds
such a key by itself, and may be about to take it; so then it is left alone.
"""

from contextlib import suppress

from keyward.ledger.records import EventRow
from keyward.model.capability import Act
from keyward.model.errors import KeywardError
from keyward.rotation.slot import slot_of
from keyward.rotation.state import Rotation, from_row
from keyward.rotation.work import Work


def take_back(work: Work) -> None:
    """Undo what came too late, as far as that is surely of no use to anybody; failing to is for the doctor to find."""
    row = work.reach.ledger.rotation(work.rotation.id)
    if row is None:
        return
    now = from_row(row)
    with suppress(KeywardError):
        _key(work, now)
    with suppress(KeywardError):
        if now.closed and now.slot:
            ref = slot_of(now)
            work.reach.store(ref).remove(ref, work.ctx)


def _key(work: Work, now: Rotation) -> None:
    made = work.made
    given_up = now.closed or bool(now.failure)  # from then on nobody takes over a key any more
    if made is None or not (given_up if now.new is None else now.new.id != str(made)):
        return
    work.provider.act(Act.REVOKE, made, work.ctx)
    detail = {
        "ok": True,
        "credential": str(made),
        "evidence": "made too late, when another process had gone on; revoked",
    }
    event = EventRow("outcome", now.id, "sweep", "", detail, work.reach.actor, work.reach.host, work.ctx.now)
    work.reach.ledger.append([event])
