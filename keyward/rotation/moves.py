"""What happened, and what that makes of a rotation: one function for each kind of thing, pure. The machine says when each can happen."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from keyward.ledger.records import RotationState as S
from keyward.ledger.records import WaitingOn
from keyward.rotation.happened import Happened
from keyward.rotation.state import Rotation
from keyward.rotation.whose import anew

Move = Callable[[Rotation, Happened], Rotation]


def same(rotation: Rotation, _: Happened) -> Rotation:
    """Nothing but the state."""
    return rotation


def listed(rotation: Rotation, event: Happened) -> Rotation:
    """Which keys were there before a create: those that are there afterwards besides may be ours."""
    return replace(rotation, baseline=event.baseline, looked_at=event.at)


def lost(rotation: Rotation, _: Happened) -> Rotation:
    """The value of the new key is nowhere: whoever made it deletes it, and the next attempt makes another one."""
    return replace(rotation, new=None, made=None, verdict="", attempt=rotation.attempt + 1, tried=False)


def creating(rotation: Rotation, event: Happened) -> Rotation:
    """A create is about to be asked for. Where one was before of which nobody heard, that one may have made a key too from now on."""
    return replace(rotation, tried=True, tried_at=event.at, doubt=rotation.doubt or rotation.tried)


def spent(rotation: Rotation, _: Happened) -> Rotation:
    """This attempt made nothing, and its name cannot be used again."""
    return replace(rotation, attempt=rotation.attempt + 1, tried=False)


def made(rotation: Rotation, event: Happened) -> Rotation:
    """There is a new key."""
    return replace(rotation, new=event.key, made=event.at)


def staged(rotation: Rotation, event: Happened) -> Rotation:
    """Its value is kept in a slot."""
    return replace(rotation, new=event.key or rotation.new)


def proved(rotation: Rotation, event: Happened) -> Rotation:
    """It was used once, or cannot be tried and that was accepted."""
    return replace(rotation, verdict=event.verdict, new=event.key or rotation.new)


def target(rotation: Rotation, event: Happened) -> Rotation:
    """A target is otherwise now."""
    return rotation if event.target is None else rotation.with_target(event.target)


def through(rotation: Rotation, event: Happened) -> Rotation:
    """A host wrote all its targets."""
    hosts = tuple(dict.fromkeys((*rotation.through, event.host)))
    return replace(rotation, through=hosts, slowest=max(rotation.slowest, event.delay))


def read(rotation: Rotation, event: Happened) -> Rotation:
    """What a host found in its own places: all as it should be, or (with a target) one that is not."""
    if event.target is not None:
        return rotation.with_target(event.target)
    mine = [target for target in rotation.targets if target.host == event.host]
    if any(target.why and target.read is None for target in mine):  # which is over, and was what it stood still for
        rotation = replace(rotation, waiting_on=WaitingOn.NOTHING, why="", due=None)
    return replace(
        rotation,
        targets=tuple(
            replace(target, read=event.at, why="") if target in mine else target for target in rotation.targets
        ),
    )


def all_written(rotation: Rotation, event: Happened) -> Rotation:
    """The cut-over. Nothing but targets that were written makes one, whatever the caller believes."""
    return replace(rotation, cutover=event.at, overlap_until=event.until)


def drifted(rotation: Rotation, event: Happened) -> Rotation:
    """A target does not hold what was written: all that came after the writing is begun again."""
    again = anew(target(rotation, event), [event.target.host] if event.target else ())
    return replace(again, cutover=None, overlap_until=None, soak_until=None, revoking=False)


def drifted_back(rotation: Rotation, event: Happened) -> Rotation:
    """The same on the way back."""
    return anew(target(rotation, event), [event.target.host] if event.target else ())


def disabled(rotation: Rotation, event: Happened) -> Rotation:
    """The old key is off, and restorable until the soak is over."""
    return replace(rotation, soak_until=event.until)


def revoking(rotation: Rotation, _: Happened) -> Rotation:
    """The old key is about to be deleted."""
    return replace(rotation, revoking=True)


def revoked(rotation: Rotation, event: Happened) -> Rotation:
    """It was deleted; a run of failed probes says when it is dead."""
    return replace(rotation, revoked=event.at, undo_until=event.until, failing_since=None, failed_probes=0)


def probed(rotation: Rotation, event: Happened) -> Rotation:
    """It was tried: only failures in a row count."""
    changed = replace(rotation, last_probe=event.at, due=event.until, waiting_on=WaitingOn.PROVIDER, why=event.why)
    if event.alive is True:
        return replace(changed, failing_since=None, failed_probes=0)
    if event.alive is False:
        return replace(
            changed, failing_since=rotation.failing_since or event.at, failed_probes=rotation.failed_probes + 1
        )
    return changed


def dead(rotation: Rotation, event: Happened) -> Rotation:
    """It works no more."""
    return replace(rotation, dead=event.at, confirmed=event.verdict)


def tidied(rotation: Rotation, event: Happened) -> Rotation:
    """Everything was tidied up, but for what the notes say."""
    return replace(rotation, notes=rotation.notes + event.notes)


def undo(rotation: Rotation, event: Happened) -> Rotation:
    """From now on the way leads back."""
    why = event.why or "undone"
    return replace(rotation, failure=why, restored=None, back_until=None, through=(), slowest=timedelta(0))


def restored(rotation: Rotation, event: Happened) -> Rotation:
    """The old key is alive again: what was known of its end holds no more."""
    return replace(rotation, restored=event.at, revoking=False, revoked=None, undo_until=None, dead=None, confirmed="")


def all_back(rotation: Rotation, event: Happened) -> Rotation:
    """Every target has the old key again; readers get a while to notice."""
    return replace(rotation, back_until=event.until)


def halted(rotation: Rotation, event: Happened) -> Rotation:
    """It stands still, for this reason. Who is waited for is waited for since the same time, as long as it is the same hosts."""
    since = None
    if event.hosts:
        since = rotation.awaited_since if rotation.awaits == event.hosts and rotation.awaited_since else event.at
    return replace(
        rotation,
        waiting_on=event.waiting_on,
        why=event.why,
        due=event.until,
        awaits=event.hosts,
        awaited_since=since,
    )


def shut(rotation: Rotation, event: Happened) -> Rotation:
    """The gate before the end did not open."""
    return replace(halted(rotation, event), revoking=False)


def amended(rotation: Rotation, event: Happened) -> Rotation:
    """A person's decision on a rotation that is under way. With a new target, every target is looked at again before any end."""
    known = {(target.at, target.host) for target in rotation.targets}
    added = tuple(target for target in event.added if (target.at, target.host) not in known)
    changed = replace(rotation, policy=event.policy or rotation.policy, targets=rotation.targets + added)
    changed = anew(changed, [target.host for target in added])
    if changed.policy.emergency and not rotation.policy.emergency:
        # What was to be waited for is given up; what has begun to be waited for ends now.
        now = event.at
        changed = replace(
            changed,
            overlap_until=rotation.overlap_until and min(rotation.overlap_until, now),
            soak_until=rotation.soak_until and min(rotation.soak_until, now),
        )
    if added and rotation.state in (S.OVERLAP, S.RETIRING):
        return replace(changed, state=S.DISTRIBUTING, cutover=None, overlap_until=None, revoking=False)
    return changed
