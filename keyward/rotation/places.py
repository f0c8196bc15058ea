"""What is in a place, compared three ways: the new key, the old key, or something else. The rotation's one view of payloads."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from keyward.ledger.records import PlacementRow
from keyward.model.capability import Can
from keyward.model.errors import Refused
from keyward.model.ids import PlacementRef
from keyward.model.keyfile import dressed
from keyward.model.pairs import id_beside
from keyward.model.parts import Part, all_values, read_part, splice
from keyward.model.secret import Secret
from keyward.model.secretinfo import Payload
from keyward.rotation.reach import Fingerprints
from keyward.rotation.state import KeyFacts, Rotation, Target, TargetStatus


class Holds(StrEnum):
    """What a place holds."""

    NEW = "the new key"
    OLD = "the old key"
    OTHER = "another value"
    NOTHING = "no such part"
    HALF = "an id and a secret that do not belong together"


@dataclass(frozen=True, slots=True)
class Swap:
    """One part of a payload that gets another value; `old` is what is there now.

    `id` is the part beside it that changes in the same write, for a key that is an id and a secret.
    """

    part: str
    old: Secret
    new: Secret
    id: "Swap | None" = None


def value_at(payload: Payload, part: str) -> Secret | None:
    """The value of that part; None when the payload has no such part."""
    return read_part(payload.data.reveal(), part, payload.hint)


def form_of(payload: Payload, part: str) -> str:
    """How the value is written there, in a word: `json`, `dotenv`, ...; empty when there is no such part."""
    found = (known for known in all_values(payload.data.reveal(), payload.hint) if known.name == part)
    return next((known.encoding for known in found), "")


def id_at(payload: Payload, part: str) -> Part | None:
    """The part with the id that belongs to the secret in that part; None when none does for sure."""
    return id_beside(all_values(payload.data.reveal(), payload.hint), part)


def holds(
    payload: Payload, part: str, fingerprints: Fingerprints, *, old: KeyFacts | None, new: KeyFacts | None = None
) -> Holds:
    """What the part holds, by fingerprint; of a key that is an id and a secret both have to be there, the id beside the secret."""
    value = value_at(payload, part)
    if value is None:
        return Holds.NOTHING
    found = fingerprints.fingerprint(value)
    keys = [(word, key) for word, key in ((Holds.NEW, new), (Holds.OLD, old)) if key is not None]
    by_value = next((word for word, key in keys if found and key.fingerprint == found), Holds.OTHER)
    if not any(key.pair_id for _, key in keys):
        return by_value
    # A place that names a key by its id alone is a half of it as well.
    beside = id_at(payload, part)
    named = value if beside is None else beside.value
    by_id = next((word for word, key in keys if named == Secret.of(key.pair_id)), Holds.OTHER)
    return by_value if by_value is by_id else Holds.HALF


def swap_at(payload: Payload, part: str, old: KeyFacts, new: KeyFacts, value: Secret | None) -> Swap | None:
    """What makes the key `new`, whose value that is, out of `old` in that part; None when a half or a value is not to be had."""
    now = value_at(payload, part)
    if now is None or value is None:
        return None
    if not old.pair_id:
        return Swap(part, now, value)
    beside = id_at(payload, part)
    if beside is None:
        return None
    return Swap(part, now, value, Swap(beside.name, beside.value, Secret.of(new.pair_id)))


def spliced(payload: Payload, swaps: list[Swap]) -> Secret:
    """The payload with those parts replaced and every other byte left alone; a key file keeps the layout that it has there.

    Raises:
        Conflict: a part is not there any more.
        Refused: the form of the payload cannot carry a value.
    """
    data = payload.data.reveal()
    for swap in swaps:
        for one in filter(None, (swap, swap.id)):
            data = splice(data, one.part, one.old, dressed(one.new, like=one.old), payload.hint)
    after = all_values(data, payload.hint)
    for swap in swaps:
        beside = id_beside(after, swap.part) if swap.id else None
        if swap.id and (beside is None or (beside.name, beside.value) != (swap.id.part, swap.id.new)):
            raise Refused(
                f"With the new key in parts {swap.id.part!r} and {swap.part!r} nothing would show that they belong together.",
                hint="Give the two parts names that differ only in what they are, such as X_ACCESS_ID and X_SECRET.",
            )
    return Secret(data)


def row_of(
    target: Target, key: KeyFacts, version: str, *, role: str, at: datetime, written_by: str = "", gone: bool = False
) -> PlacementRow:
    """A row of the ledger that says that a version of the target's secret holds (or held) that key."""
    return PlacementRow(
        secret=str(target.secret),
        version=version,
        part=target.place.part,
        credential=key.id,
        fingerprint=key.fingerprint,
        role=role,
        version_state="enabled",
        store=target.secret.store,
        scope=target.scope,
        host=target.host,
        first_seen=at,
        last_read=at,
        gone=at if gone else None,
        written_by=written_by,
    )


def rows_after_write(
    rotation: Rotation, target: Target, can: frozenset[Can], at: datetime, *, undone: bool = False
) -> list[PlacementRow]:
    """What the ledger learns from one write: who is there now, and where the one before stays as an old version or is gone."""
    if rotation.new is None:
        return []
    here, there = (rotation.old, rotation.new) if undone else (rotation.new, rotation.old)
    now, before = (target.back, target.after) if undone else (target.after, target.before)
    rows = [row_of(target, here, now, role="current", at=at, written_by=rotation.id)]
    if before and (before != now or Can.VERSIONS not in can):
        rows.append(row_of(target, there, before, role="old", at=at, gone=Can.VERSIONS not in can))
    return rows


def mark_of(rotation: Rotation) -> str:
    """What names the temporary files of a rotation's writes: its group's id, so any member finds them again."""
    return rotation.group or rotation.id


def place_of(row: PlacementRow) -> PlacementRef:
    """The exact place that a row of the ledger describes."""
    secret = PlacementRef.parse(row.secret).secret
    return PlacementRef(replace(secret, scope=row.scope), row.version, row.part)


def done(target: Target) -> bool:
    """Whether the value is in the target, whatever its aliases say."""
    return target.status in (TargetStatus.DONE, TargetStatus.UNREAD)
