"""Doing it: ticks that take the lease, do what can be done now, and stop with the reason. Resuming is the same code."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

from keyward.ledger.records import Lease, RotationState, WaitingOn
from keyward.model.errors import (
    Ambiguous,
    Conflict,
    Gone,
    Held,
    KeywardError,
    NeedsPerson,
    Refused,
    SourceError,
    UnknownKey,
)
from keyward.model.events import Finished
from keyward.rotation.create import create
from keyward.rotation.distribute import distribute
from keyward.rotation.fenced import take_back
from keyward.rotation.gate import gate
from keyward.rotation.genuine import check
from keyward.rotation.happened import Action, Happened, Kind
from keyward.rotation.ladder import counted
from keyward.rotation.machine import legal
from keyward.rotation.next_action import next_action
from keyward.rotation.outcome import Outcome
from keyward.rotation.policy import OnFailure
from keyward.rotation.prove import prove
from keyward.rotation.reach import Reach
from keyward.rotation.reread import read_own
from keyward.rotation.retire import confirm, revoke
from keyward.rotation.stage import stage
from keyward.rotation.state import from_row
from keyward.rotation.tidy import tidy
from keyward.rotation.undo import check_possible, delete_new, read_own_back, restore, write_back
from keyward.rotation.whose import LONG_AGO, reading_due
from keyward.rotation.work import Work, told

STEPS: Mapping[Action, Callable[[Work], None]] = {
    Action.CREATE: create,
    Action.STAGE: stage,
    Action.PROVE: prove,
    Action.GATE: gate,
    Action.REVOKE: revoke,
    Action.CONFIRM: confirm,
    Action.TIDY: tidy,
    Action.RESTORE: restore,
    Action.WRITE_BACK: write_back,
    Action.DELETE_NEW: delete_new,
}
_IDLE = (Action.REST, Action.NOTHING)
_AGAIN = 30.0
_MOST_PASSES = 100
"""A tick is short: a dozen passes do the longest. More means that a provider keeps changing its mind; the next tick goes on."""


def tick(reach: Reach, rotation_id: str) -> tuple[Outcome, ...]:
    """Do what can be done now for a rotation and for those that share a secret with it; one outcome for each.

    Raises:
        Held: somebody else works on one of them.
        UnknownKey: there is no such rotation.
        Interrupted: cancelled; what was begun can be resumed.
    """
    leases: list[Lease] = []
    try:
        return work_on(reach, _take(reach, rotation_id, leases))
    finally:
        for lease in leases:
            reach.ledger.release(lease)


def _take(reach: Reach, rotation_id: str, leases: list[Lease]) -> list[Work]:
    """Take the leases of a rotation and of its open group, in the order of their ids, so two processes never wait in a circle."""
    row = reach.ledger.rotation(rotation_id)
    if row is None:
        raise UnknownKey(f"There is no rotation {rotation_id!r}.", hint="`keyward history` lists them.")
    group = reach.ledger.rotations(open_only=True, group=row.group) if row.group else []
    ids = {row.id} | {member.id for member in group}
    worker = reach.worker()
    for member in sorted(ids):
        lease = reach.ledger.acquire(f"rotation:{member}", worker, reach.lease_seconds)
        leases.append(lease)  # those taken before one is refused must be given back
    works = []
    for lease, member in zip(leases, sorted(ids), strict=True):
        fresh = reach.ledger.rotation(member)
        if fresh is not None:
            rotation = from_row(fresh)
            check(reach, rotation)
            works.append(Work(reach, lease, rotation))
    return works


def work_on(reach: Reach, works: Sequence[Work]) -> tuple[Outcome, ...]:
    """Do what can be done now for these rotations, whose leases are held."""
    before = [work.rotation for work in works]
    resting = set(_read_for_others(works))
    idle = set(resting)
    moving, passes = True, 0
    while moving and passes < _MOST_PASSES:
        moving, passes = False, passes + 1
        for work in works:
            action = next_action(work.rotation, reach.ctx.now)
            if action in _IDLE or action is Action.WRITE or work.rotation.id in resting:
                continue
            moving = True
            _safely(work, STEPS[action])
            _settle(work, resting)
        writing = [work for work in works if work.rotation.id not in resting and _writes(work)]
        if writing:
            moving = True
            _write(works, writing, resting)
    for work in works:
        work.flush()
    if reach.unattended:
        for work, was in zip(works, before, strict=True):
            if work.rotation.id in idle:
                continue
            work.put_off(counted(was, work.rotation, reach.ctx.now))
    outcomes = tuple(Outcome.of(work.rotation) for work in works)
    for outcome in outcomes:
        reach.ctx.report(Finished(outcome.rotation, outcome.state.value, outcome.why))
    return outcomes


def _read_for_others(works: Sequence[Work]) -> Iterator[str]:
    """Read what other hosts go by this one's reading of, where that is due; gives the rotations with which no more is to be done now."""
    for work in works:
        now = work.ctx.now
        due = reading_due(work.rotation, work.reach.host, LONG_AGO)
        if due is not None and due <= now:
            _safely(work, read_own_back if work.rotation.failure else read_own)
            retry = work.rotation.retry_at
            if work.halted or (work.reach.unattended and retry is not None and now < retry):
                yield work.rotation.id


