"""What `keyward swap` asks the engines: which key is meant, what a person has to do, and what a value is worth that was handed in."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyward.ledger.records import ProbeRow, RotationState, WaitingOn
from keyward.model.capability import Act, CrashClass
from keyward.model.detector import Confidence
from keyward.model.detectors import BY_KIND, identify
from keyward.model.errors import AmbiguousKey, UnknownKey, UsageError
from keyward.model.fingerprint import worth
from keyward.model.ids import CredentialRef
from keyward.model.secret import Secret
from keyward.rotation.by_person import successor
from keyward.rotation.state import Rotation, from_row

if TYPE_CHECKING:
    from keyward.desk.desk import Desk
    from keyward.model.verdict import Verdict
    from keyward.rotation.outcome import Outcome

_BEFORE_A_VALUE = (RotationState.PLANNED, RotationState.CREATING)
_WRITING = (RotationState.VERIFIED, RotationState.DISTRIBUTING)


@dataclass(frozen=True, slots=True)
class ByHand:
    """What a person does: how to make the new key and what to call it, how to delete the old one, where he sees its use before."""

    make: str
    name: str
    delete: str
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a value is worth that a person handed in.

    `refused` is why it cannot be taken at all, `doubt` a question to ask first; each is empty where there is nothing to say. `verdict` is
    what its vendor says; None when it was not tried, because it is refused.
    """

    refused: str = ""
    doubt: str = ""
    verdict: "Verdict | None" = None


def meant(desk: "Desk", text: str) -> tuple[str, bool]:
    """The full id of the key that a swap is about, and whether it was named in full.

    It is of the inventory, else of a swap that is under way, whose old key may be gone; naming its new key means that swap too.

    Raises:
        UnknownKey: there is none.
        AmbiguousKey: there are several.
    """
    rows = [row for row in desk.record.rotations(open_only=True) if from_row(row).crash is CrashClass.PERSON]
    for row in rows:
        new = from_row(row).new
        if text in (row.credential, row.id) or (new is not None and text == new.id):
            return row.credential, True
    try:
        found = desk.keys.resolve(text)
    except UnknownKey:
        starting = [row.credential for row in rows if row.credential.startswith(text)] if len(text) > 2 else []
        if len(starting) > 1:
            raise AmbiguousKey(
                f"{text!r} could be {len(starting)} keys.", hint=f"Name one by its id: {', '.join(starting)}."
            ) from None
        if not starting:
            raise
        return starting[0], False
    going = (row.credential for row in rows if (new := from_row(row).new) is not None and new.id == found)
    return next(going, found), found == text


def under_way(desk: "Desk", key: str) -> Rotation | None:
    """The open swap of that key."""
    rows = (from_row(row) for row in desk.record.rotations(open_only=True) if row.credential == key)
    return next((row for row in rows if row.crash is CrashClass.PERSON), None)


def by_a_person(desk: "Desk", key: str) -> None:
    """Make sure that a person makes such keys.

    Raises:
        UsageError: keyward makes them itself, or has no provider for them.
    """
    ref = CredentialRef.parse(key)
    if ref.provider not in desk.parts.providers.names:
        raise UsageError(f"{key} needs the provider {ref.provider!r}, which is not available here.")
    if desk.parts.providers.get(ref.provider).crash is not CrashClass.PERSON:
        raise UsageError(f"keyward makes the successor of {key} itself.", hint=f"keyward rotate {key}")


def by_hand(desk: "Desk", rotation: Rotation) -> ByHand:
    """What a person has to do for this swap."""
    provider = desk.parts.providers.get(rotation.old.ref.provider)
    now = desk.parts.clock.now()
    began = rotation.began or now
    name = f"keyward-{began:%Y-%m-%d}-{rotation.id[-4:].lower()}"
    ref = rotation.old.ref
    seen = provider.usage(ref.scope, began, desk.parts.ctx()).detail
    return ByHand(provider.by_hand(None, ref), name, provider.by_hand(Act.REVOKE, ref), seen)


def needs_value(desk: "Desk", outcome: "Outcome") -> bool:
    """Whether a swap stands still until a value is handed in: none is there, or the one that is does not work."""
    if outcome.waiting_on is not WaitingOn.PERSON:
        return False
    if outcome.state in _BEFORE_A_VALUE:
        return True
    if outcome.state in _WRITING:
        rotation = under_way(desk, outcome.credential)
        return rotation is not None and not rotation.slot
    return outcome.state is RotationState.STAGED and _last_verdict(desk, outcome) == "dead"


def _last_verdict(desk: "Desk", outcome: "Outcome") -> str:
    ledger, _ = desk.books.writing()
    row = ledger.rotation(outcome.rotation)
    probes = ledger.probes(outcome.successor, row.created) if row is not None and row.created is not None else []
    return probes[-1].verdict if probes else ""


def judge(desk: "Desk", key: str, value: Secret) -> Judged:
    """Look at a value, and try it where its vendor can be asked; that use is remembered as keyward's own.

    Raises:
        Interrupted: cancelled.
    """
    raw, ref = value.reveal(), CredentialRef.parse(key)
    ledger, fingerprints = desk.books.writing()
    fingerprint = fingerprints.fingerprint(value)
    if fingerprint.startswith(ref.local[-1]):
        return Judged(refused="This is the old key; a new one is needed.")
    rotation = under_way(desk, key)
    if rotation is not None and rotation.new is not None and rotation.state in _WRITING:
        if fingerprint != rotation.new.fingerprint:
            hint = f"`keyward undo {rotation.id}` begins anew"
            return Judged(refused=f"This is not {rotation.new.id}, which is about to be written; {hint}.")
        return Judged()
    if b"\n" in raw or b"\r" in raw:
        return Judged(refused="These are several lines; hand in the value of one key alone.")
    if not worth(raw):
        why = "This could be guessed, so it is no key, and keyward could not find it again"
        return Judged(refused=f"{why} (a key has at least 20 characters, mixed at random).")
    provider = desk.parts.providers.get(ref.provider)
    new = successor(ref, value, fingerprint)
    verdict = provider.verify(value, new, desk.parts.ctx())
    ledger.probe(ProbeRow(str(new), verdict.at or desk.parts.clock.now(), verdict.kind.value, verdict.evidence))
    return Judged(doubt=_doubt(ref, raw), verdict=verdict)


def _doubt(old: CredentialRef, raw: bytes) -> str:
    """Why a value may not be what was meant, going by its shape."""
    wanted, found = BY_KIND.get(old.scope), identify(raw)
    if wanted is None:
        return f"This has the shape of {_a(found.label)}." if found is not None else ""
    if found is None:
        if wanted.within:
            return ""
        return f"This does not look like {_a(wanted.label)}; it would be known as a declared key from now on."
    if found.provider != wanted.provider:
        return f"This looks like {_a(found.label)}, and the old key is {_a(wanted.label)}."
    if found.confidence(raw) is Confidence.DOUBTFUL and wanted.kind == found.kind:
        return f"This has the shape of {_a(found.label)}, but its check does not fit: was it cut off?"
    return ""


def _a(label: str) -> str:
    return f"{'an' if label[:1].lower() in 'aeiou' else 'a'} {label}"
