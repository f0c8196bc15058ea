"""Writing the new key to every target, three-way: what holds the old key is written, what holds the new one is done, else a conflict.

Keys of one group that share a secret are written at once; each key's rotation records the write as its own.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta

from keyward.ledger.records import RotationState, WaitingOn
from keyward.model.capability import Can, CrashClass
from keyward.model.errors import Ambiguous, Conflict, Gone, Refused, SourceError
from keyward.model.ids import SecretRef
from keyward.model.secretinfo import Payload
from keyward.rotation.acceptance import accepted_here
from keyward.rotation.by_person import lost_again
from keyward.rotation.consumers.tell import slowest, tell
from keyward.rotation.emergency import unstoppable
from keyward.rotation.fresh import read_or_make
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.hold import holding
from keyward.rotation.overtaken import overtaken
from keyward.rotation.places import Holds, Swap, done, holds, mark_of, rows_after_write, spliced, swap_at
from keyward.rotation.relay import complete
from keyward.rotation.state import Target, TargetStatus
from keyward.rotation.whose import within_reach
from keyward.rotation.work import Work, told

STEP = "write"
GROUP_PATIENCE = timedelta(minutes=30)
"""How long a key waits for another one of its group that shares a secret with it."""

_AGAIN = 5.0
_BEFORE_WRITING = (RotationState.PLANNED, RotationState.CREATING, RotationState.STAGED)
_WRITING = (RotationState.VERIFIED, RotationState.DISTRIBUTING)


@dataclass(frozen=True, slots=True)
class Part:
    """One target of one rotation in a secret that is about to be written, with what it holds now."""

    work: Work
    target: Target
    holds: Holds
    readable: bool = True

    @property
    def now(self) -> Target:
        """The target as it stands by now."""
        return self.work.rotation.target(self.target.at, self.target.host)


def distribute(works: Sequence[Work]) -> None:
    """Write every target of these rotations (one group) that this host can reach and that is not written yet, then cut over those that are complete."""
    ready = [work for work in works if work.rotation.state in _WRITING and not _waits_for_others(work, works)]
    for work in ready:
        work.halted = False
    ready = [work for work in ready if accepted_here(work)]
    if not ready:
        return
    secrets = sorted({target.secret for work in ready for target in _todo(work)})
    with ExitStack() as stack:
        for secret in secrets:
            stack.enter_context(holding(ready[0], secret))
        read = {secret: _read(secret, ready) for secret in secrets}
        # All of a key's places are looked at before any is written: with a conflict in one, the others stay as they are.
        for part in (part for _, parts in read.values() for part in parts):
            _compare(part)
        for secret, (payload, parts) in read.items():
            going = [part for part in parts if not part.work.halted and _open(part.now)]
            if going and payload is not None:
                _write(secret, payload, going)
    for work in ready:
        _conclude(work)


def _conclude(work: Work) -> None:
    """Cut over where this host was the last to write; else say what is waited for."""
    if _todo(work) or not tell(work):
        if not work.halted:
            work.halt(WaitingOn.PROVIDER, "not every target is written yet", seconds=_AGAIN, step=STEP)
    elif complete(work, slowest(work)):
        until = work.ctx.now + work.rotation.policy.grace
        event = Happened(Kind.ALL_WRITTEN, work.ctx.now, until=until, host=work.reach.host)
        work.happened(event, "cut-over", overlap_until=until)


def _todo(work: Work) -> list[Target]:
    """What is still to be written, and can be from here."""
    return [target for target in within_reach(work.rotation, work.reach.host) if _open(target)]


def _open(target: Target) -> bool:
    """Whether it is still to be written: it is not, and was not given up."""
    return not target.written and target.status is not TargetStatus.GIVEN_UP


def _waits_for_others(work: Work, works: Sequence[Work]) -> bool:
    """Whether another key of the group will soon be ready for the same secret, so one write can do for both."""
    here = work.reach.host
    mine = {target.secret for target in within_reach(work.rotation, here) if not target.written}
    for other in works:
        unready = other.rotation.state in _BEFORE_WRITING and other.rotation.waiting_on in (
            WaitingOn.NOTHING,
            WaitingOn.PROVIDER,
        )
        began = work.rotation.began or work.ctx.now
        patient = work.ctx.now - began < GROUP_PATIENCE
        if unready and patient and mine & {target.secret for target in within_reach(other.rotation, here)}:
            why = f"{other.rotation.old.id} is to be written to the same secret"
            work.halt(WaitingOn.PROVIDER, why, seconds=_AGAIN, step=STEP)
            return True
    return False


def _read(secret: SecretRef, works: Sequence[Work]) -> tuple[Payload | None, list[Part]]:
    """The secret as it is now, and what each key's part of it holds; None when it cannot be read, which holds up its keys."""
    todo = [(work, target) for work in works for target in _todo(work) if target.secret == secret]
    first = todo[0][0]
    store = first.reach.store(secret)
    try:
        for mark in {mark_of(work.rotation) for work, target in todo if target.intent}:
            store.sweep(secret, mark, first.ctx)
        payload = read_or_make(secret, todo)
    except (Refused, SourceError, Gone) as error:
        for work, target in todo:
            _hold_up(work, target, TargetStatus.REFUSED, WaitingOn.BLOCKED, f"cannot be read: {told(error)}")
        return None, [Part(work, target, Holds.NOTHING, readable=False) for work, target in todo]
    return payload, [Part(work, target, _holds(work, target, payload)) for work, target in todo]