def _writes(work: Work) -> bool:
    return next_action(work.rotation, work.ctx.now) is Action.WRITE


def _write(works: Sequence[Work], writing: Sequence[Work], resting: set[str]) -> None:
    """One pass over the targets of the whole group; what goes wrong outside of one key's own target holds up all that write."""
    others = [work for work in works if work not in writing and not work.rotation.closed]
    try:
        for work in writing:
            work.begin()
        distribute([*writing, *others])
    except (SourceError, Ambiguous, Refused, Conflict, Gone, NeedsPerson) as error:
        for work in writing:
            if _writes(work):
                _hold_up(work, error)
    for work in writing:
        _settle(work, resting)


def _settle(work: Work, resting: set[str]) -> None:
    """After a step: roll back what failed where that is wanted, and leave alone what waits."""
    rotation = work.rotation
    failed = rotation.waiting_on in (WaitingOn.CONFLICT, WaitingOn.REFUSED) and rotation.cutover is None
    wanted = rotation.policy.on_failure is OnFailure.ROLLBACK and not rotation.policy.interactive
    if failed and wanted and not rotation.failure and legal(rotation, Kind.UNDO) and _can_go_back(work):
        why = f"rolled back: {rotation.why}"
        work.happened(Happened(Kind.UNDO, work.ctx.now, why=why), "undo", ok=False, evidence=why)
    elif rotation.waiting_on is not WaitingOn.NOTHING:
        resting.add(rotation.id)


def _can_go_back(work: Work) -> bool:
    """Whether a rollback would come to its end; one that would not is never begun by itself."""
    try:
        check_possible(work)
    except (NeedsPerson, SourceError, Refused):
        return False
    return True


def _safely(work: Work, step: Callable[[Work], None]) -> None:
    """Run a step; what the other side said becomes the reason for standing still. A lost lease or a cancelled run goes on up."""
    try:
        work.begin()
        step(work)
    except Held:
        take_back(work)
        raise
    except (SourceError, Ambiguous, Refused, Conflict, Gone, NeedsPerson) as error:
        _hold_up(work, error)


def _hold_up(work: Work, error: KeywardError) -> None:
    if isinstance(error, SourceError) and error.status not in ("denied", "disabled"):
        seconds = max(1.0, error.retry_after or _AGAIN)
        work.halt(WaitingOn.PROVIDER, told(error), seconds=seconds)
    elif isinstance(error, Ambiguous):
        work.halt(WaitingOn.PROVIDER, told(error), seconds=_AGAIN)
    elif isinstance(error, (SourceError, Gone)):
        work.halt(WaitingOn.BLOCKED, told(error))
    elif isinstance(error, Refused):
        work.halt(WaitingOn.REFUSED, told(error))
    else:
        work.halt(WaitingOn.CONFLICT if isinstance(error, Conflict) else WaitingOn.PERSON, str(error))


def undo(reach: Reach, rotation_id: str, reason: str) -> tuple[Outcome, ...]:
    """Turn a rotation round, and do what can be done now. Other keys of its group keep what they have.

    Raises:
        NeedsPerson: the old key cannot come back, or it was undone already.
        Held: somebody else works on it.
        UnknownKey: there is no such rotation.
    """
    row = reach.ledger.rotation(rotation_id)
    if row is None:
        raise UnknownKey(f"There is no rotation {rotation_id!r}.", hint="`keyward history` lists them.")
    lease = reach.ledger.acquire(f"rotation:{row.id}", reach.worker(), reach.lease_seconds)
    try:
        fresh = from_row(reach.ledger.rotation(row.id) or row)
        check(reach, fresh)
        work = Work(reach, lease, fresh)
        if work.rotation.state is RotationState.ABORTED:
            raise NeedsPerson(
                f"Rotation {row.id} was rolled back already ({work.rotation.failure}).",
                hint=f"To begin anew: keyward rotate {row.credential}",
            )
        if legal(work.rotation, Kind.UNDO):
            check_possible(work)
            why = f"undone: {reason}" if reason else "undone"
            work.happened(Happened(Kind.UNDO, work.ctx.now, why=why), "undo", evidence=why, reason=reason)
        return work_on(reach, [work])
    finally:
        with suppress(KeywardError):
            reach.ledger.release(lease)
