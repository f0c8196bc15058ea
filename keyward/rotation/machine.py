"""The machine: (rotation, what happened) -> rotation, and rotation -> what is to be done next. Pure and total.

    planned -> creating -> (staged) -> verified -> distributing -> overlap -> (disabled) -> retiring -> done
    rolling back -> rollback waiting -> aborted          reached from everywhere by an undo

Two rules hold by construction, and the tests walk every pair to see it: the old key leaves "usable" only after an overlap, and the
new key is deleted only after every target was brought back, or while nothing holds it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from keyward.ledger.records import RotationState as S
from keyward.ledger.records import WaitingOn
from keyward.model.capability import CrashClass
from keyward.rotation.emergency import unstoppable
from keyward.rotation.happened import Action, Happened, Kind
from keyward.rotation.state import Rotation
from keyward.rotation.whose import anew, given_up, left_out, to_bring_back, unfinished

Move = Callable[[Rotation, Happened], Rotation]


def _same(rotation: Rotation, _: Happened) -> Rotation:
    return rotation


def _listed(rotation: Rotation, event: Happened) -> Rotation:
    return replace(rotation, baseline=event.baseline, looked_at=event.at)


def _lost(rotation: Rotation, _: Happened) -> Rotation:
    # Its value is nowhere: whoever made it deletes it, and the next attempt makes another one.
    return replace(rotation, new=None, made=None, verdict="", attempt=rotation.attempt + 1, tried=False)


def _creating(rotation: Rotation, event: Happened) -> Rotation:
    # A create that comes after one of which nobody heard: from now on that one may have made a key too.
    return replace(rotation, tried=True, tried_at=event.at, doubt=rotation.doubt or rotation.tried)


def _spent(rotation: Rotation, _: Happened) -> Rotation:
    return replace(rotation, attempt=rotation.attempt + 1, tried=False)


def _made(rotation: Rotation, event: Happened) -> Rotation:
    return replace(rotation, new=event.key, made=event.at)


def _staged(rotation: Rotation, event: Happened) -> Rotation:
    return replace(rotation, new=event.key or rotation.new)


def _proved(rotation: Rotation, event: Happened) -> Rotation:
    return replace(rotation, verdict=event.verdict, new=event.key or rotation.new)


def _target(rotation: Rotation, event: Happened) -> Rotation:
    return rotation if event.target is None else rotation.with_target(event.target)


def _through(rotation: Rotation, event: Happened) -> Rotation:
    through = tuple(dict.fromkeys((*rotation.through, event.host)))
    return replace(rotation, through=through, slowest=max(rotation.slowest, event.delay))


def _read(rotation: Rotation, event: Happened) -> Rotation:
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


def _all_written(rotation: Rotation, event: Happened) -> Rotation:
    # Nothing but targets that were written makes a cut-over, whatever the caller believes.
    return replace(rotation, cutover=event.at, overlap_until=event.until)


def _drifted(rotation: Rotation, event: Happened) -> Rotation:
    again = anew(_target(rotation, event), [event.target.host] if event.target else ())
    return replace(again, cutover=None, overlap_until=None, soak_until=None, revoking=False)


def _drifted_back(rotation: Rotation, event: Happened) -> Rotation:
    return anew(_target(rotation, event), [event.target.host] if event.target else ())


def _disabled(rotation: Rotation, event: Happened) -> Rotation:
    return replace(rotation, soak_until=event.until)


def _revoking(rotation: Rotation, _: Happened) -> Rotation:
    return replace(rotation, revoking=True)


def _revoked(rotation: Rotation, event: Happened) -> Rotation:
    return replace(rotation, revoked=event.at, undo_until=event.until, failing_since=None, failed_probes=0)


def _probed(rotation: Rotation, event: Happened) -> Rotation:
    changed = replace(rotation, last_probe=event.at, due=event.until, waiting_on=WaitingOn.PROVIDER, why=event.why)
    if event.alive is True:
        return replace(changed, failing_since=None, failed_probes=0)
    if event.alive is False:
        return replace(
            changed, failing_since=rotation.failing_since or event.at, failed_probes=rotation.failed_probes + 1
        )
    return changed


def _dead(rotation: Rotation, event: Happened) -> Rotation:
    return replace(rotation, dead=event.at, confirmed=event.verdict)


def _tidied(rotation: Rotation, event: Happened) -> Rotation:
    return replace(rotation, notes=rotation.notes + event.notes)


def _undo(rotation: Rotation, event: Happened) -> Rotation:
    why = event.why or "undone"
    return replace(rotation, failure=why, restored=None, back_until=None, through=(), slowest=timedelta(0))


def _restored(rotation: Rotation, event: Happened) -> Rotation:
    # The old key is alive again: what was known of its end holds no more.
    return replace(rotation, restored=event.at, revoking=False, revoked=None, undo_until=None, dead=None, confirmed="")


def _all_back(rotation: Rotation, event: Happened) -> Rotation:
    return replace(rotation, back_until=event.until)


def _halted(rotation: Rotation, event: Happened) -> Rotation:
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


def _shut(rotation: Rotation, event: Happened) -> Rotation:
    return replace(_halted(rotation, event), revoking=False)


def _amended(rotation: Rotation, event: Happened) -> Rotation:
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


_HALT: dict[Kind, tuple[S | None, Move]] = {Kind.HALTED: (None, _halted)}
_UNDO: dict[Kind, tuple[S | None, Move]] = {
    **_HALT,
    Kind.UNDO: (S.ROLLING_BACK, _undo),
    Kind.AMENDED: (None, _amended),
}

MOVES: Mapping[S, Mapping[Kind, tuple[S | None, Move]]] = {
    S.PLANNED: {
        **_UNDO,
        Kind.LISTED: (None, _listed),
        Kind.CREATING: (S.CREATING, _creating),
        Kind.MADE: (S.CREATING, _made),
    },
    S.CREATING: {
        **_UNDO,
        Kind.CREATING: (None, _creating),
        Kind.LISTED: (None, _listed),
        Kind.SPENT: (None, _spent),
        Kind.MADE: (None, _made),
        Kind.LOST: (None, _lost),
        Kind.STAGED: (S.STAGED, _staged),
        Kind.PROVED: (S.VERIFIED, _proved),
    },
    S.STAGED: {**_UNDO, Kind.LOST: (S.CREATING, _lost), Kind.PROVED: (S.VERIFIED, _proved)},
    S.VERIFIED: {**_UNDO, Kind.TARGET: (S.DISTRIBUTING, _target)},
    S.DISTRIBUTING: {
        **_UNDO,
        Kind.TARGET: (None, _target),
        Kind.THROUGH: (None, _through),
        Kind.ALL_WRITTEN: (S.OVERLAP, _all_written),
    },
    S.OVERLAP: {
        **_UNDO,
        Kind.READ: (None, _read),
        Kind.DRIFTED: (S.DISTRIBUTING, _drifted),
        Kind.GATE_SHUT: (None, _shut),
        Kind.DISABLED: (S.DISABLED, _disabled),
        Kind.GATE_OPEN: (S.RETIRING, _same),
    },
    S.DISABLED: {
        **_UNDO,
        Kind.READ: (None, _read),
        Kind.DRIFTED: (S.DISTRIBUTING, _drifted),
        Kind.GATE_OPEN: (S.RETIRING, _same),
        Kind.GATE_SHUT: (None, _shut),
    },
    S.RETIRING: {
        **_UNDO,
        Kind.READ: (None, _read),
        Kind.GATE_SHUT: (S.OVERLAP, _shut),
        Kind.DRIFTED: (S.DISTRIBUTING, _drifted),
        Kind.REVOKING: (None, _revoking),
        Kind.REVOKED: (None, _revoked),
        Kind.PROBED: (None, _probed),
        Kind.DEAD: (None, _dead),
        Kind.TIDIED: (S.DONE, _tidied),
    },
    S.DONE: {Kind.UNDO: (S.ROLLING_BACK, _undo)},
    S.ROLLING_BACK: {
        **_HALT,
        Kind.AMENDED: (None, _amended),
        Kind.RESTORED: (None, _restored),
        Kind.TARGET: (None, _target),
        Kind.THROUGH: (None, _through),
        Kind.ALL_BACK: (S.RB_WAIT, _all_back),
    },
    S.RB_WAIT: {
        **_HALT,
        Kind.AMENDED: (None, _amended),
        Kind.READ: (None, _read),
        Kind.DRIFTED: (S.ROLLING_BACK, _drifted_back),
        Kind.NEW_GONE: (S.ABORTED, _tidied),
    },
    S.ABORTED: {},
}


_FACTS: Mapping[Kind, Callable[[Rotation, Happened], bool]] = {
    Kind.PROVED: lambda r, _: r.new is not None and (r.crash is CrashClass.NAMED or r.state is S.STAGED),
    Kind.STAGED: lambda r, _: r.new is not None,
    Kind.LOST: lambda r, _: r.new is not None,
    Kind.ALL_WRITTEN: lambda r, e: (
        bool(r.targets)
        and all(target.written or given_up(r, target) or left_out(r, target) for target in r.targets)
        and (unstoppable(r.policy) or not unfinished(r, e.host))
    ),
    Kind.GATE_OPEN: lambda r, _: r.cutover is not None,
    Kind.DISABLED: lambda r, _: r.cutover is not None,
    Kind.REVOKING: lambda r, _: r.revoked is None,
    Kind.DRIFTED: lambda r, _: r.state is not S.RETIRING or r.revoked is None,
    Kind.GATE_SHUT: lambda r, _: r.state is not S.RETIRING or r.revoked is None,
    Kind.AMENDED: lambda r, e: not e.added or (r.revoked is None and not r.failure),
    Kind.REVOKED: lambda r, _: r.revoking,
    Kind.PROBED: lambda r, _: r.revoked is not None,
    Kind.DEAD: lambda r, _: r.revoked is not None,
    Kind.TIDIED: lambda r, _: r.dead is not None,
    Kind.ALL_BACK: lambda r, e: (
        r.restored is not None
        and not any(to_bring_back(target) and not left_out(r, target) for target in r.targets)
        and not unfinished(r, e.host)
    ),
}
"""What the tables cannot say: facts that a move rests on."""


def _allowed(rotation: Rotation, event: Happened) -> bool:
    fact = _FACTS.get(event.kind)
    return fact is None or fact(rotation, event)


_BESIDE = (Kind.READ,)
"""What changes nothing of what it waits for."""

_STILL = (Kind.READ, Kind.HALTED, Kind.GATE_SHUT)
"""What happens while it stands still, so that who is waited for is waited for since the same time."""


def legal(rotation: Rotation, kind: Kind) -> bool:
    """Whether this can happen in that state at all."""
    return kind in MOVES[rotation.state]


def advance(rotation: Rotation, event: Happened) -> Rotation:
    """The rotation after what happened; unchanged when that cannot happen there (a late or repeated message)."""
    entry = MOVES[rotation.state].get(event.kind)
    if entry is None or not _allowed(rotation, event):
        return rotation
    state, move = entry
    running = rotation if event.kind in _BESIDE else replace(rotation, waiting_on=WaitingOn.NOTHING, why="", due=None)
    if event.kind not in _STILL:
        running = replace(running, awaits=(), awaited_since=None)
    moved = move(running, event)
    return moved if state is None else replace(moved, state=state)


def next_action(rotation: Rotation, now: datetime) -> Action:
    """What is to be done now. Total: every state has an answer."""
    if rotation.closed:
        return Action.NOTHING
    if rotation.due is not None and now < rotation.due:
        return Action.REST
    return _BY_STATE[rotation.state](rotation, now)


def _until(moment: datetime | None, now: datetime, action: Action) -> Action:
    return Action.REST if moment is not None and now < moment else action


def _creating_action(rotation: Rotation) -> Action:
    if rotation.new is None:
        return Action.CREATE
    return Action.PROVE if rotation.crash is CrashClass.NAMED else Action.STAGE


def _overlap_until(rotation: Rotation) -> datetime | None:
    """Until when both keys are to work; there is nothing to wait for once a person says that the old one was deleted."""
    return None if rotation.policy.old_gone else rotation.overlap_until


def _retiring(rotation: Rotation, _: datetime) -> Action:
    if rotation.revoked is None:
        return Action.REVOKE
    return Action.CONFIRM if rotation.dead is None else Action.TIDY


_BY_STATE: Mapping[S, Callable[[Rotation, datetime], Action]] = {
    S.PLANNED: lambda _r, _n: Action.CREATE,
    S.CREATING: lambda r, _n: _creating_action(r),
    S.STAGED: lambda _r, _n: Action.PROVE,
    S.VERIFIED: lambda _r, _n: Action.WRITE,
    S.DISTRIBUTING: lambda _r, _n: Action.WRITE,
    S.OVERLAP: lambda r, now: _until(_overlap_until(r), now, Action.GATE),
    S.DISABLED: lambda r, now: _until(r.soak_until, now, Action.GATE),
    S.RETIRING: _retiring,
    S.DONE: lambda _r, _n: Action.NOTHING,
    S.ROLLING_BACK: lambda r, _n: Action.RESTORE if r.restored is None else Action.WRITE_BACK,
    S.RB_WAIT: lambda r, now: _until(r.back_until, now, Action.DELETE_NEW),
    S.ABORTED: lambda _r, _n: Action.NOTHING,
}


def rests_until(rotation: Rotation) -> datetime | None:
    """Until when there is nothing to do; None when something can be tried at any time."""
    if rotation.due is not None:
        return rotation.due
    by_state = {S.OVERLAP: _overlap_until(rotation), S.DISABLED: rotation.soak_until, S.RB_WAIT: rotation.back_until}
    return by_state.get(rotation.state)
