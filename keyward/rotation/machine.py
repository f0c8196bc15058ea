"""The machine: (rotation, what happened) -> rotation, and rotation -> what is to be done next. Pure and total.

    planned -> creating -> (staged) -> verified -> distributing -> overlap -> (disabled) -> retiring -> done
    rolling back -> rollback waiting -> aborted          reached from everywhere by an undo

Two rules hold by construction, and the tests walk every pair to see it: the old key leaves "usable" only after an overlap, and the
new key is deleted only after every target was brought back, or while nothing holds it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from keyward.ledger.records import RotationState as S
from keyward.ledger.records import WaitingOn
from keyward.rotation.policy import Policy
from keyward.rotation.state import KeyFacts, Rotation, Target, TargetStatus


class Kind(StrEnum):
    """What can happen to a rotation."""

    CREATING = "creating"
    SPENT = "spent"
    MADE = "made"
    STAGED = "staged"
    PROVED = "proved"
    TARGET = "target"
    ALL_WRITTEN = "all-written"
    DRIFTED = "drifted"
    DISABLED = "disabled"
    GATE_OPEN = "gate-open"
    GATE_SHUT = "gate-shut"
    REVOKING = "revoking"
    REVOKED = "revoked"
    PROBED = "probed"
    DEAD = "dead"
    TIDIED = "tidied"
    UNDO = "undo"
    RESTORED = "restored"
    ALL_BACK = "all-back"
    NEW_GONE = "new-gone"
    HALTED = "halted"
    AMENDED = "amended"


class Action(StrEnum):
    """What is to be done next."""

    CREATE = "create"
    STAGE = "stage"
    PROVE = "prove"
    WRITE = "write"
    GATE = "gate"
    REVOKE = "revoke"
    CONFIRM = "confirm"
    TIDY = "tidy"
    RESTORE = "restore"
    WRITE_BACK = "write-back"
    DELETE_NEW = "delete-new"
    REST = "rest"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Happened:
    """Something happened at `at` (UTC). The other fields belong to some kinds only.

    `key`: the successor (MADE, PROVED). `verdict`: of which proof (PROVED) or death (DEAD). `target`: as it is now (TARGET, DRIFTED). `until`:
    when a stage of waiting ends (ALL_WRITTEN, DISABLED, REVOKED, ALL_BACK) or when to try again (HALTED, PROBED). `alive`: what a probe
    said; None when it said nothing. `waiting_on`, `why`: why it stands still (HALTED, GATE_SHUT), or why it is undone (UNDO). `policy`, `added`: what a
    person decided meanwhile, and places that are targets from now on (AMENDED).
    """

    kind: Kind
    at: datetime
    key: KeyFacts | None = None
    verdict: str = ""
    target: Target | None = None
    until: datetime | None = None
    alive: bool | None = None
    waiting_on: WaitingOn = WaitingOn.NOTHING
    why: str = ""
    notes: tuple[str, ...] = ()
    policy: Policy | None = None
    added: tuple[Target, ...] = ()


Move = Callable[[Rotation, Happened], Rotation]


def _same(rotation: Rotation, _: Happened) -> Rotation:
    return rotation


def _creating(rotation: Rotation, _: Happened) -> Rotation:
    return replace(rotation, tried=True)


def _spent(rotation: Rotation, _: Happened) -> Rotation:
    return replace(rotation, attempt=rotation.attempt + 1, tried=False)


def _made(rotation: Rotation, event: Happened) -> Rotation:
    return replace(rotation, new=event.key, made=event.at)


def _proved(rotation: Rotation, event: Happened) -> Rotation:
    return replace(rotation, verdict=event.verdict, new=event.key or rotation.new)


def _target(rotation: Rotation, event: Happened) -> Rotation:
    return rotation if event.target is None else rotation.with_target(event.target)


def _all_written(rotation: Rotation, event: Happened) -> Rotation:
    # Nothing but targets that were written makes a cut-over, whatever the caller believes.
    return replace(rotation, cutover=event.at, overlap_until=event.until)


def _drifted(rotation: Rotation, event: Happened) -> Rotation:
    return replace(_target(rotation, event), cutover=None, overlap_until=None, revoking=False)


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
    return replace(rotation, failure=event.why or "undone", restored=None, back_until=None)


def _restored(rotation: Rotation, event: Happened) -> Rotation:
    # The old key is alive again: what was known of its end holds no more.
    return replace(rotation, restored=event.at, revoking=False, revoked=None, undo_until=None, dead=None, confirmed="")


def _all_back(rotation: Rotation, event: Happened) -> Rotation:
    return replace(rotation, back_until=event.until)


def _halted(rotation: Rotation, event: Happened) -> Rotation:
    return replace(rotation, waiting_on=event.waiting_on, why=event.why, due=event.until)


def _shut(rotation: Rotation, event: Happened) -> Rotation:
    return replace(_halted(rotation, event), revoking=False)


def _amended(rotation: Rotation, event: Happened) -> Rotation:
    """A person's decision on a rotation that is under way. With a new target, every target is looked at again before any end."""
    known = {target.at for target in rotation.targets}
    added = tuple(target for target in event.added if target.at not in known)
    changed = replace(rotation, policy=event.policy or rotation.policy, targets=rotation.targets + added)
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
    S.PLANNED: {**_UNDO, Kind.CREATING: (S.CREATING, _creating)},
    S.CREATING: {
        **_UNDO,
        Kind.CREATING: (None, _creating),
        Kind.SPENT: (None, _spent),
        Kind.MADE: (None, _made),
        Kind.STAGED: (S.STAGED, _same),
        Kind.PROVED: (S.VERIFIED, _proved),
    },
    S.STAGED: {**_UNDO, Kind.PROVED: (S.VERIFIED, _proved)},
    S.VERIFIED: {**_UNDO, Kind.TARGET: (S.DISTRIBUTING, _target)},
    S.DISTRIBUTING: {**_UNDO, Kind.TARGET: (None, _target), Kind.ALL_WRITTEN: (S.OVERLAP, _all_written)},
    S.OVERLAP: {
        **_UNDO,
        Kind.DRIFTED: (S.DISTRIBUTING, _drifted),
        Kind.GATE_SHUT: (None, _shut),
        Kind.DISABLED: (S.DISABLED, _disabled),
        Kind.GATE_OPEN: (S.RETIRING, _same),
    },
    S.DISABLED: {**_UNDO, Kind.GATE_OPEN: (S.RETIRING, _same), Kind.GATE_SHUT: (None, _shut)},
    S.RETIRING: {
        **_UNDO,
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
        Kind.ALL_BACK: (S.RB_WAIT, _all_back),
    },
    S.RB_WAIT: {
        **_HALT,
        Kind.AMENDED: (None, _amended),
        Kind.DRIFTED: (S.ROLLING_BACK, _target),
        Kind.NEW_GONE: (S.ABORTED, _tidied),
    },
    S.ABORTED: {},
}


