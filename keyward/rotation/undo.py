"""Going back: the old key alive again and proved, then back in every target, then (after the readers' delay) the new one deleted."""

from collections.abc import Iterable
from dataclasses import replace

from keyward.ledger.records import RotationState, WaitingOn
from keyward.model.capability import Act, Can, CrashClass
from keyward.model.credential import Credential, State
from keyward.model.errors import Ambiguous, Conflict, Gone, NeedsPerson, NeedsValue, Refused
from keyward.model.ids import CredentialRef, SecretRef
from keyward.model.placement import Role
from keyward.model.secretinfo import Payload
from keyward.model.verdict import VerdictKind
from keyward.rotation import slot
from keyward.rotation.consumers.tell import reader_delay, slowest, tell
from keyward.rotation.fresh import read_or_nothing
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.hold import holding
from keyward.rotation.places import Holds, Swap, holds, mark_of, place_of, rows_after_write, spliced, swap_at
from keyward.rotation.relay import complete, needs_run
from keyward.rotation.slot import pending
from keyward.rotation.state import Target, TargetStatus
from keyward.rotation.tidy import disable_versions, sweep_made
from keyward.rotation.whose import FRESH, holds_new, left_out, reaches, to_bring_back, to_read, within_reach
from keyward.rotation.work import Work, told

STEP = "undo"
_AGAIN = 10.0


def check_possible(work: Work) -> None:
    """Make sure, before anything moves, that the old key can come back.

    Raises:
        NeedsPerson: it cannot.
    """
    rotation = work.rotation
    if not any(holds_new(target) for target in rotation.targets):
        return
    credential = work.look_up(rotation.old.ref)
    if rotation.crash is CrashClass.PERSON and rotation.policy.old_gone:
        raise NeedsPerson(
            f"{rotation.old.id} was deleted by a person, so rotation {rotation.id} cannot be undone.",
            hint="Its successor stays in use; swap that one if it is bad.",
        )
    if credential is None or credential.state is State.DELETED:
        raise NeedsPerson(
            f"{rotation.old.id} is deleted for good, so rotation {rotation.id} cannot be undone.",
            hint="Its successor stays in use; rotate that one if it is bad.",
        )
    if credential.expires is not None and credential.expires <= work.ctx.now:
        raise NeedsPerson(
            f"{rotation.old.id} has expired, so rotation {rotation.id} cannot be undone.",
            hint="Its successor stays in use; rotate that one if it is bad.",
        )
    way_back = Can.DISABLE if credential.state is State.DISABLED else Can.RESTORE
    if not credential.live and way_back not in work.provider.can:
        raise NeedsPerson(f"{rotation.old.id} is off and its provider cannot restore it.", hint="Rotate again instead.")
    if rotation.new is not None:
        _check_successor(work, rotation.new.id)
    if rotation.crash is CrashClass.PERSON:
        _check_value(work)


def _check_value(work: Work) -> None:
    """What a vendor shows only once has to be had, and to work, before anything moves: nobody can restore such a key."""
    old = work.rotation.old
    value = work.value(old)
    if value is None:
        raise NeedsValue(
            f"The value of {old.id} is kept nowhere any more, so it could not be written back.",
            credential=old.id,
            hint=f"If you still have it: keyward undo {work.rotation.id} at a terminal asks for it.",
        )
    verdict = work.probe(value, old.ref, old.id, "restore")
    if verdict.kind is VerdictKind.DEAD or (verdict.kind is VerdictKind.UNPROVED and work.rotation.revoked is not None):
        gone = "a person said that it was deleted" if work.rotation.revoked is not None else "it does not work any more"
        raise NeedsPerson(
            f"{old.id} cannot come back: {gone} ({verdict.evidence}).",
            hint="Its successor stays in use; swap that one if it is bad.",
        )


def _check_successor(work: Work, new: str) -> None:
    """What was made of the successor since comes first: bringing back the old key alone would leave it alive and in no place."""
    rows = [row for row in work.reach.ledger.rotations(credential=new) if row.state is not RotationState.ABORTED]
    if not rows:
        return
    row = max(rows, key=lambda row: row.id)
    what = "was replaced" if row.state is RotationState.DONE else "is being rotated"
    raise NeedsPerson(f"{new} {what} itself ({row.id}).", hint=f"First: keyward undo {row.id}")


