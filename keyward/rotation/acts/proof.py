"""Trying the key's value after an act: until it works again, or until a run of failed tries says that it is dead."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from keyward.ledger.records import ProbeRow
from keyward.model.capability import Can
from keyward.model.credential import Credential
from keyward.model.errors import Exit, Gone, KeywardError, Refused, SourceError
from keyward.model.events import Waiting
from keyward.model.ids import CredentialRef, PlacementRef
from keyward.model.secret import Secret
from keyward.model.verdict import Verdict, VerdictKind
from keyward.rotation.acts import trail
from keyward.rotation.acts.outcome import ActOutcome
from keyward.rotation.acts.plan import KeyAct
from keyward.rotation.places import Holds, value_at
from keyward.rotation.reach import Reach
from keyward.rotation.retire import LONGEST

PATIENCE = timedelta(minutes=5)
"""How long a key that was restored or enabled is given to work again; after that a person looks."""

_AGAIN = 10.0
_FEWEST = 3
_SETTLED = (VerdictKind.UNPROVED, VerdictKind.BLOCKED)


def value_of(reach: Reach, key: KeyAct) -> Secret | None:
    """The key's value, from its provider or from a place that holds it now; None when it cannot be had. It is kept nowhere."""
    provider = reach.provider(key.ref)
    if Can.READ_VALUE in provider.can:
        with suppress(SourceError, Gone, Refused):
            return provider.read_value(key.ref, reach.ctx)
    return next(_in_places(reach, key), None)


def _in_places(reach: Reach, key: KeyAct) -> Iterator[Secret]:
    for place in key.places:
        if place.holds is Holds.OLD and place.here:
            at = PlacementRef.parse(place.at)
            with suppress(KeywardError):
                value = value_at(reach.store(at.secret).read(at.secret, reach.ctx), at.part)
                if value is not None:
                    yield value


def works(reach: Reach, key: KeyAct, outcome: ActOutcome, *, patience: timedelta = PATIENCE) -> ActOutcome:
    """Prove that a key which was brought back works; it may take a moment until all servers know it again."""
    value = value_of(reach, key)
    if value is None:
        return outcome.with_proof("its value cannot be had here, so it was not tried", proved=None)
    end = reach.ctx.now + patience
    while True:
        verdict = _try(reach, key, value, key.ref)
        evidence = f"{verdict.kind.value}: {verdict.evidence}"
        if verdict.alive:
            return outcome.with_proof(evidence, proved=True)
        if verdict.kind in _SETTLED:
            return outcome.with_proof(evidence, proved=None)
        if reach.ctx.now >= end:
            return outcome.with_proof(evidence, proved=False, exit_code=Exit.NEEDS_PERSON)
        _wait(reach, key, _AGAIN, f"it does not work yet ({evidence})")


def dead(
    reach: Reach, key: KeyAct, outcome: ActOutcome, value: Secret | None, *, off: datetime, end: datetime | None
) -> ActOutcome:
    """Probe a key that was switched off until it is dead.

    Args:
        reach: the world.
        key: the key.
        outcome: what came of the act.
        value: its value; None where it could not be had.
        off: when it was switched off (UTC).
        end: when to give up (UTC); None: after the longest that such a key was ever seen to work, twice.
    """
    usual, run = reach.provider(key.ref).dead_after(_credential(reach, key))
    longest = max(LONGEST, timedelta(seconds=usual + run))
    if value is None:
        return _waited_out(reach, key, outcome, off + longest, end)
    last = off + 2 * longest if end is None else end
    failing: datetime | None = None
    count = 0
    while True:
        # Without the key's id, so that nobody takes a key on its way out for one that is too young to be known; a secret that has an id
        # beside it cannot be tried without.
        verdict, now = _try(reach, key, value, key.ref if key.pair_id else None), reach.ctx.now
        evidence = f"{verdict.kind.value}: {verdict.evidence}"
        if verdict.kind is VerdictKind.UNPROVED:
            return _waited_out(reach, key, outcome, off + longest, end)
        if verdict.kind in (VerdictKind.DEAD, VerdictKind.NOT_YET):
            failing, count = failing or now, count + 1
            if count >= _FEWEST and (now - failing >= timedelta(seconds=run) or now - off >= longest):
                seconds = (now - failing).total_seconds()
                return outcome.with_proof(
                    f"dead: {count} tries failed over {seconds:.0f} s, the last: {evidence}", proved=True
                )
        elif verdict.alive:
            failing, count = None, 0
        if now >= last:
            return outcome.with_proof(f"not proved dead: {evidence}", proved=False, exit_code=Exit.NEEDS_PERSON)
        _wait(reach, key, min(60.0, max(_AGAIN, run / 10)), f"probing until it is dead ({evidence})")


def _waited_out(reach: Reach, key: KeyAct, outcome: ActOutcome, until: datetime, end: datetime | None) -> ActOutcome:
    """Without tries only the longest known delay tells."""
    why = "it cannot be tried from here; the longest known delay has passed"
    stop = until if end is None else min(until, end)
    while reach.ctx.now < stop:
        left = (stop - reach.ctx.now).total_seconds()
        _wait(
            reach,
            key,
            min(300.0, left),
            f"it cannot be tried from here; the longest known delay ends at {until:%H:%MZ}",
        )
    if stop < until:
        return outcome.with_proof("not proved dead: it cannot be tried from here", proved=None)
    return outcome.with_proof(why, proved=None)


def _try(reach: Reach, key: KeyAct, value: Secret, ref: CredentialRef | None) -> Verdict:
    """Use the value once, and remember that this was keyward's own use."""
    reach.ctx.check()
    verdict = reach.provider(key.ref).verify(value, ref, reach.ctx)
    at = verdict.at or reach.ctx.now
    reach.ledger.probe(ProbeRow(key.id, at, verdict.kind.value, verdict.evidence))
    return verdict


def _wait(reach: Reach, key: KeyAct, seconds: float, why: str) -> None:
    until = reach.ctx.now + timedelta(seconds=seconds)
    reach.ctx.report(Waiting("", "provider", f"{key.id}: {why}", until))
    reach.ctx.wait(seconds)
    reach.ctx.check()


def _credential(reach: Reach, key: KeyAct) -> Credential:
    try:
        return reach.provider(key.ref).get(key.ref, reach.ctx)
    except (Gone, SourceError):
        from keyward.model.credential import Kind, State

        return Credential(key.ref, Kind(key.kind), State.RESTORABLE, uid=key.uid, name=key.name)


def told(reach: Reach, key: KeyAct, step: str, outcome: ActOutcome) -> None:
    """Put the proof into the trail."""
    word = {True: "proved", False: "not proved", None: "not tried"}[outcome.proved]
    trail.note(reach, "verdict", key.id, step, ok=outcome.proved is not False, verdict=word, evidence=outcome.proof)
