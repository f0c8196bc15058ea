"""When an unattended run tries again what failed: after 1 h, doubling to 32 h, then a person has to look. Pure.

Only unattended runs climb the ladder and wait on it. A person at the terminal always tries at once.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from keyward.ledger.records import RotationState, WaitingOn
from keyward.rotation.next_action import rests_until
from keyward.rotation.policy import Retire
from keyward.rotation.putting_off import DAILY, given_up, put_off
from keyward.rotation.state import Rotation
from keyward.rotation.whose import in_trouble, reading_due, taking_part, unfinished

_FRESH = timedelta(minutes=20)
"""So long a new key may be refused without that being a failure."""

_DECISIONS = frozenset({WaitingOn.PERSON, WaitingOn.CONFLICT, WaitingOn.REFUSED})
_FAILURES = frozenset({WaitingOn.PROVIDER, WaitingOn.BLOCKED})


def failing(rotation: Rotation, now: datetime) -> bool:
    """Whether it stands still because something went wrong, and not because a provider is as slow as it usually is."""
    if rotation.closed or rotation.waiting_on not in _FAILURES:
        return False
    if rotation.waiting_on is WaitingOn.PROVIDER:
        if rotation.state is RotationState.RETIRING and rotation.revoked is not None:
            return False  # the old key is probed until it is dead
        if rotation.state in (RotationState.CREATING, RotationState.STAGED) and rotation.made is not None:
            return now - rotation.made >= _FRESH
    return True


def counted(before: Rotation, after: Rotation, now: datetime) -> Rotation:
    """The rotation after an unattended try, with its failures in a row and when to try again."""
    if not failing(after, now):
        return replace(after, failures=0, retry_at=None)
    moved = before.state is not after.state or _written(before) != _written(after)
    failures = 1 if moved else before.failures + 1
    wait = put_off(failures)
    return replace(after, failures=failures, retry_at=None if wait is None else now + wait)


def _written(rotation: Rotation) -> int:
    return sum(target.written for target in rotation.targets)


@dataclass(frozen=True, slots=True)
class Turn:
    """When an unattended run goes on with a rotation: `at` (UTC), or never while it stays so (None). `person` says who is asked."""

    at: datetime | None
    person: bool = False


def turn(rotation: Rotation, tried: datetime, *, host: str) -> Turn:
    """When an unattended run on that host can go on with an open rotation.

    Args:
        rotation: as the ledger has it.
        tried: when something was last done or tried (UTC).
        host: this host; a rotation that writes to places of other hosts, and to none of this one, is theirs.
    """
    if rotation.closed or kept(rotation) or _theirs(rotation, host):
        return Turn(None)
    own = _turn(rotation, tried, host)
    reading = reading_due(rotation, host, tried)
    if reading is None or given_up(rotation.failures):
        return own
    return replace(own, at=reading if own.at is None else min(own.at, reading))


def _theirs(rotation: Rotation, host: str) -> bool:
    """Whether other hosts have places in it, and this one has none."""
    hosts = taking_part(rotation)
    return bool(hosts) and host not in hosts


def _turn(rotation: Rotation, tried: datetime, host: str) -> Turn:
    decision = rotation.waiting_on in _DECISIONS
    if rotation.waiting_on is WaitingOn.HOST:
        return Turn(tried if host in rotation.awaits else None)
    if decision and (where := in_trouble(rotation)) and not {"", host} & set(where):
        return Turn(None, person=True)
    if rotation.waiting_on is not WaitingOn.NOTHING and host in rotation.through and unfinished(rotation, host):
        return Turn(None, person=decision)  # what another host has to do, it says and tries itself
    if decision:
        asked = rotation.cutover is not None and tried >= rotation.cutover + rotation.policy.retire_by
        # In use until retire_by: from then on it is a person's decision, even if it should fall silent for a while.
        return Turn(None if asked else tried + DAILY, person=True)
    if given_up(rotation.failures):
        return Turn(None, person=True)
    return Turn(max((at for at in (rests_until(rotation), rotation.retry_at) if at is not None), default=tried))


@dataclass(frozen=True, slots=True)
class Awaited:
    """The other hosts that a rotation stands still for, and since when (UTC)."""

    hosts: tuple[str, ...]
    since: datetime

    def overdue(self, now: datetime) -> bool:
        """Whether they have had a day to come, and did not."""
        return now - self.since >= DAILY


def awaited(rotation: Rotation, tried: datetime, *, host: str) -> Awaited | None:
    """Whom a rotation waits for, seen from that host; None when it does not.

    Args:
        rotation: as the ledger has it.
        tried: when something was last done or tried (UTC).
        host: this host, which waits for itself only until its run has begun.
    """
    if rotation.closed or kept(rotation):
        return None
    if rotation.waiting_on is WaitingOn.HOST and rotation.awaited_since is not None:
        hosts = tuple(one for one in rotation.awaits if one != host)
        return Awaited(hosts, rotation.awaited_since) if hosts else None
    if _theirs(rotation, host):
        resting = (at for at in (rests_until(rotation), rotation.retry_at) if at is not None)
        return Awaited(taking_part(rotation), max([tried, *resting]))
    return None


def kept(rotation: Rotation) -> bool:
    """Whether all is done but for an old key that was to be kept."""
    done = rotation.cutover is not None and not rotation.failure
    return done and rotation.policy.retire is Retire.NEVER and rotation.waiting_on is WaitingOn.PERSON