def restore(work: Work) -> None:
    """Bring the old key back to life where it was off, and prove it before anything is written."""
    old = work.rotation.old
    needed = any(holds_new(target) for target in work.rotation.targets)
    credential = work.look_up(old.ref)
    if needed and credential is None:
        work.halt(WaitingOn.PERSON, f"{old.id} is deleted for good; the new key stays in its targets", step="restore")
        return
    if credential is not None and not credential.live and not _bring_back(work, credential):
        return
    if needed and not _proved(work):
        return
    work.happened(Happened(Kind.RESTORED, work.ctx.now), "restore", credential=old.id, evidence=f"{old.id} is alive")


def _bring_back(work: Work, credential: Credential) -> bool:
    act = Act.ENABLE if credential.state is State.DISABLED else Act.RESTORE
    work.intend("restore", f"{act.value} {credential.id}", etag=credential.etag)
    try:
        work.provider.act(act, credential.ref, work.ctx)
    except (Ambiguous, Conflict) as error:
        work.halt(WaitingOn.PROVIDER, f"no clear answer to {act.value}: {error}", seconds=_AGAIN, step="restore")
        return False
    except (Refused, Gone) as error:
        work.halt(WaitingOn.REFUSED, f"{act.value} was refused: {told(error)}", step="restore")
        return False
    return True


def _proved(work: Work) -> bool:
    old = work.rotation.old
    value = work.value(old)
    if value is None:
        work.halt(
            WaitingOn.PERSON, f"the value of {old.id} cannot be read, so it cannot be written back", step="restore"
        )
        return False
    verdict = work.probe(value, work.tried_as(old), old.id, "restore")
    if verdict.alive or (verdict.kind is VerdictKind.UNPROVED and work.rotation.policy.accept_unproved):
        return True
    evidence = f"{old.id} is restored but does not work yet ({verdict.kind.value}: {verdict.evidence})"
    hopeless = work.rotation.crash is CrashClass.PERSON and verdict.kind is VerdictKind.DEAD
    if hopeless or verdict.kind in (VerdictKind.BLOCKED, VerdictKind.UNPROVED):
        work.halt(WaitingOn.PERSON, evidence, step="restore")
    else:
        work.halt(WaitingOn.PROVIDER, evidence, seconds=_AGAIN, step="restore")
    return False


def write_back(work: Work) -> None:
    """Put the old key back wherever the new one is, and leave alone what holds anything else."""
    touched = [target for target in within_reach(work.rotation, work.reach.host) if to_bring_back(target)]
    for secret in sorted({target.secret for target in touched}, reverse=True):
        with holding(work, secret):
            if not _write_back(work, secret, [target for target in touched if target.secret == secret]):
                return
    if not tell(work, back=True) or not complete(work, slowest(work)):
        return
    written = any(target.back for target in work.rotation.targets)
    until = work.ctx.now + reader_delay(work) if written else work.ctx.now
    evidence = "every target holds the old key" if written else "the new key was in no target"
    work.happened(Happened(Kind.ALL_BACK, work.ctx.now, until=until, host=work.reach.host), STEP, evidence=evidence)


def _write_back(work: Work, secret: SecretRef, targets: list[Target]) -> bool:
    store = work.reach.store(secret)
    for mark in sorted({mark_of(work.rotation), work.rotation.id}):
        store.sweep(secret, mark, work.ctx)
    payload = read_or_nothing(work, secret, targets)
    swaps, back = [], []
    for target in targets:
        held = _held(work, payload, target)
        if held is Holds.OLD and target.status is TargetStatus.BACK:
            continue  # an earlier life brought it back, and came no further than that
        if held is not Holds.NEW:
            _settled(work, target, payload.version, held)
            continue
        swap = swap_at(payload, target.place.part, work.new, work.rotation.old, work.value(work.rotation.old))
        if swap is None:
            work.halt(WaitingOn.PROVIDER, "the old key's value cannot be read just now", seconds=_AGAIN, step=STEP)
            return False
        swaps.append(swap)
        back.append(target)
    if swaps and not _write(work, secret, payload, swaps, back):
        return False
    return _aliases_back(work, secret, targets)


