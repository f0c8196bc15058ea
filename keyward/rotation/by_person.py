"""Class E: a person makes the successor where its provider lets only people do that, and hands in the value."""

from keyward.ledger.records import RotationState, WaitingOn
from keyward.model.credential import Credential, Kind, State
from keyward.model.detectors import identify
from keyward.model.ids import DECLARED, SHAPE, SHORT, CredentialRef
from keyward.model.secret import Secret
from keyward.rotation import slot
from keyward.rotation.happened import Happened
from keyward.rotation.happened import Kind as What
from keyward.rotation.made import made
from keyward.rotation.work import Work


def by_person(work: Work) -> None:
    """Take over the value that was handed in, or stand still until one is."""
    rotation, provider = work.rotation, work.provider
    pending = slot.read(work)
    value = work.reach.values.get(rotation.id) or pending.value
    if value is None:
        how = provider.by_hand(None, rotation.old.ref)
        why = f"a person makes the new key {how} and hands it in: keyward swap {rotation.old.id}"
        work.halt(WaitingOn.PERSON, why, step="create")
        return
    credential = _credential(work, value)
    if credential.fingerprint == rotation.old.fingerprint:
        work.reach.values.forget(rotation.id)
        work.halt(WaitingOn.PERSON, "the value that was handed in is the old key's; a new one is needed", step="create")
        return
    if rotation.state is RotationState.PLANNED:
        what = f"take over the key that a person made, {credential.id}"
        work.intend("create", what, event=Happened(What.CREATING, work.ctx.now))
    if rotation.slot and pending.value != value:
        work.intend("stage", f"stage the new key in {rotation.slot}", target=rotation.slot)
        slot.write(work, credential=credential.id, value=value)
        work.note("outcome", "stage", target=rotation.slot, ok=True, evidence="staged, read back and equal")
    work.reach.values.keep(credential.id, value)
    work.reach.values.forget(rotation.id)
    made(work, credential)


def superseded(work: Work) -> bool:
    """Whether a person handed in another value than the one that is staged, which is then forgotten."""
    value = work.reach.values.get(work.rotation.id)
    if value is None or work.reach.fingerprints.fingerprint(value) == work.new.fingerprint:
        work.reach.values.forget(work.rotation.id)
        return False
    work.reach.values.forget(work.new.id)
    why = "another value was handed in"
    work.happened(Happened(What.LOST, work.ctx.now), "create", ok=False, credential=work.new.id, evidence=why)
    return True


def lost(work: Work) -> None:
    """The value that was handed in is nowhere any more, and was written nowhere: whoever made it hands it, or another one, in again."""
    why = f"the value of {work.new.id} is kept nowhere; it has to be handed in again"
    work.happened(Happened(What.LOST, work.ctx.now), "create", ok=False, credential=work.new.id, evidence=why)


def lost_again(work: Work) -> str:
    """Why a swap stands still that was interrupted while it wrote, without a place in which the value was kept."""
    old, new = work.rotation.old.id, work.new.id
    return (
        f"the value of {new} is kept nowhere and not written everywhere yet; the same value again: keyward swap {old}"
    )


def successor(old: CredentialRef, value: Secret, fingerprint: str) -> CredentialRef:
    """Which key a value is: one of its shape, else another one of the same name, which from now on is a declared one."""
    detector = identify(value.reveal().strip())
    provider, scope = (SHAPE, detector.kind) if detector and detector.is_secret else (DECLARED, old.scope)
    return CredentialRef(provider, scope, (fingerprint[:SHORT],))


def _credential(work: Work, value: Secret) -> Credential:
    old, fingerprint = work.rotation.old, work.reach.fingerprints.fingerprint(value)
    ref = successor(old.ref, value, fingerprint)
    return Credential(ref, Kind(old.kind), State.UNKNOWN, name=old.name, fingerprint=fingerprint)
