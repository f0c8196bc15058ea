"""Switching the old key off, and probing it until it is dead."""

from contextlib import suppress
from datetime import timedelta

from keyward.ledger.records import WaitingOn
from keyward.model.capability import Act, CrashClass
from keyward.model.credential import Credential, State
from keyward.model.errors import Ambiguous, Conflict, Gone, Refused, SourceError
from keyward.model.secret import Secret
from keyward.model.verdict import Verdict, VerdictKind
from keyward.rotation.gate import passes
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.values import value_in_places
from keyward.rotation.work import Work, told

STEP = "retire"
LONGEST = timedelta(minutes=30)
"""The longest that a deleted key was ever seen to work; waited in full when it cannot be probed."""

_FEWEST = 3
_AGAIN = 10.0


def revoke(work: Work) -> None:
    """Switch the old key off, once the gate was passed in this very run; a lost answer is settled by looking."""
    old = work.rotation.old
    # The gate looked at it a moment ago; its etag tells if it changed since.
    credential = work.seen if work.gate_passed and work.seen is not None else work.look_up(old.ref)
    if _is_off(credential):
        if not work.rotation.revoking:
            work.intend(STEP, f"record that {old.id} is off already", event=Happened(Kind.REVOKING, work.ctx.now))
        _off(work, credential, "it is off already")
        return
    if not work.gate_passed and not passes(work):
        return
    if work.rotation.crash is CrashClass.PERSON:
        _by_hand(work)
        return
    with suppress(SourceError):
        work.value(old)  # kept in memory for the probes afterwards; a deleted key's value may not be readable
    etag = credential.etag if credential else ""
    work.intend(STEP, f"revoke {old.id}", event=Happened(Kind.REVOKING, work.ctx.now), etag=etag)
    after = None
    try:
        after = work.provider.act(Act.REVOKE, old.ref, work.ctx, etag=etag)
    except Ambiguous as error:
        if not _is_off(work.look_up(old.ref)):
            work.halt(WaitingOn.PROVIDER, f"no answer to the revocation: {told(error)}", seconds=_AGAIN, step=STEP)
            return
    except Conflict as error:
        work.halt(WaitingOn.PROVIDER, f"the old key changed just now: {error}", seconds=_AGAIN, step=STEP)
        return
    except Gone:
        pass
    except Refused as error:
        work.halt(WaitingOn.REFUSED, f"the revocation was refused: {told(error)}", step=STEP)
        return
    _off(work, after or _look_again(work), "revoked")


def _by_hand(work: Work) -> None:
    """Where only a person can delete the old key, his word is what ends it; the probes afterwards tell whether it is so."""
    old = work.rotation.old
    if not work.rotation.policy.old_gone:
        how = work.provider.by_hand(Act.REVOKE, old.ref)
        why = f"a person deletes the old key {how} and says so: keyward swap {old.id} --old-deleted"
        work.halt(WaitingOn.PERSON, why, step=STEP)
        return
    work.intend(STEP, f"record that {old.id} was deleted", event=Happened(Kind.REVOKING, work.ctx.now))
    _off(work, None, f"{work.reach.actor} says that it was deleted")


def _look_again(work: Work) -> Credential | None:
    """The key after its end, for the date until when it can be restored; that date is worth no failure."""
    try:
        return work.look_up(work.rotation.old.ref)
    except SourceError:
        return None


def _is_off(credential: Credential | None) -> bool:
    return credential is None or credential.state in (State.RESTORABLE, State.DELETED)


def _off(work: Work, credential: Credential | None, evidence: str) -> None:
    until = credential.restorable_until if credential else None
    event = Happened(Kind.REVOKED, work.ctx.now, until=until)
    work.happened(event, STEP, credential=work.rotation.old.id, evidence=evidence, undo_until=until)