def _write(work: Work, secret: SecretRef, payload: Payload, swaps: list[Swap], back: list[Target]) -> bool:
    store = work.reach.store(secret)
    for target in back:
        what = f"write the old key back to {target.at}"
        work.intend(STEP, what, target=target.at, before=payload.version)
    try:
        store.write(secret, spliced(payload, swaps), work.ctx, expect=payload.token, mark=work.rotation.id)
    except (Conflict, Ambiguous) as error:
        work.halt(WaitingOn.PROVIDER, f"{secret} was not surely written: {error}", seconds=_AGAIN, step=STEP)
        return False
    except Refused as error:
        work.halt(WaitingOn.REFUSED, f"{secret}: {told(error)}", step=STEP)
        return False
    after = store.read(secret, work.ctx)
    for target in back:
        held = _held(work, after, target)
        if held is Holds.NEW:
            work.halt(WaitingOn.PROVIDER, f"{target.at} does not show the old key yet", seconds=_AGAIN, step=STEP)
            return False
        _settled(work, target, after.version, held, before=payload.version)
    return True


def _held(work: Work, payload: Payload, target: Target) -> Holds:
    rotation = work.rotation
    return holds(payload, target.place.part, work.reach.fingerprints, old=rotation.old, new=rotation.new)


def _settled(work: Work, target: Target, version: str, held: Holds, before: str = "") -> None:
    """The target does not hold the new key (any more)."""
    status = TargetStatus.BACK if held is Holds.OLD else TargetStatus.LEFT
    back = version if status is TargetStatus.BACK else ""
    settled = replace(target, status=status, back=back, why="", told=(), read=work.ctx.now)
    can = work.reach.store(target.secret).can
    work.happened(
        Happened(Kind.TARGET, work.ctx.now, target=settled),
        STEP,
        target=target.at,
        placements=rows_after_write(work.rotation, settled, can, work.ctx.now, undone=True) if settled.back else (),
        before=before or target.after,
        after=version,
        evidence=f"holds {held.value}",
    )


def _aliases_back(work: Work, secret: SecretRef, targets: list[Target]) -> bool:
    """Names that were moved to the new key's version are moved to the one that holds the old key again."""
    store = work.reach.store(secret)
    if Can.ALIASES not in store.can:
        return True
    aliases = store.get(secret, work.ctx, versions=False).aliases
    for target in (work.rotation.target(target.at, target.host) for target in targets):
        for alias in target.aliases:
            if not target.back or aliases.get(alias) in (None, target.back, target.before):
                continue
            before = aliases[alias]
            work.intend("alias", f"move alias {alias} of {secret} back", target=target.at, before=before, alias=alias)
            try:
                store.move_alias(secret, alias, target.back, work.ctx)
            except (Conflict, Refused) as error:
                work.halt(WaitingOn.CONFLICT, f"alias {alias} of {secret} was not moved back: {error}", step=STEP)
                return False
            evidence = f"{alias} -> {target.back}"
            work.note(
                "outcome", "alias", target=target.at, ok=True, before=before, after=target.back, evidence=evidence
            )
        if target.aliases:
            event = Happened(Kind.TARGET, work.ctx.now, target=replace(target, aliases=(), moved=()))
            evidence = f"{', '.join(target.aliases)} lead to the old key"
            work.happened(event, STEP, target=target.at, evidence=evidence)
    return True


