"""Mending one trouble, under a lease, with what is there now looked at once more."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from keyward.ledger.records import EventRow, Lease, TargetRow
from keyward.model.capability import Act
from keyward.model.errors import Conflict, Gone, NeedsPerson
from keyward.model.ids import CredentialRef, PlacementRef, SecretRef
from keyward.rotation.mend.troubles import Trouble, Wrong
from keyward.rotation.places import Holds, holds, spliced, swap_at
from keyward.rotation.reach import Reach
from keyward.rotation.runner import tick
from keyward.rotation.slot import adopt, rotation_of
from keyward.rotation.state import from_row, to_row
from keyward.rotation.whose import within_reach


def mend(reach: Reach, trouble: Trouble) -> str:
    """Mend it; says what was done.

    Raises:
        NeedsPerson: only a person can.
        Held: somebody else works on it.
        KeywardError: it could not be done; the message says why.
    """
    do = _DOING.get(trouble.wrong)
    if do is None or not trouble.mending:
        raise NeedsPerson(f"{trouble.what}.", hint=trouble.todo)
    _note(reach, trouble, "intent", trouble.mending)
    said = do(reach, trouble)
    _note(reach, trouble, "outcome", said)
    return said


def _note(reach: Reach, trouble: Trouble, kind: str, said: str) -> None:
    rotation = trouble.rotation if trouble.wrong is not Wrong.LOST else ""
    detail = {"what": said, "wrong": trouble.wrong.value}
    reach.ledger.append(
        [EventRow(kind, rotation, "mend", trouble.subject, detail, reach.actor, reach.host, reach.ctx.now)]
    )


@contextmanager
def _holding(reach: Reach, name: str) -> Iterator[Lease]:
    lease = reach.ledger.acquire(name, reach.worker(), reach.lease_seconds)
    try:
        yield lease
    finally:
        reach.ledger.release(lease)


def _revoke(reach: Reach, trouble: Trouble) -> str:
    ref = CredentialRef.parse(trouble.subject)
    provider = reach.provider(ref)
    with _holding(reach, f"rotation:{trouble.rotation}"):
        try:
            credential = provider.get(ref, reach.ctx)
        except Gone:
            return f"{ref} is gone already"
        provider.act(Act.REVOKE, ref, reach.ctx, etag=credential.etag)
    return f"{ref} is revoked"


def _remove(reach: Reach, trouble: Trouble) -> str:
    ref = SecretRef.parse(trouble.subject)
    row = reach.ledger.rotation(rotation_of(ref))
    if row is None or not row.state.closed:
        raise Conflict(f"{ref} belongs to a rotation that is not closed.", hint="Look again: keyward doctor")
    with _holding(reach, f"rotation:{row.id}"):
        reach.store(ref).remove(ref, reach.ctx)
    return f"{ref} is removed"


def _sweep(reach: Reach, trouble: Trouble) -> str:
    ref = SecretRef.parse(trouble.subject)
    with _holding(reach, f"target:{ref}"):
        found = reach.store(ref).sweep(ref, trouble.rotation, reach.ctx)
    return "the temporary file is removed" if found else "it was gone already"


def _go_on(reach: Reach, trouble: Trouble) -> str:
    outcomes = tick(reach, trouble.rotation)
    return "; ".join(f"{one.rotation} is {one.state.value}{f': {one.why}' if one.why else ''}" for one in outcomes)


def _write(reach: Reach, trouble: Trouble) -> str:
    """Put the successor back where the key that it replaced turned up again."""
    place = PlacementRef.parse(trouble.subject)
    row = reach.ledger.rotation(trouble.rotation)
    rotation = from_row(row) if row is not None else None
    if rotation is None or rotation.new is None:
        raise Conflict(f"Rotation {trouble.rotation} is not what it was.", hint="Look again: keyward doctor")
    mine = within_reach(rotation, reach.host)
    target = next(one for one in mine if one.at == trouble.subject)
    store = reach.store(target.secret)
    with _holding(reach, f"target:{target.secret}"):
        payload = store.read(target.secret, reach.ctx)
        if holds(payload, place.part, reach.fingerprints, old=rotation.old) is not Holds.OLD:
            return f"{target.at} holds something else by now; it was left alone"
        value = reach.provider(rotation.new.ref).read_value(rotation.new.ref, reach.ctx)
        if reach.fingerprints.fingerprint(value) != rotation.new.fingerprint:
            raise Conflict(f"{rotation.new.id} is not the key that it was.", hint=f"keyward show {rotation.new.id}")
        swap = swap_at(payload, place.part, rotation.old, rotation.new, value)
        if swap is None:
            raise Conflict(f"{target.at} changed just now.", hint="Look again: keyward doctor")
        store.write(target.secret, spliced(payload, [swap]), reach.ctx, expect=payload.token, mark=rotation.id)
    return f"{target.at} holds {rotation.new.id}"


def _give_back(reach: Reach, trouble: Trouble) -> str:
    with _holding(reach, trouble.subject):
        return "given back"


def _put_in(reach: Reach, trouble: Trouble) -> str:
    rotation, now = trouble.lost, reach.ctx.now
    if rotation is None:
        raise AssertionError("a lost rotation is handed along")
    if rotation.slot:
        adopt(reach, SecretRef.parse(rotation.slot), rotation.id)
    how = "accepted with keyward doctor --fix"
    reach.ledger.accept([TargetRow(one.at, reach.actor, now, how, (one.host,)) for one in rotation.targets])
    detail = {"credential": rotation.old.id, "reason": rotation.policy.reason, "state": rotation.state.value}
    detail |= {"slot": rotation.slot} if rotation.slot else {}
    event = EventRow("found-again", rotation.id, "mend", "", detail, reach.actor, reach.host, now)
    lease = reach.ledger.open_rotation(
        to_row(rotation, now), [event], lease_seconds=reach.lease_seconds, owner=reach.worker()
    )
    reach.ledger.release(lease)
    return (
        f"rotation {rotation.id} is in the ledger as {rotation.state.value}; go on with: keyward resume {rotation.id}"
    )


_DOING: Mapping[Wrong, Callable[[Reach, Trouble], str]] = {
    Wrong.ORPHAN: _revoke,
    Wrong.PENDING: _remove,
    Wrong.TEMPORARY: _sweep,
    Wrong.STUCK: _go_on,
    Wrong.DRIFT: _write,
    Wrong.LEASE: _give_back,
    Wrong.LOST: _put_in,
}
