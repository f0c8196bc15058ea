"""When somebody else's version came between the look and the write: theirs is put back on top, with the new key spliced into it.

A store without compare-and-set for payloads cannot refuse such a write. It shows afterwards, also to a later run: the newest version is the
one that was read before with nothing but the key changed, and the version right below it is somebody else's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from keyward.model.capability import Can
from keyward.model.errors import Conflict, Gone, Refused
from keyward.model.ids import SecretRef
from keyward.model.secret import Secret
from keyward.model.secretinfo import Payload
from keyward.rotation.places import Holds, holds, spliced, swap_at, value_at
from keyward.rotation.state import Target
from keyward.rotation.work import Work


@dataclass(frozen=True, slots=True)
class Overtaken:
    """`version` of somebody else that was covered up, and `data` as it should be: theirs, with the new key wherever it held the old one."""

    version: str
    data: Secret


def overtaken(secret: SecretRef, now: Payload, parts: Sequence[tuple[Work, Target]]) -> Overtaken | None:
    """What keyward's write covered up, for the targets of one secret that hold the new key `now`; None when nothing was.

    Raises:
        SourceError: a version could not be read just now.
    """
    work = parts[0][0]
    store = work.reach.store(secret)
    befores = {target.before for _, target in parts if target.intent}
    if Can.VERSIONS not in store.can or len(befores) != 1 or not now.version.isdecimal():
        return None
    (before,) = befores
    between = str(int(now.version) - 1)
    if not before.isdecimal() or int(between) <= int(before):
        return None
    try:
        first, theirs = store.read(secret, work.ctx, before), store.read(secret, work.ctx, between)
        ours = _carried(first, now, parts)
        if ours is None or ours != now.data or any(_holds(theirs, *part) is Holds.NEW for part in parts):
            return None
        healed = _carried(theirs, now, parts)
    except (Conflict, Gone, Refused):
        return None  # off by now, or of another form: nobody reads it
    return None if healed is None else Overtaken(between, healed)


def _carried(base: Payload, now: Payload, parts: Sequence[tuple[Work, Target]]) -> Secret | None:
    """That payload with the new values, as they are `now`, in place of the old ones."""
    swaps = []
    for work, target in parts:
        if _holds(base, work, target) is not Holds.OLD:
            continue
        part = target.place.part
        swap = swap_at(base, part, work.rotation.old, work.new, value_at(now, part))
        if swap is None:
            return None
        swaps.append(swap)
    return spliced(base, swaps) if swaps else base.data


def _holds(payload: Payload, work: Work, target: Target) -> Holds:
    return holds(payload, target.place.part, work.reach.fingerprints, old=work.rotation.old, new=work.new)
