"""A rotation as its row tells it, held against the audit trail before anything is done with it.

Whoever can write the ledger's database can edit a row: to have a value written elsewhere, or another key revoked. The trail cannot be
edited without showing (`keyward audit verify`), and says what was begun; acceptances count only where the trail proves them.
"""

from keyward.model.errors import LedgerBroken, UsageError
from keyward.model.ids import SecretRef
from keyward.rotation.reach import Reach
from keyward.rotation.slot import name_of
from keyward.rotation.state import Rotation
from keyward.rotation.whose import within_reach

_BEGINNINGS = ("begun", "found-again")


def check(reach: Reach, rotation: Rotation) -> None:
    """Make sure that the row tells what was begun.

    Raises:
        LedgerBroken: it does not; nothing was done.
    """
    trail = reach.ledger.events(rotation=rotation.id)
    began = next((event.detail for event in trail if event.kind in _BEGINNINGS), None)
    if began is None:
        raise _edited(rotation, "the audit trail does not know it")
    if began.get("credential") != rotation.old.id:
        raise _edited(rotation, f"it was begun for {began.get('credential')}, not for {rotation.old.id}")
    if rotation.slot and (began.get("slot", rotation.slot) != rotation.slot or not _named_for(rotation)):
        raise _edited(rotation, f"{rotation.slot} is not its pending secret")
    accepted = reach.ledger.targets([target.at for target in rotation.targets])
    for target in within_reach(rotation, reach.host):
        # What another host planned for this one and nobody touched yet is judged when it is to be written.
        judged = target.intent or target.written or not target.host or rotation.host == reach.host
        if judged and not (target.at in accepted and accepted[target.at].on(target.host)):
            raise _edited(rotation, f"nobody accepted {target.at} as a place to write to")


def _named_for(rotation: Rotation) -> bool:
    try:
        return SecretRef.parse(rotation.slot).name == name_of(rotation.id)
    except UsageError:
        return False


def _edited(rotation: Rotation, why: str) -> LedgerBroken:
    return LedgerBroken(
        f"Rotation {rotation.id} in the ledger is not the one that was begun: {why}. Nothing was done.",
        hint="Find out who can write the ledger (`keyward audit verify`); restore it from a backup.",
    )
