"""A lost ledger made anew: from the marks on keys, and from pending secrets. What a person accepted is lost for good and asked again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from keyward.ledger.records import RotationState
from keyward.model.capability import Can, CrashClass
from keyward.model.credential import Credential, Kind, State
from keyward.model.errors import Gone, KeywardError, Refused, SourceError, UsageError
from keyward.model.ids import CredentialRef, SecretRef
from keyward.model.placement import Role
from keyward.model.secret import Secret
from keyward.providers.interface import Want
from keyward.rotation.mend.keys import Listed, marked
from keyward.rotation.mend.pending import called_pending
from keyward.rotation.mend.troubles import Trouble, Wrong
from keyward.rotation.policy import Policy
from keyward.rotation.reach import Reach
from keyward.rotation.slot import Pending, rotation_of, sealed, told_by
from keyward.rotation.state import KeyFacts, Rotation, Target

if TYPE_CHECKING:
    from keyward.providers.interface import Marker

_REASON = "found again by keyward doctor: the ledger was lost"


_UNSEALED = (
    "{slot} does not bear the seal of this fingerprint key: whoever can write to that store could have made it up"
)


def by_marks(reach: Reach, listed: Listed, policy: Policy) -> Iterator[Trouble]:
    """Rotations of readable keys: each live marked key with the one that it takes over from."""
    newest: dict[str, tuple[Credential, Marker]] = {}
    for credential, marker in marked(reach, listed):
        if credential.live and marker.replaces:
            before = newest.get(marker.rotation)
            if before is None or (before[0].created, before[0].id) < (credential.created, credential.id):
                newest[marker.rotation] = credential, marker
    for rotation, (new, marker) in sorted(newest.items()):
        old = listed.get(marker.replaces)
        if old is None:
            continue
        made = _rotation(reach, rotation, _facts(reach, old), _facts(reach, new), policy)
        if old.state is State.RESTORABLE:
            made = replace(
                made, state=RotationState.DONE, revoked=old.deleted, dead=old.deleted, undo_until=old.restorable_until
            )
        elif not old.live:
            continue
        yield _trouble(made)


def by_slots(reach: Reach, scopes: Mapping[str, Sequence[str]], policy: Policy) -> Iterator[Trouble]:
    """Rotations of keys whose value was shown once: each pending secret tells its own."""
    for ref in called_pending(reach, scopes):
        made = _from_slot(reach, ref, policy)
        if made is not None:
            yield _trouble(made)


def _from_slot(reach: Reach, ref: SecretRef, policy: Policy) -> Rotation | None:
    try:
        data = reach.store(ref).read(ref, reach.ctx).data
        told = told_by(data)
        if told is None or told[0] != rotation_of(ref):
            return None
        rotation, replaces, pending = told
        old = reach.provider(CredentialRef.parse(replaces)).get(CredentialRef.parse(replaces), reach.ctx)
    except (Gone, Refused, SourceError, UsageError):
        return None
    facts = KeyFacts.of(old, _print(reach, pending.old) or known_print(reach, old))
    made = _rotation(reach, rotation, facts, _staged(reach, pending), policy)
    if old.bound_identity:
        made = replace(made, want=replace(made.want, bound_identity=old.bound_identity))
    crash = CrashClass.OWN_MATERIAL if pending.material is not None else CrashClass.UNMARKABLE
    state = RotationState.STAGED if made.new is not None and pending.old is not None else RotationState.CREATING
    doubt = () if sealed(data, reach.fingerprints) else (_UNSEALED.format(slot=ref),)
    notes = (*made.notes, *doubt)
    return replace(made, crash=crash, slot=str(ref), state=state, tried=True, looked_at=None, notes=notes)


def _staged(reach: Reach, pending: Pending) -> KeyFacts | None:
    if not pending.credential or pending.value is None:
        return None
    ref = CredentialRef.parse(pending.credential)
    try:
        return KeyFacts.of(reach.provider(ref).get(ref, reach.ctx), _print(reach, pending.value))
    except KeywardError:
        return None


def _rotation(reach: Reach, rotation: str, old: KeyFacts, new: KeyFacts | None, policy: Policy) -> Rotation:
    credential = old.credential
    return Rotation(
        rotation,
        old,
        Want(old.ref.scope, old.name, bound_identity=_account(old)),
        replace(policy, reason=_REASON),
        targets=tuple(_targets(reach, old, new)),
        state=RotationState.VERIFIED,
        actor=reach.actor,
        host=reach.host,
        began=reach.ctx.now,
        new=new,
        tried=True,
        made=reach.ctx.now,
        verdict="not looked at",
        notes=(f"{_REASON}; when it began is not known ({credential.id})",),
    )


def _account(old: KeyFacts) -> str | None:
    """The account of a key whose id names it."""
    return old.ref.local[0] if Kind(old.kind) is not Kind.API_KEY and len(old.ref.local) > 1 else None


def _targets(reach: Reach, old: KeyFacts, new: KeyFacts | None) -> Iterator[Target]:
    """Every place that holds either key now."""
    seen: set[str] = set()
    for facts in (old, new):
        if facts is None or not facts.fingerprint:
            continue
        for placement in reach.look(facts.credential).placements:
            at = str(placement.at.current)
            if placement.role is not Role.OLD and at not in seen and not rotation_of(placement.at.secret):
                seen.add(at)
                yield Target(at, placement.at.secret.scope, placement.host)


def _facts(reach: Reach, credential: Credential) -> KeyFacts:
    return KeyFacts.of(credential, known_print(reach, credential))


def known_print(reach: Reach, credential: Credential) -> str:
    """The key's fingerprint, where its provider still shows the value; else empty."""
    provider = reach.provider(credential.ref)
    if Can.READ_VALUE not in provider.can:
        return ""
    try:
        return _print(reach, provider.read_value(credential.ref, reach.ctx))
    except (Gone, Refused, SourceError):
        return ""


def _print(reach: Reach, value: Secret | None) -> str:
    return "" if value is None else reach.fingerprints.fingerprint(value)


def _trouble(rotation: Rotation) -> Trouble:
    new = rotation.new.id if rotation.new else "a successor"
    places = ", ".join(target.at for target in rotation.targets) or "no place that could be looked at"
    doubts = "".join(f"; {note}" for note in rotation.notes[1:])
    what = f"rotation {rotation.id}, which replaces {rotation.old.id} by {new}, is in no ledger{doubts}"
    mending = f"put it into the ledger as {rotation.state.value}, with these targets: {places}"
    return Trouble(Wrong.LOST, rotation.id, what, mending, rotation=rotation.id, lost=rotation)
