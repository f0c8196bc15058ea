"""Classes C and D: the value is shown once. It goes into the pending secret at once; a key whose value was lost is deleted.

A key that was never staged was never handed to anyone, so deleting it harms nobody; but only one that is surely this rotation's is.
"""

from keyward.ledger.records import WaitingOn
from keyward.model.capability import Act
from keyward.model.credential import Credential
from keyward.model.errors import Ambiguous, Conflict, Gone, Refused, SourceError
from keyward.model.ids import CredentialRef
from keyward.model.secret import Secret
from keyward.rotation import slot
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.leftovers import delete_unstaged, someone_must_tell
from keyward.rotation.made import list_baseline, made, marker_of, refused
from keyward.rotation.work import Work, told

_AGAIN = 10.0
_STAGING = (SourceError, Refused, Ambiguous, Conflict, Gone)


def one_shot(work: Work) -> None:
    """Make the successor and stage its value, or take over the one that was staged."""
    rotation = work.rotation
    list_baseline(work)
    pending = slot.read(work)
    if pending.value is not None and pending.credential:
        credential = work.look_up(CredentialRef.parse(pending.credential))
        if credential is not None and credential.live:
            made(work, credential, adopted=True)
            return
    if work.rotation.tried and not _swept(work):
        return
    what = f"create a key for {rotation.want.bound_identity or rotation.want.scope}"
    work.intend("create", what, event=Happened(Kind.CREATING, work.ctx.now), attempt=work.rotation.attempt)
    try:
        created = work.provider.create(rotation.want, marker_of(work), work.ctx)
    except Ambiguous as error:
        # Whatever came of it was never shown, so it is of no use to anybody; the next tick looks for it.
        work.halt(WaitingOn.PROVIDER, f"no answer to the create: {told(error)}", seconds=_AGAIN, step="create")
    except Refused as error:
        refused(work, error)
    else:
        work.made = created.credential.ref
        _stage(work, created.credential, created.value)


def _swept(work: Work) -> bool:
    """Delete what earlier attempts left; False while something may be left of which nobody knows whose it is."""
    delete_unstaged(work)
    return not someone_must_tell(work)


def _stage(work: Work, credential: Credential, value: Secret | None) -> None:
    """Keep the value before anything else is done; when that fails, the key is deleted again."""
    if value is None:
        made(work, credential)
        return
    try:
        slot.write(work, credential=credential.id, value=value)
    except _STAGING as error:
        why = f"the value of {credential.id} could not be staged: {told(error)}"
        work.guard()  # a process that was frozen here must not delete what another one has taken over meanwhile
        try:
            work.provider.act(Act.REVOKE, credential.ref, work.ctx)
        except _STAGING as failed:
            # It counts as tried and not as spent, so the next try begins with looking for it.
            why = f"{why}; it could not be revoked either: {told(failed)}"
            work.note("outcome", "create", ok=False, credential=credential.id, evidence=why)
        else:
            event = Happened(Kind.SPENT, work.ctx.now)
            work.happened(event, "create", ok=False, credential=credential.id, evidence=why)
        if isinstance(error, (SourceError, Ambiguous)):
            work.halt(WaitingOn.PROVIDER, why, seconds=_AGAIN, step="create")
        else:
            work.halt(WaitingOn.BLOCKED, why, step="create")
        return
    made(work, credential)
