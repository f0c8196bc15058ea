"""What is to be done with each target, and by which host: who can reach a place writes it, reads it and writes it back. Pure.

A place on a host's own disk or in its keyring carries the name of that host; a place that all hosts share carries none.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from keyward.ledger.records import RotationState, WaitingOn
from keyward.rotation.emergency import unstoppable
from keyward.rotation.state import Rotation, Target, TargetStatus

FRESH = timedelta(hours=24)
"""How old another host's reading of its own places may be."""

REFRESH = FRESH / 2
"""How often a host reads its own places for the others: a run that comes late is still in time."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)
"""Before anything was ever done."""

_READ_AGAIN = (RotationState.OVERLAP, RotationState.DISABLED, RotationState.RETIRING, RotationState.RB_WAIT)


def reaches(host: str, target: Target) -> bool:
    """Whether that host can read and write the target."""
    return target.host in ("", host)


def within_reach(rotation: Rotation, host: str) -> tuple[Target, ...]:
    """The targets that this host can read and write."""
    return tuple(target for target in rotation.targets if reaches(host, target))


def left_out(rotation: Rotation, target: Target) -> bool:
    """Whether a target on a host's own disk or keyring is not waited for, because a person left it out."""
    return bool(target.host) and rotation.waives(target)


def taking_part(rotation: Rotation) -> tuple[str, ...]:
    """The hosts that have something to do: each writes, reads and writes back the places that it alone can reach."""
    back = bool(rotation.failure)
    return tuple(
        dict.fromkeys(
            target.host
            for target in rotation.targets
            if target.host
            and not left_out(rotation, target)
            and (_was_touched(target) if back else not given_up(rotation, target))
        )
    )


def _was_touched(target: Target) -> bool:
    return target.status is TargetStatus.BACK or to_bring_back(target)


def unfinished(rotation: Rotation, host: str) -> tuple[str, ...]:
    """The hosts other than this one that are not through with writing (or writing back)."""
    return tuple(one for one in taking_part(rotation) if one != host and one not in rotation.through)


def to_read(rotation: Rotation, host: str) -> tuple[Target, ...]:
    """The targets of that host that others go by its reading of, as the rotation stands now; none where it is the only one."""
    if rotation.state not in _READ_AGAIN or rotation.revoked is not None or set(taking_part(rotation)) <= {host}:
        return ()
    own = (one for one in rotation.targets if one.host == host and not left_out(rotation, one))
    if rotation.failure:
        return tuple(one for one in own if one.status is TargetStatus.BACK)
    return tuple(one for one in own if one.written and one.status is not TargetStatus.UNREAD)


def reading_due(rotation: Rotation, host: str, tried: datetime) -> datetime | None:
    """When that host is to read its own places again (UTC); None when nobody needs it.

    Args:
        rotation: as it stands.
        host: which host.
        tried: when something was last done; what could not be read then is tried again as long after it.
    """
    own = to_read(rotation, host)
    if own and rotation.waiting_on is WaitingOn.HOST and host in rotation.awaits:
        return rotation.awaited_since
    return min(((one.read or tried) + REFRESH for one in own), default=None)


def in_trouble(rotation: Rotation) -> tuple[str, ...]:
    """The hosts whose places hold it up: only there it can be seen whether that is still so. Empty for a place that all share."""
    bad = (TargetStatus.CONFLICT, TargetStatus.REFUSED)
    held = (one for one in rotation.targets if one.status in bad or (one.written and one.read is None and one.why))
    return tuple(dict.fromkeys(one.host for one in held if not left_out(rotation, one)))


def anew(rotation: Rotation, hosts: Iterable[str]) -> Rotation:
    """Those hosts have something to do again; where it is a place that all share, all of them tell their readers again."""
    again = set(hosts)
    return replace(rotation, through=() if "" in again else tuple(one for one in rotation.through if one not in again))


def given_up(rotation: Rotation, target: Target) -> bool:
    """Whether a target that keeps the old key does not stop the end of that key: in an emergency, on a person's word."""
    return target.status is TargetStatus.GIVEN_UP and unstoppable(rotation.policy)


def holds_new(target: Target) -> bool:
    """Whether a target may hold the new key: it was written, or a write was begun, and it was not brought back since."""
    return target.status not in (TargetStatus.BACK, TargetStatus.LEFT) and (target.intent or bool(target.after))


def to_bring_back(target: Target) -> bool:
    """Whether an undo has something to do there: the value, or a name that readers use for its version."""
    return holds_new(target) or (target.status is TargetStatus.BACK and bool(target.aliases))
