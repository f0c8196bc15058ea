"""Class B: the material is made here and staged before the provider gets its public half, so nothing can be lost on the way."""

from keyward.ledger.records import WaitingOn
from keyward.model.errors import Ambiguous, Refused
from keyward.rotation import slot
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.leftovers import delete_unstaged, someone_must_tell
from keyward.rotation.made import adopt, list_baseline, made, marker_of, refused
from keyward.rotation.work import Work, told

_AGAIN = 10.0


def upload(work: Work) -> None:
    """Make the successor, or find the one that was made with the staged material."""
    rotation, provider = work.rotation, work.provider
    list_baseline(work)
    pending = slot.read(work)
    if pending.material is None:
        # A key whose private half is lost is of no use to anybody, and was never given to anyone.
        if work.rotation.tried:
            delete_unstaged(work)
            if someone_must_tell(work, pending):
                return
        what = f"stage the private half of a new key in {rotation.slot}"
        work.intend("stage", what, target=rotation.slot)
        pending = slot.write(work, material=provider.material(rotation.want, work.ctx))
        work.note("outcome", "stage", target=rotation.slot, ok=True, evidence="staged, read back and equal")
    if work.rotation.tried and adopt(work, pending):
        return
    what = f"upload the public half of a new key to {rotation.want.bound_identity or rotation.want.scope}"
    work.intend("create", what, event=Happened(Kind.CREATING, work.ctx.now), attempt=work.rotation.attempt)
    try:
        created = provider.create(rotation.want, marker_of(work), work.ctx, material=pending.material)
    except Ambiguous as error:
        if not adopt(work, pending):
            work.halt(WaitingOn.PROVIDER, f"no answer to the upload: {told(error)}", seconds=_AGAIN, step="create")
    except Refused as error:
        refused(work, error)
    else:
        work.made = None if created.adopted else created.credential.ref
        made(work, created.credential, adopted=created.adopted)
