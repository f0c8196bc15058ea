"""Proving that the new key works, before anything is written anywhere."""

from dataclasses import replace
from datetime import timedelta

from keyward.ledger.records import WaitingOn
from keyward.model.capability import CrashClass
from keyward.model.verdict import VerdictKind
from keyward.rotation.by_person import lost, superseded
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.work import Work

PROOF_CEILING = timedelta(minutes=20)
"""New keys work after seconds to a few minutes; one that is refused for longer is a matter for a person."""

_AGAIN = 10.0


def prove(work: Work) -> None:
    """Use the new key until its provider recognises it; nothing is written anywhere before."""
    step, new, person = "verify", work.new, work.rotation.crash is CrashClass.PERSON
    if person and superseded(work):
        return
    value = work.value(new)
    if value is None and person:
        lost(work)
        return
    if value is None:
        _not_yet(work, "its value cannot be read yet")
        return
    facts = replace(new, fingerprint=work.reach.fingerprints.fingerprint(value))
    verdict = work.probe(value, facts.ref, facts.id, step)
    good = verdict.alive or (verdict.kind is VerdictKind.UNPROVED and work.rotation.policy.accept_unproved)
    if good:
        event = Happened(Kind.PROVED, work.ctx.now, key=facts, verdict=verdict.kind.value)
        evidence = f"{verdict.kind.value}: {verdict.evidence}"
        work.happened(event, step, credential=facts.id, verdict=verdict.kind.value, evidence=evidence)
    elif verdict.kind is VerdictKind.UNPROVED:
        why = f"the new key cannot be tried from here ({verdict.evidence}); --accept-unproved goes on without proof"
        work.halt(WaitingOn.PERSON, why, step=step)
    elif person and verdict.kind is VerdictKind.DEAD:
        why = f"the value that was handed in does not work ({verdict.evidence}); another one: keyward swap {work.rotation.old.id}"
        work.halt(WaitingOn.PERSON, why, step=step)
    elif verdict.kind is VerdictKind.BLOCKED:
        work.halt(WaitingOn.BLOCKED, f"the provider blocks the new key: {verdict.evidence}", step=step)
    else:
        _not_yet(work, f"{verdict.kind.value}: {verdict.evidence}")


def _not_yet(work: Work, why: str) -> None:
    made = work.rotation.made or work.ctx.now
    if work.ctx.now - made < PROOF_CEILING:
        work.halt(WaitingOn.PROVIDER, f"the new key does not work yet ({why})", seconds=_AGAIN, step="verify")
    else:
        work.halt(WaitingOn.PERSON, f"the new key still does not work ({why}); undo deletes it", step="verify")
