"""Loose ends in stores: pending secrets, temporary files, and targets that went back to a key that is gone."""

from collections.abc import Iterator, Mapping, Sequence

from keyward.ledger.records import RotationRow, RotationState
from keyward.model.capability import Can
from keyward.model.errors import Gone, KeywardError, Refused, SourceError
from keyward.model.ids import SecretRef
from keyward.rotation.mend.pending import called_pending
from keyward.rotation.mend.troubles import Trouble, Wrong
from keyward.rotation.places import Holds, holds, mark_of
from keyward.rotation.reach import Reach
from keyward.rotation.slot import rotation_of
from keyward.rotation.state import Rotation, from_row
from keyward.rotation.whose import reaches

_UNASKED = (SourceError, Refused, Gone)


def pending_secrets(
    reach: Reach, rows: Mapping[str, RotationRow], scopes: Mapping[str, Sequence[str]]
) -> Iterator[Trouble]:
    """Pending secrets that no open rotation needs: those that the ledger names, and others that only their name tells."""
    named = {from_row(row).slot: row for row in rows.values() if row.data.get("slot")}
    for slot, row in named.items():
        ref = SecretRef.parse(slot)
        if row.state.closed and ref.store in reach.stores and _is_there(reach, ref):
            what = f"{slot} is left over from rotation {row.id}, which is {row.state.value}"
            yield Trouble(Wrong.PENDING, slot, what, f"remove {slot}", rotation=row.id)
    for ref in called_pending(reach, scopes):
        maker = rows.get(rotation_of(ref))
        if maker is not None and maker.state.closed and str(ref) not in named:
            what = f"{ref} is left over from rotation {maker.id}, which is {maker.state.value}"
            yield Trouble(Wrong.PENDING, str(ref), what, f"remove {ref}", rotation=maker.id)
        elif maker is None:
            what = (
                f"{ref} is called like a pending secret of rotation {rotation_of(ref)}, which this ledger does not know"
            )
            todo = "If no other ledger knows that rotation, look at it and remove it."
            yield Trouble(Wrong.PENDING, str(ref), what, todo=todo, rotation=rotation_of(ref))


def _is_there(reach: Reach, ref: SecretRef) -> bool:
    try:
        reach.store(ref).get(ref, reach.ctx, versions=False)
    except _UNASKED:
        return False
    return True


def temporary_files(reach: Reach, rotations: Sequence[Rotation]) -> Iterator[Trouble]:
    """Temporary files beside targets of this host whose rotation is not open any more."""
    open_marks = {mark_of(rotation) for rotation in rotations if not rotation.closed}
    open_marks |= {rotation.id for rotation in rotations if not rotation.closed}
    secrets = {target.secret for rotation in rotations for target in rotation.targets if target.host == reach.host}
    for secret in sorted(secrets):
        if secret.store not in reach.stores:
            continue
        try:
            marks = reach.store(secret).leftovers(secret, reach.ctx)
        except KeywardError:
            continue  # the place itself is gone or cannot be read
        for mark in marks:
            if mark not in open_marks:
                what = f"beside {secret} lies a temporary file of rotation {mark}"
                yield Trouble(Wrong.TEMPORARY, str(secret), what, "remove the temporary file", rotation=mark)


def drifted(reach: Reach, rotations: Sequence[Rotation]) -> Iterator[Trouble]:
    """Targets of finished rotations that hold the old key again."""
    replaced = {rotation.old.id for rotation in rotations if rotation.state is not RotationState.ABORTED}
    for rotation in rotations:
        if rotation.state is not RotationState.DONE or rotation.new is None or rotation.new.id in replaced:
            continue
        for target in rotation.targets:
            if not reaches(reach.host, target) or target.secret.store not in reach.stores:
                continue
            try:
                payload = reach.store(target.secret).read(target.secret, reach.ctx)
            except _UNASKED:
                continue
            held = holds(payload, target.place.part, reach.fingerprints, old=rotation.old, new=rotation.new)
            if held is Holds.OLD:
                what = f"{target.at} holds {rotation.old.id} again, which rotation {rotation.id} replaced"
                readable = Can.READ_VALUE in reach.provider(rotation.new.ref).can
                mending = f"write {rotation.new.id} to {target.at}" if readable else ""
                todo = (
                    ""
                    if readable
                    else f"Put the value of {rotation.new.id} there, or rotate it: keyward rotate {rotation.new.id}"
                )
                yield Trouble(Wrong.DRIFT, target.at, what, mending, todo, rotation.id, payload.token)