def confirm(work: Work) -> None:
    """Probe the old key; a run of failed probes, long enough for its provider, says that it is dead."""
    now = work.ctx.now
    usual, run = work.provider.dead_after(work.rotation.old.credential)
    value = work.value(work.rotation.old) or value_in_places(work, work.rotation.old)
    if value is None:
        _unproved(work, usual + run, "its value cannot be had for a probe")
        return
    verdict = _probe(work, value, run)
    if verdict.kind is VerdictKind.UNPROVED:
        _unproved(work, usual + run, f"it cannot be tried from here ({verdict.evidence})")
        return
    late = work.rotation.revoked is not None and now - work.rotation.revoked >= _longest(usual + run)
    if late and _alive(verdict) and work.rotation.crash is CrashClass.PERSON:
        how = work.provider.by_hand(Act.REVOKE, work.rotation.old.ref)
        why = (
            f"the old key still works although a person said that it was deleted ({verdict.evidence}); delete it {how}"
        )
        work.halt(WaitingOn.PERSON, why, step="confirm")
        return
    while late and _alive(verdict) is False and work.rotation.failed_probes < _FEWEST:
        verdict = _probe(work, value, run)  # past the longest known delay a few failed probes in a row are enough
    failing, count = work.rotation.failing_since, work.rotation.failed_probes
    long_enough = failing is not None and now - failing >= timedelta(seconds=run)
    if _alive(verdict) is False and count >= _FEWEST and (late or long_enough):
        seconds = (now - (failing or now)).total_seconds()
        _dead(work, f"dead: {count} probes failed over {seconds:.0f} s, the last: {verdict.evidence}")


def _probe(work: Work, value: Secret, run: float) -> Verdict:
    """Use the old key once and count what came back."""
    old, now = work.rotation.old, work.ctx.now
    verdict = work.probe(value, work.tried_as(old), old.id, "confirm", line=False)
    alive, evidence = _alive(verdict), f"{verdict.kind.value}: {verdict.evidence}"
    until = now + timedelta(seconds=min(60.0, max(20.0, run / 10)))
    work.happened(
        Happened(Kind.PROBED, now, alive=alive, until=until, why=_why(alive, evidence)),
        "confirm",
        kind="verdict",
        ok=alive is not True,
        credential=old.id,
        verdict=verdict.kind.value,
        evidence=verdict.evidence,
    )
    return verdict


def _longest(seconds: float) -> timedelta:
    return max(LONGEST, timedelta(seconds=seconds))


def _alive(verdict: Verdict) -> bool | None:
    if verdict.alive:
        return True
    # "Not yet" is what a provider says of a young key that it does not recognise; this one is on its way out.
    return False if verdict.kind in (VerdictKind.DEAD, VerdictKind.NOT_YET) else None


def _why(alive: bool | None, evidence: str) -> str:
    word = {True: "still works", False: "stopped working, to be sure it is probed again", None: "could not be tried"}
    return f"the old key {word[alive]} ({evidence})"


def _unproved(work: Work, seconds: float, why: str) -> None:
    """No probe can tell: a person's word counts at once, what keyward did itself once it surely took effect."""
    if work.rotation.crash is CrashClass.PERSON:
        _dead(work, f"not proved by probes, since {why}; {work.reach.actor} says that it was deleted")
    else:
        _wait_out(work, seconds, why)


def _wait_out(work: Work, seconds: float, why: str) -> None:
    revoked = work.rotation.revoked or work.ctx.now
    until = revoked + _longest(seconds)
    if work.ctx.now >= until:
        _dead(work, f"not proved by probes, since {why}; the longest known delay has passed")
    else:
        left = (until - work.ctx.now).total_seconds()
        why = f"{why}; waiting out the longest known delay"
        work.halt(WaitingOn.PROVIDER, why, seconds=left, step="confirm")


def _dead(work: Work, evidence: str) -> None:
    event = Happened(Kind.DEAD, work.ctx.now, verdict=evidence)
    work.happened(event, "confirm", credential=work.rotation.old.id, evidence=evidence)