def _holds(work: Work, target: Target, payload: Payload) -> Holds:
    if target.fresh and not payload.data:
        return Holds.OLD  # a place that never held a key is as good to write to as one that holds the old key
    return holds(
        payload,
        target.place.part,
        work.reach.fingerprints,
        old=work.rotation.old,
        new=work.new,
    )


def _compare(part: Part) -> None:
    """A place that holds neither key holds up the rotation; one that cannot be read did so when it was read."""
    if part.readable and part.holds not in (Holds.NEW, Holds.OLD):
        why = f"holds {part.holds.value}, neither the old key nor the new one; nothing was overwritten"
        _hold_up(part.work, part.target, TargetStatus.CONFLICT, WaitingOn.CONFLICT, why)


def _write(secret: SecretRef, payload: Payload, parts: Sequence[Part]) -> None:
    """One write for all parts that still hold the old key; then read back, compare, and move the aliases."""
    pending = []
    fresh = [part for part in parts if part.holds is Holds.NEW and part.target.intent and not done(part.target)]
    if fresh and not _uncovered(secret, payload, fresh):
        return
    for part in parts:
        if done(part.now):
            continue
        if part.holds is Holds.NEW:
            _written(part.work, part.target, payload.version, "it held the new key already")
        else:
            pending.append(part)
    if pending and not _write_pending(secret, payload, pending):
        return
    for part in parts:
        _move_aliases(part)


def _write_pending(secret: SecretRef, payload: Payload, parts: Sequence[Part]) -> bool:
    swaps = _swaps(payload, parts)
    if swaps is None:
        return False
    first = parts[0].work
    try:
        data = spliced(payload, swaps)
        for part in parts:
            _intend(part, payload, len(parts))
        first.guard()
        first.reach.sightings.forget(secret)
        store = first.reach.store(secret)
        wrote = store.write(secret, data, first.ctx, expect=payload.token, mark=mark_of(first.rotation)).id
    except Conflict as error:
        return _overtaken(secret, parts, error)
    except Refused as error:
        _hold_up_all(parts, TargetStatus.REFUSED, WaitingOn.REFUSED, told(error))
        return False
    except Ambiguous:
        wrote = ""  # reading back tells
    return _read_back(secret, parts, wrote)


def _swaps(payload: Payload, parts: Sequence[Part]) -> list[Swap] | None:
    """What is to be replaced by what; None when a value cannot be had, which holds up its key."""
    swaps: list[Swap] = []
    for part in parts:
        work = part.work
        new = work.value(work.new)
        if new is None and work.rotation.crash is CrashClass.PERSON:
            work.halt(WaitingOn.PERSON, lost_again(work), step=STEP)
            return None
        swap = swap_at(payload, part.target.place.part, work.rotation.old, work.new, new)
        if swap is None:
            work.halt(WaitingOn.PROVIDER, "the new key's value cannot be read just now", seconds=_AGAIN, step=STEP)
            return None
        swaps.append(swap)
        if Can.READ_VALUE in work.provider.can and not part.target.fresh:
            work.reach.values.keep(work.rotation.old.id, swap.old)  # for the probes after its end
    return swaps


def _overtaken(secret: SecretRef, parts: Sequence[Part], error: Conflict) -> bool:
    """Somebody else wrote since the secret was read: what keyward's own write covered up is put right, all else is left to a person."""
    if _covered(secret, parts):
        return _uncovered(secret, parts[0].work.reach.read(secret), parts)
    _hold_up_all(parts, TargetStatus.CONFLICT, WaitingOn.CONFLICT, f"changed just before it was written: {error}")
    return False


def _targets(parts: Sequence[Part]) -> list[tuple[Work, Target]]:
    return [(part.work, part.now) for part in parts]


def _covered(secret: SecretRef, parts: Sequence[Part]) -> bool:
    """Whether the write was done all the same, on top of somebody else's version."""
    work = parts[0].work
    try:
        now = work.reach.store(secret).read(secret, work.ctx)
        return overtaken(secret, now, _targets(parts)) is not None
    except (Refused, SourceError, Gone):
        return False