def _allowed(rotation: Rotation, event: Happened) -> bool:  # noqa: PLR0911  # one return for each kind of fact
    """What the tables cannot say: facts that a move rests on."""
    if event.kind is Kind.PROVED:
        return rotation.new is not None
    if event.kind is Kind.ALL_WRITTEN:
        return bool(rotation.targets) and all(target.written for target in rotation.targets)
    if event.kind in (Kind.GATE_OPEN, Kind.DISABLED):
        return rotation.cutover is not None
    if event.kind in (Kind.REVOKING, Kind.DRIFTED, Kind.GATE_SHUT) and rotation.state is S.RETIRING:
        return rotation.revoked is None
    if event.kind is Kind.AMENDED:
        return not event.added or (rotation.revoked is None and not rotation.failure)
    if event.kind is Kind.REVOKED:
        return rotation.revoking
    if event.kind in (Kind.PROBED, Kind.DEAD):
        return rotation.revoked is not None
    if event.kind is Kind.TIDIED:
        return rotation.dead is not None
    if event.kind is Kind.ALL_BACK:
        return rotation.restored is not None and not any(holds_new(target) for target in rotation.targets)
    return True


def holds_new(target: Target) -> bool:
    """Whether a target may hold the new key: it was written, or a write was begun, and it was not brought back since."""
    return target.status not in (TargetStatus.BACK, TargetStatus.LEFT) and (target.intent or bool(target.after))


def legal(rotation: Rotation, kind: Kind) -> bool:
    """Whether this can happen in that state at all."""
    return kind in MOVES[rotation.state]


def advance(rotation: Rotation, event: Happened) -> Rotation:
    """The rotation after what happened; unchanged when that cannot happen there (a late or repeated message)."""
    entry = MOVES[rotation.state].get(event.kind)
    if entry is None or not _allowed(rotation, event):
        return rotation
    state, move = entry
    running = replace(rotation, waiting_on=WaitingOn.NOTHING, why="", due=None)
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


def _retiring(rotation: Rotation, _: datetime) -> Action:
    if rotation.revoked is None:
        return Action.REVOKE
    return Action.CONFIRM if rotation.dead is None else Action.TIDY


_BY_STATE: Mapping[S, Callable[[Rotation, datetime], Action]] = {
    S.PLANNED: lambda _r, _n: Action.CREATE,
    S.CREATING: lambda r, _n: Action.CREATE if r.new is None else Action.PROVE,
    S.STAGED: lambda _r, _n: Action.PROVE,
    S.VERIFIED: lambda _r, _n: Action.WRITE,
    S.DISTRIBUTING: lambda _r, _n: Action.WRITE,
    S.OVERLAP: lambda r, now: _until(r.overlap_until, now, Action.GATE),
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
    by_state = {S.OVERLAP: rotation.overlap_until, S.DISABLED: rotation.soak_until, S.RB_WAIT: rotation.back_until}
    return by_state.get(rotation.state)
