"""Making the successor once, in the way that survives a crash for its kind of key (DESIGN.md section 7)."""

from collections.abc import Callable, Mapping

from keyward.ledger.records import WaitingOn
from keyward.model.capability import CrashClass
from keyward.model.errors import Ambiguous, Refused
from keyward.providers.interface import Marker
from keyward.rotation.belonging import belongs
from keyward.rotation.by_person import by_person
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.made import adopt, made, refused
from keyward.rotation.one_shot import one_shot
from keyward.rotation.upload import upload
from keyward.rotation.work import Work, told

_AGAIN = 10.0
"""Seconds until a provider that gave no clear answer is asked again."""


def create(work: Work) -> None:
    """Make the successor, or find the one that an earlier life of this rotation made."""
    if work.rotation.old.pair_id and not work.rotation.tried and not belongs(work):
        return
    BY_CLASS[work.rotation.crash](work)


def named(work: Work) -> None:
    """Class A: by a name that this rotation chose, so that a lost answer is found again; its value can be read at any time."""
    rotation = work.rotation
    marker = Marker(rotation.id, rotation.attempt, rotation.old.id)
    if rotation.tried and adopt(work):
        return
    work.intend(
        "create",
        f"create {marker.name} in {rotation.want.scope}",
        event=Happened(Kind.CREATING, work.ctx.now),
        name=marker.name,
        attempt=rotation.attempt,
    )
    try:
        created = work.provider.create(rotation.want, marker, work.ctx)
    except Ambiguous as error:
        if not adopt(work):
            work.halt(WaitingOn.PROVIDER, f"no answer to the create: {told(error)}", seconds=_AGAIN, step="create")
    except Refused as error:
        refused(work, error)
    else:
        work.made = None if created.adopted else created.credential.ref
        made(work, created.credential, adopted=created.adopted)


BY_CLASS: Mapping[CrashClass, Callable[[Work], None]] = {
    CrashClass.NAMED: named,
    CrashClass.OWN_MATERIAL: upload,
    CrashClass.MARKABLE: one_shot,
    CrashClass.UNMARKABLE: one_shot,
    CrashClass.PERSON: by_person,
}