def delete_new(work: Work) -> None:
    """Delete the successor, once nothing holds it."""
    if not _still_back(work, within_reach(work.rotation, work.reach.host)):
        return
    for target in work.rotation.targets:
        if (
            reaches(work.reach.host, target)
            or target.status is not TargetStatus.BACK
            or left_out(work.rotation, target)
        ):
            continue
        if target.read is None or work.ctx.now - target.read > FRESH:
            hosts = (target.host,)
            why = f"{target.named} was not read within 24 h and {needs_run(work, hosts)}"
            work.halt(WaitingOn.HOST, why, hosts=hosts, step="delete-new")
            return
    elsewhere = _elsewhere(work)
    if elsewhere:
        why = f"{elsewhere} holds the new key too; put another one there, or --waive it"
        work.halt(WaitingOn.PERSON, why, step="delete-new")
        return
    by_hand = _made_by_hand(work)
    if not sweep_made(work, keep=None):
        return
    notes = _disable_written(work)
    if by_hand:
        how = work.provider.by_hand(Act.REVOKE, CredentialRef.parse(by_hand))
        notes += (f"{by_hand} is in use nowhere and only a person can delete it{f': {how}' if how else ''}",)
    elif work.rotation.crash is CrashClass.PERSON and work.rotation.tried:
        how = work.provider.by_hand(Act.REVOKE, work.rotation.old.ref)
        notes += (f"a new key was handed in and not taken over; whoever made it deletes it{f': {how}' if how else ''}",)
    work.happened(Happened(Kind.NEW_GONE, work.ctx.now, notes=notes), "delete-new", evidence=work.rotation.failure)
    if work.rotation.new is not None:
        work.reach.values.forget(work.rotation.new.id)
    work.reach.values.forget(work.rotation.old.id)


def read_own_back(work: Work) -> None:
    """Read this host's own places again, of which the others know only what is put down here: they hold the old key still."""
    if _still_back(work, to_read(work.rotation, work.reach.host)):
        event = Happened(Kind.READ, work.ctx.now, host=work.reach.host)
        work.happened(event, "re-read", evidence=f"read on {work.reach.host}: the old key is there")


def _still_back(work: Work, targets: Iterable[Target]) -> bool:
    """Whether none of these went to the new key again since it was brought back; one that did is brought back once more."""
    for target in targets:
        if target.status is not TargetStatus.BACK or work.rotation.new is None:
            continue
        payload = work.reach.store(target.secret).read(target.secret, work.ctx)
        if _held(work, payload, target) is Holds.NEW:
            again = replace(target, status=TargetStatus.DONE, back="", why="it went back to the new key")
            event = Happened(Kind.DRIFTED, work.ctx.now, target=again)
            work.happened(event, "drift", target=target.at, ok=False, evidence="it holds the new key again")
            return False
    return True


def _made_by_hand(work: Work) -> str:
    """The id of the successor that a person made, also one that came no further than the pending secret; empty when there is none."""
    if work.rotation.crash is not CrashClass.PERSON:
        return ""
    return slot.read(work).credential if work.rotation.new is None else work.rotation.new.id


def _disable_written(work: Work) -> tuple[str, ...]:
    """Versions that held the new key are of no use to anybody any more."""
    notes: list[str] = []
    for secret in sorted({target.secret for target in work.rotation.targets if target.back}):
        if Can.VERSIONS in work.reach.store(secret).can:
            held = {target.after for target in work.rotation.targets if target.secret == secret and target.after}
            notes.extend(disable_versions(work, secret, held, set()))
    return tuple(notes)


def _elsewhere(work: Work) -> str:
    """A place that holds the new key and is none of this rotation's targets, known before or found by a fresh look."""
    new, policy = work.rotation.new, work.rotation.policy
    if new is None or not new.fingerprint:
        return ""  # nobody was ever given it
    mine = {(target.at, target.host) for target in work.rotation.targets}
    rows = work.reach.ledger.placements(credential=new.id)
    known = [(place_of(row), row.host) for row in rows if row.role != Role.OLD]
    credential = work.look_up(new.ref)
    if credential is not None and credential.live:
        found = work.reach.look(replace(credential, fingerprint=new.fingerprint)).placements
        known += [(placement.at, placement.host) for placement in found if placement.role is not Role.OLD]
    for place, host in known:
        if pending(work.reach.ledger, place.secret):
            continue
        at = str(place.current)
        named = f"{at} on {host}" if host not in ("", work.reach.host) else at
        if (at, host) not in mine and not policy.waives(at, str(place.secret), named):
            return named
    return ""