def _uncovered(secret: SecretRef, now: Payload, parts: Sequence[Part]) -> bool:
    """Put a version that keyward's own write covered up on top again, with the new key in it; True when there is none, or it was done."""
    found = overtaken(secret, now, _targets(parts))
    if found is None:
        return True
    first = parts[0].work
    for part in parts:
        what = f"write version {found.version} of {secret} again, which came just before, with the new key in it"
        part.work.intend(STEP, what, target=part.target.at, before=now.version)
    try:
        version = first.reach.store(secret).write(
            secret, found.data, first.ctx, expect=now.token, mark=mark_of(first.rotation)
        )
    except Conflict as error:
        _hold_up_all(parts, TargetStatus.CONFLICT, WaitingOn.CONFLICT, f"changed just before it was written: {error}")
        return False
    except Ambiguous:
        return _read_back(secret, parts, "")
    return _read_back(secret, parts, version.id)


def _intend(part: Part, payload: Payload, keys: int) -> None:
    target, work = part.target, part.work
    aliases = target.aliases
    if payload.version != target.before and Can.ALIASES in work.reach.store(target.secret).can:
        info = work.reach.store(target.secret).get(target.secret, work.ctx, versions=False)
        aliases = tuple(sorted(name for name, version in info.aliases.items() if version == payload.version))
    begun = replace(
        target, status=TargetStatus.TODO, before=payload.version, aliases=aliases, intent=True, why="", told=()
    )
    event = Happened(Kind.TARGET, work.ctx.now, target=begun)
    work.intend(STEP, f"write {target.at}", target=target.at, event=event, before=payload.version, keys=keys)


def _read_back(secret: SecretRef, parts: Sequence[Part], wrote: str) -> bool:
    first = parts[0].work
    try:
        payload = first.reach.read(secret)
    except (Refused, SourceError) as error:
        if wrote and getattr(error, "status", "") == "denied":
            for part in parts:
                _written(part.work, part.target, wrote, f"written, not readable: {told(error)}", TargetStatus.UNREAD)
            return True
        for part in parts:
            why = f"{part.target.at} cannot be read back: {told(error)}"
            part.work.halt(WaitingOn.PROVIDER, why, seconds=_AGAIN, step=STEP)
        return False
    good = True
    for part in parts:
        found = _holds(part.work, part.target, payload)
        if found is Holds.NEW:
            _written(part.work, part.target, payload.version, "read back and equal")
        elif found is Holds.OLD:
            why = f"{part.target.at} does not show the new key yet"
            part.work.halt(WaitingOn.PROVIDER, why, seconds=_AGAIN, step=STEP)
            good = False
        else:
            why = f"holds {found.value} right after it was written"
            _hold_up(part.work, part.target, TargetStatus.CONFLICT, WaitingOn.CONFLICT, why)
            good = False
    return good


def _written(work: Work, target: Target, version: str, evidence: str, status: TargetStatus = TargetStatus.DONE) -> None:
    now = work.rotation.target(target.at, target.host)
    read = work.ctx.now if status is TargetStatus.DONE else None
    finished = replace(now, status=status, after=version, why="", read=read)
    work.happened(
        Happened(Kind.TARGET, work.ctx.now, target=finished),
        STEP,
        target=target.at,
        placements=rows_after_write(work.rotation, finished, work.reach.store(target.secret).can, work.ctx.now),
        before=now.before,
        after=version,
        evidence=evidence,
    )


def _move_aliases(part: Part) -> None:
    """Point the names that readers use for the version before at the one that was written."""
    work, target = part.work, part.now
    at, store = target.at, work.reach.store(target.secret)
    for alias in target.aliases:
        target = part.now
        if alias in target.moved:
            continue
        work.intend("alias", f"move alias {alias} of {target.secret}", target=at, before=target.before, alias=alias)
        try:
            store.move_alias(target.secret, alias, target.after, work.ctx)
        except (Conflict, Refused) as error:
            _hold_up(work, target, target.status, WaitingOn.CONFLICT, f"alias {alias} was not moved: {error}")
            return
        moved = replace(target, moved=(*target.moved, alias))
        event = Happened(Kind.TARGET, work.ctx.now, target=moved)
        evidence = f"{alias} -> {target.after}"
        work.happened(event, "alias", target=at, before=target.before, after=target.after, evidence=evidence)


def _hold_up_all(parts: Sequence[Part], status: TargetStatus, waiting_on: WaitingOn, why: str) -> None:
    for part in parts:
        _hold_up(part.work, part.target, status, waiting_on, why)


def _hold_up(work: Work, target: Target, status: TargetStatus, waiting_on: WaitingOn, why: str) -> None:
    """Record why a target cannot be written, and stand still; an emergency may go on without it."""
    now = work.rotation.target(target.at, target.host)
    if unstoppable(work.rotation.policy):
        given_up = replace(now, status=TargetStatus.GIVEN_UP, why=why)
        evidence = f"given up, its readers fail when the old key goes: {why}"
        work.happened(
            Happened(Kind.TARGET, work.ctx.now, target=given_up), STEP, target=target.at, ok=False, evidence=evidence
        )
        return
    if (now.status, now.why) != (status, why):  # said once, not at every tick
        event = Happened(Kind.TARGET, work.ctx.now, target=replace(now, status=status, why=why))
        work.happened(event, STEP, target=target.at, ok=False, evidence=why)
    work.halt(waiting_on, f"{work.said(target)} {why}", step=STEP)
