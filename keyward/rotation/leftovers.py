"""Keys that an earlier attempt of this rotation made and whose value nobody has: deleted when they are surely its own, else told."""

from datetime import timedelta

from keyward.ledger.records import WaitingOn
from keyward.model.capability import Act, CrashClass
from keyward.rotation.made import own, unproved
from keyward.rotation.slot import EMPTY, Pending
from keyward.rotation.work import Work

_UNNAMED = (CrashClass.OWN_MATERIAL, CrashClass.MARKABLE, CrashClass.UNMARKABLE)

SETTLED = timedelta(minutes=15)
"""So long a key that was made may be missing in lists and logs; then what is not there was never made."""


def unsettled(work: Work) -> bool:
    """Stand still while an attempt of which nobody heard may have made a key that does not show yet; whether it does.

    Raises:
        SourceError: it could not be found out.
    """
    rotation, now = work.rotation, work.ctx.now
    unheard = rotation.doubt or (rotation.tried and rotation.new is None)
    if rotation.crash not in _UNNAMED or not unheard or rotation.tried_at is None:
        return False
    left = (rotation.tried_at + SETTLED - now).total_seconds()
    if left > 0:
        why = "an attempt whose answer was lost may have made a key that does not show yet"
        work.halt(WaitingOn.PROVIDER, why, seconds=left, step="sweep")
        return True
    return someone_must_tell(work)


def delete_unstaged(work: Work, *, keep: frozenset[str] = frozenset()) -> None:
    """Delete every live key that is surely this rotation's, except those to keep.

    Raises:
        SourceError: it could not be found out which they are.
        Refused: one could not be deleted.
        Ambiguous: one was perhaps deleted.
    """
    for credential in own(work):
        if credential.live and credential.id not in keep:
            work.intend("sweep", f"revoke {credential.id}, whose value nobody has", etag=credential.etag)
            work.provider.act(Act.REVOKE, credential.ref, work.ctx, etag=credential.etag)
            work.note("outcome", "sweep", ok=True, credential=credential.id, evidence="revoked")


def someone_must_tell(work: Work, pending: Pending = EMPTY) -> bool:
    """Stand still when there are keys that may be this rotation's; whether there are.

    Raises:
        SourceError: it could not be found out.
    """
    suspects = unproved(work, pending)
    if not suspects:
        return False
    names = ", ".join(sorted(one.id for one in suspects))
    why = (
        f"{names} appeared while this rotation was making a key, and nothing proves who made it: "
        f"say so with --owned KEY (it is deleted; nobody has its value) or --not-ours KEY"
    )
    work.halt(WaitingOn.PERSON, why, step="create")
    return True
