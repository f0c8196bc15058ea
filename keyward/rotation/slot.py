"""The pending secret of a rotation: where a value that its provider shows only once is kept until the rotation is closed.

It is a secret of its own, never a version of a live one: readers of a live secret get its newest version. What it holds is a JSON text
of a few named values; each change is written as a whole and read back. It bears a seal made with the fingerprint key, so that who can
only write to the home store cannot hand in a key of his own.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from keyward.ledger.interface import Ledger
from keyward.model.errors import Conflict, Gone
from keyward.model.ids import SecretRef
from keyward.model.secret import Secret

if TYPE_CHECKING:
    from keyward.rotation.reach import Fingerprints, Reach
    from keyward.rotation.state import Rotation
    from keyward.rotation.work import Work

PREFIX = "keyward-pending-"
_FORM = 1
_SEAL = "seal"


@dataclass(frozen=True, slots=True)
class Pending:
    """What is kept: material made here (class B), the successor's id and value, and the old value where it cannot be read again."""

    material: Secret | None = None
    credential: str = ""
    value: Secret | None = None
    old: Secret | None = None


EMPTY = Pending()


def name_of(rotation: str) -> str:
    """The name of a rotation's pending secret."""
    return f"{PREFIX}{rotation}"


def rotation_of(secret: SecretRef) -> str:
    """The rotation whose pending secret this is by its name; empty when it is none."""
    return secret.name.removeprefix(PREFIX) if secret.name.startswith(PREFIX) else ""


def pending(ledger: Ledger, secret: SecretRef) -> bool:
    """Whether this is the pending secret of a rotation that the ledger knows: no place of a key, but keyward's own.

    The name alone proves nothing: anybody can call a secret so.
    """
    row = ledger.rotation(rotation_of(secret)) if rotation_of(secret) else None
    return row is not None and row.data.get("slot") == str(secret)


def slot_of(rotation: "Rotation") -> SecretRef:
    """The rotation's pending secret."""
    return SecretRef.parse(rotation.slot)


def read(work: "Work") -> Pending:
    """What is kept now; nothing when it was not made yet, or is gone.

    Raises:
        SourceError: it could not be read.
        Conflict: it holds something that keyward did not write.
    """
    return _read(work)[0]


def write(work: "Work", **values: Secret | str) -> Pending:
    """Add values to what is kept, and read it back.

    Raises:
        SourceError: the store could not be asked.
        Refused: the store said no.
        Ambiguous: no answer came; reading tells.
        Conflict: somebody else wrote there.
    """
    ref = slot_of(work.rotation)
    store = work.reach.store(ref)
    before, token = _read(work)
    wanted = replace(before, **values)  # type: ignore[arg-type]  # names and types are the fields'
    if wanted == before:
        return before
    if not token:
        targets = (target.secret for target in work.rotation.targets if target.secret.store == ref.store)
        work.guard()
        store.create(ref, next(targets, None), work.ctx)
        before, token = _read(work)
    work.guard()
    text = _text(wanted, work.rotation.id, work.rotation.old.id, work.reach.fingerprints)
    store.write(ref, text, work.ctx, expect=token, mark=work.rotation.id)
    after = read(work)
    if after != wanted:
        raise Conflict(f"{ref} does not hold what was just written to it.", hint="Somebody else writes there.")
    return after


def wipe(work: "Work") -> None:
    """Remove it; one that is not there is fine.

    Raises:
        SourceError: the store could not be asked.
        Refused: the store said no.
        Ambiguous: no answer came; doing it again is harmless.
    """
    if work.rotation.slot:
        ref = slot_of(work.rotation)
        work.guard()
        work.reach.store(ref).remove(ref, work.ctx)


def _read(work: "Work") -> tuple[Pending, str]:
    """What is kept, and the token that a write has to match; an empty token when there is no payload yet."""
    if not work.rotation.slot:
        return EMPTY, ""
    ref = slot_of(work.rotation)
    try:
        payload = work.reach.store(ref).read(ref, work.ctx)
    except Gone:
        return EMPTY, ""
    return _pending(payload.data, ref, work), payload.token


def _pending(data: Secret, ref: SecretRef, work: "Work") -> Pending:
    if not data:
        return EMPTY
    told = told_by(data)
    if told is None or told[0] != work.rotation.id or not sealed(data, work.reach.fingerprints):
        raise Conflict(
            f"{ref} holds something that this rotation did not write.",
            hint="Look at it; remove it if it is of no use, then resume.",
        )
    return told[2]


def told_by(data: Secret) -> tuple[str, str, Pending] | None:
    """What a pending secret tells when the ledger is lost: (rotation, the key that is replaced, what is kept); None when it is none."""
    try:
        kept = json.loads(data.reveal())
        rotation, replaces = str(kept["rotation"]), str(kept["replaces"])
        if kept["keyward"] != _FORM:
            return None
        values = {item.name: str(kept[item.name]) for item in fields(Pending) if kept.get(item.name)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    credential = values.pop("credential", "")
    return (
        rotation,
        replaces,
        Pending(credential=credential, **{name: Secret.of(text) for name, text in values.items()}),
    )


def sealed(data: Secret, fingerprints: "Fingerprints") -> bool:
    """Whether a holder of this ledger's fingerprint key wrote it, and nobody changed it since."""
    try:
        kept = json.loads(data.reveal())
        seal = str(kept.pop(_SEAL, ""))
        return hmac.compare_digest(seal.encode(), _seal(kept, fingerprints).encode())
    except (ValueError, TypeError, AttributeError, RecursionError):
        return False


def adopt(reach: "Reach", ref: SecretRef, rotation: str) -> None:
    """Seal anew what a person took over after the ledger was lost, and its fingerprint key with it.

    Raises:
        Conflict: it is not that rotation's.
        SourceError, Refused, Ambiguous: as for `write`.
    """
    store = reach.store(ref)
    payload = store.read(ref, reach.ctx)
    if sealed(payload.data, reach.fingerprints):
        return
    told = told_by(payload.data)
    if told is None or told[0] != rotation:
        raise Conflict(f"{ref} is not the pending secret of {rotation}.", hint="Look again: keyward doctor")
    text = _text(told[2], rotation, told[1], reach.fingerprints)
    store.write(ref, text, reach.ctx, expect=payload.token, mark=rotation)


def _text(pending: Pending, rotation: str, replaces: str, fingerprints: "Fingerprints") -> Secret:
    kept = {item.name: getattr(pending, item.name) for item in fields(Pending)}
    texts = {name: value.reveal_text() if isinstance(value, Secret) else value for name, value in kept.items() if value}
    whole = {"keyward": _FORM, "rotation": rotation, "replaces": replaces, **texts}
    return Secret.of(json.dumps({**whole, _SEAL: _seal(whole, fingerprints)}))


def _seal(kept: Mapping[str, object], fingerprints: "Fingerprints") -> str:
    return fingerprints.seal(b"pending\0" + json.dumps(kept, sort_keys=True, separators=(",", ":")).encode())
