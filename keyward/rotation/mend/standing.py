"""Rotations that stand still, leases whose holders are gone, and an audit trail that does not fit."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from keyward.ledger.records import WaitingOn
from keyward.model.errors import FingerprintKeyMissing
from keyward.rotation.mend.troubles import Trouble, Wrong
from keyward.rotation.next_action import rests_until
from keyward.rotation.reach import Reach
from keyward.rotation.state import Rotation

PATIENCE = timedelta(hours=24)
"""How long a rotation may wait for a person or another host, or be due, before it counts as stuck."""

_PERSONS = (WaitingOn.PERSON, WaitingOn.CONFLICT, WaitingOn.BLOCKED, WaitingOn.REFUSED, WaitingOn.HOST)


def stuck(rotations: Sequence[tuple[Rotation, datetime | None]], now: datetime) -> Iterator[Trouble]:
    """Open rotations that wait for a person, or that were due long ago; each with when it was last changed (UTC)."""
    for rotation, updated in rotations:
        if rotation.closed:
            continue
        since = rotation.awaited_since or updated or rotation.began or now
        if rotation.waiting_on in _PERSONS and now - since > PATIENCE:
            what = f"rotation {rotation.id} of {rotation.old.id} waits since {since:%Y-%m-%d}: {rotation.why}"
            todo = f"keyward resume {rotation.id}, or keyward undo {rotation.id}"
            if rotation.awaits:
                todo = f"On {', '.join(rotation.awaits)}: keyward resume {rotation.id}"
            yield Trouble(Wrong.STUCK, rotation.id, what, todo=todo, rotation=rotation.id)
        elif rotation.waiting_on not in _PERSONS and now - max(rests_until(rotation) or since, since) > PATIENCE:
            what = (
                f"rotation {rotation.id} of {rotation.old.id} could go on since {since:%Y-%m-%d}, and nobody drives it"
            )
            mending = f"go on with rotation {rotation.id}"
            todo = "Let cron do it from now on: keyward schedule install"
            yield Trouble(Wrong.STUCK, rotation.id, what, mending, todo, rotation.id)


def leases(reach: Reach) -> Iterator[Trouble]:
    """Leases that their holders left behind."""
    for name, owner in reach.ledger.stale_leases(reach.worker()):
        what = f"the lease of {name} was left behind by {owner}"
        yield Trouble(Wrong.LEASE, name, what, "give it back")


def chain(reach: Reach) -> Iterator[Trouble]:
    """The audit trail, line by line."""
    try:
        count, misfit = reach.ledger.verify_chain()
    except FingerprintKeyMissing:
        return
    if misfit is not None:
        what = f"line {misfit} of the audit trail does not fit ({count} were looked at): it was changed from outside"
        todo = "Find out who can write the ledger; restore it from a backup. Nothing is added to a broken trail."
        yield Trouble(Wrong.CHAIN, str(misfit), what, todo=todo)
