"""`import`: a key that was made outside of keyward gets a place. What its provider shows again is read there; else a person hands it in."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from keyward.ledger.ids import new_rotation_id
from keyward.ledger.records import PlacementRow, ProbeRow, TargetRow
from keyward.model.capability import Can
from keyward.model.errors import Ambiguous, Conflict, Exit, Gone, NeedsPerson, Refused, SourceError
from keyward.model.ids import DECLARED, SHAPE, SHORT, CredentialRef, PlacementRef
from keyward.model.keyfile import key_id
from keyward.model.secret import Secret
from keyward.model.verdict import VerdictKind
from keyward.rotation.acts import trail
from keyward.rotation.acts.doing import holding
from keyward.rotation.acts.outcome import ActOutcome
from keyward.rotation.blockers import Blocker, Why
from keyward.rotation.destination import Destination, There, blockers, find, levels_of
from keyward.rotation.facts import KeyAsRead, PlaceFacts
from keyward.rotation.places import value_at
from keyward.rotation.policy import Policy
from keyward.rotation.reach import Reach
from keyward.rotation.state import KeyFacts
from keyward.rotation.survey import survey
from keyward.rotation.work import told

STEP = "import"


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What would be done. `at` is UTC. `asks` says that a person has to hand the value in."""

    at: datetime
    id: str
    place: str
    policy: Policy
    destination: Destination
    name: str | None = None
    state: str = ""
    fingerprint: str = ""
    pair_id: str = ""
    asks: bool = False
    steps: tuple[str, ...] = ()
    places: tuple[PlaceFacts, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    world: str = ""
    actor: str = ""
    identity: str = ""
    host: str = ""

    @property
    def ready(self) -> bool:
        """Whether it can be done."""
        return not self.blockers

    @property
    def ref(self) -> CredentialRef:
        """Which key."""
        return CredentialRef.parse(self.id)


def plan(reach: Reach, key: CredentialRef, to: PlacementRef, policy: Policy) -> ImportPlan:
    """Read the key and the place, and say what would be done. Changes nothing anywhere.

    Raises:
        NotConfigured: a provider or store is not available here.
        Interrupted: cancelled.
    """
    (read,) = survey(reach, [key], policy).keys
    facts = read.facts or KeyFacts(str(key))
    found = find(reach, to, facts)
    asks = Can.READ_VALUE.value not in read.can and found.there is not There.KEY
    return ImportPlan(
        reach.ctx.now,
        str(key),
        str(to.current),
        policy,
        found,
        read.credential.name if read.credential else None,
        read.credential.state.value if read.credential else "",
        facts.fingerprint,
        facts.pair_id,
        asks,
        tuple(_steps(found, asks=asks)),
        read.places,
        tuple(_blockers(reach, read, found, policy)),
        reach.world,
        reach.actor,
        reach.identity,
        reach.host,
    )


def _steps(found: Destination, *, asks: bool) -> Iterator[str]:
    at = found.place
    if found.there is not There.KEY:
        yield "take the value that you hand in" if asks else "read the value from the key's provider"
        if found.there is There.ABSENT:
            yield f"create the secret {at.secret}, empty"
        yield f"write the value to {at} and read it back"
    yield f"accept {at} as a place that rotations of this key write to"


def _blockers(reach: Reach, key: KeyAsRead, found: Destination, policy: Policy) -> Iterator[Blocker]:
    if key.credential is None:
        yield Blocker(Why.BLOCKED, f"{key.id} cannot be read: {key.problem}")
        return
    if not key.credential.live:
        yield Blocker(Why.REFUSED, f"the key is {key.credential.state.value}", f"keyward restore {key.id}")
    if key.under_way is not None and not key.under_way.state.closed:
        hint = f"Go on with it (keyward resume {key.under_way.id}) or undo it first."
        yield Blocker(Why.REFUSED, f"rotation {key.under_way.id} of this key is under way", hint)
    if key.hands_off:
        yield Blocker(Why.REFUSED, "the key carries keyward=hands-off", "Remove that annotation to let keyward act.")
    for place in key.places:
        if place.at == str(found.place) and place.problem:
            yield Blocker(Why.BLOCKED, f"{place.at} {place.problem}")
    yield from blockers(found, key.id, key.places, policy, levels_of(reach, key.places))


def do(reach: Reach, agreed: ImportPlan, value: Secret | None = None) -> ActOutcome:
    """Do it. Killed anywhere, the same command ends it: what the place holds tells what is left to do.

    Args:
        reach: the world.
        agreed: the plan.
        value: what a person handed in.

    Raises:
        NeedsPerson: something is in the way, or the value is not this key's; nothing was done.
        Held: somebody else works on the key or the place.
    """
    if not agreed.ready:
        raise NeedsPerson(
            "Nothing was changed. " + " ".join(f"{one.what}. {one.hint}".strip() for one in agreed.blockers)
        )
    with holding(reach, agreed.id):
        lease = reach.ledger.acquire(f"target:{agreed.destination.place.secret}", reach.worker(), reach.lease_seconds)
        try:
            return _do(reach, agreed, value)
        except (SourceError, Ambiguous, Refused, Conflict, Gone) as error:
            said = f"{agreed.place} was not surely written: {told(error)}. Run the same command again"
            return ActOutcome(agreed.id, False, said, Exit(error.exit_code), agreed.state)
        finally:
            reach.ledger.release(lease)


def _do(reach: Reach, agreed: ImportPlan, value: Secret | None) -> ActOutcome:
    credential = reach.provider(agreed.ref).get(agreed.ref, reach.ctx)
    if not credential.live:
        raise Conflict(f"{agreed.id} is {credential.state.value} by now; nothing was written.")
    facts = KeyFacts(agreed.id, fingerprint=agreed.fingerprint, pair_id=agreed.pair_id)
    found = find(reach, agreed.destination.place, facts)
    if found.there is There.KEY:
        return _end(reach, agreed, found.version, agreed.fingerprint, "it held the key already")
    if found.there not in (There.ABSENT, There.EMPTY):
        raise Conflict(f"{agreed.place} holds {found.there.value} by now; it was not written.")
    if Can.READ_VALUE in reach.provider(agreed.ref).can:
        value = reach.provider(agreed.ref).read_value(agreed.ref, reach.ctx)
    if value is None:
        raise NeedsPerson(f"The value of {agreed.id} has to be handed in.", hint="At a prompt, or with --stdin.")
    fingerprint = _checked(reach, agreed, value)
    reach.ctx.check()
    trail.begin(
        reach, agreed.id, STEP, f"write {agreed.id} to {agreed.place}", place=agreed.place, reason=agreed.policy.reason
    )
    version, evidence = _write(reach, agreed, found, value, fingerprint)
    return _end(reach, agreed, version, fingerprint, evidence)


def _write(reach: Reach, agreed: ImportPlan, found: Destination, value: Secret, fingerprint: str) -> tuple[str, str]:
    """Make the secret where there is none, write, and read back."""
    secret = found.place.secret
    store = reach.store(secret)
    if found.there is There.ABSENT:
        store.create(secret, None, reach.ctx)
    with suppress(Ambiguous):  # reading back tells
        store.write(secret, value, reach.ctx, expect=found.token, mark=new_rotation_id(reach.ctx.now))
    try:
        back = store.read(secret, reach.ctx)
    except SourceError as error:
        if error.status != "denied":
            raise
        return "", f"written, not readable: {told(error)}"
    held = value_at(back, found.place.part)
    if held is None or reach.fingerprints.fingerprint(held) != fingerprint:
        raise Conflict(
            f"{agreed.place} holds something else right after it was written.", hint="Somebody else writes it."
        )
    return back.version, "written, read back and equal"


def _checked(reach: Reach, agreed: ImportPlan, value: Secret) -> str:
    """The fingerprint of a value that surely is this key's.

    Raises:
        NeedsPerson: it is another one, nothing shows whose it is, or it is dead.
    """
    fingerprint = reach.fingerprints.fingerprint(value)
    provider, ref = reach.provider(agreed.ref), agreed.ref
    if Can.READ_VALUE not in provider.can:
        why = _not_this(ref, agreed.fingerprint, fingerprint, value)
        if why:
            raise NeedsPerson(f"The value is not taken: {why}. Nothing was changed.")
    if Can.VERIFY in provider.can:
        verdict = provider.verify(value, ref, reach.ctx)
        reach.ledger.probe(
            ProbeRow(ref_id := str(ref), verdict.at or reach.ctx.now, verdict.kind.value, verdict.evidence)
        )
        trail.note(reach, "verdict", ref_id, STEP, verdict=verdict.kind.value, evidence=verdict.evidence)
        if verdict.kind is VerdictKind.DEAD:
            raise NeedsPerson(f"The value does not work ({verdict.evidence}); nothing was changed.")
    return fingerprint


def _not_this(ref: CredentialRef, known: str, fingerprint: str, value: Secret) -> str:
    """Why a value that was handed in is not taken for this key's; empty when it surely is."""
    if known:
        return "" if known == fingerprint else "it is not the value that keyward knows of this key"
    if ref.provider in (SHAPE, DECLARED):
        mine = bool(ref.local) and ref.local[-1] == fingerprint[:SHORT]
        return "" if mine else f"it is not the value of {ref}"
    named = key_id(value.reveal())
    if named:
        return "" if named in ref.local else f"it is the file of another key ({named})"
    return "nothing in it shows whose it is, and no place is known to hold this key"


def _end(reach: Reach, agreed: ImportPlan, version: str, fingerprint: str, evidence: str) -> ActOutcome:
    """Put down where the key is, and that a person accepted the place."""
    now, place = reach.ctx.now, agreed.destination.place
    host = agreed.destination.host
    row = PlacementRow(
        secret=str(place.secret),
        version=version,
        part=place.part,
        credential=agreed.id,
        fingerprint=fingerprint,
        role="current",
        version_state="enabled",
        store=place.secret.store,
        scope=place.secret.scope,
        host=host,
        first_seen=now,
        last_read=now,
    )
    reach.ledger.see(place.secret.source, host, [row], now, complete=False)
    reach.ledger.accept([TargetRow(agreed.place, reach.actor, now, "accepted by an import", (host,))])
    trail.end(
        reach,
        agreed.id,
        STEP,
        ok=True,
        place=agreed.place,
        after=version,
        evidence=f"{agreed.place}: {evidence}",
        reason=agreed.policy.reason,
    )
    return replace(ActOutcome(agreed.id, True, evidence), state=agreed.state)
