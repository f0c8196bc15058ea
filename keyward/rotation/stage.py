"""Staging: the new value, and the old one where it cannot be read again, are in the pending secret before anything else is written."""

from dataclasses import replace

from keyward.ledger.records import WaitingOn
from keyward.model.capability import Act, Can, CrashClass
from keyward.model.secret import Secret
from keyward.rotation import slot
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.slot import Pending
from keyward.rotation.values import value_in_places
from keyward.rotation.work import Work

STEP = "stage"


def stage(work: Work) -> None:
    """Make sure that both values survive this process; a successor whose value is lost is deleted, and another one made."""
    pending = slot.read(work)
    value = _new(work, pending)
    if value is None:
        _lost(work)
        return
    old = pending.old
    if Can.READ_VALUE not in work.provider.can and old is None:
        old = value_in_places(work, work.rotation.old)
        if old is None:
            why = f"the value of {work.rotation.old.id} can be read in no place, so it could not be written back"
            work.halt(WaitingOn.BLOCKED, why, step=STEP)
            return
    if work.rotation.slot:
        _keep(work, pending, value, old)
    new = replace(work.new, fingerprint=work.reach.fingerprints.fingerprint(value))
    work.reach.values.keep(new.id, value)
    if old is not None:
        work.reach.values.keep(work.rotation.old.id, old)
    where = work.rotation.slot
    evidence = f"what cannot be read again is in {where}" if where else "nothing is staged: there is no home store"
    work.happened(Happened(Kind.STAGED, work.ctx.now, key=new), STEP, target=where, evidence=evidence)


def _new(work: Work, pending: Pending) -> Secret | None:
    """The successor's value: staged, in memory, or put together from the material that was made here."""
    new = work.new
    if pending.value is not None and pending.credential == new.id:
        return pending.value
    kept = work.reach.values.get(new.id)
    if kept is not None or work.rotation.crash is not CrashClass.OWN_MATERIAL or pending.material is None:
        return kept
    credential = work.look_up(new.ref)
    return None if credential is None else work.provider.compose(credential, pending.material, work.ctx)


def _keep(work: Work, pending: Pending, value: Secret, old: Secret | None) -> None:
    wanted = replace(pending, credential=work.new.id, value=value, old=old)
    if wanted != pending:
        where = work.rotation.slot
        work.intend(STEP, f"stage the values in {where}", target=where)
        slot.write(work, credential=work.new.id, value=value, **({"old": old} if old is not None else {}))


def _lost(work: Work) -> None:
    """Nobody has the successor's value, so nobody was ever given it."""
    new = work.new
    if work.rotation.crash is CrashClass.PERSON:
        why = f"the value of {new.id} was lost; it has to be handed in again"
        work.happened(Happened(Kind.LOST, work.ctx.now), STEP, ok=False, credential=new.id, evidence=why)
        return
    credential = work.look_up(new.ref)
    if credential is not None and credential.live:
        work.intend("sweep", f"revoke {new.id}, whose value nobody has", etag=credential.etag)
        work.provider.act(Act.REVOKE, credential.ref, work.ctx, etag=credential.etag)
    why = f"the value of {new.id} is nowhere; it was deleted, and another key is made"
    work.happened(Happened(Kind.LOST, work.ctx.now), STEP, ok=False, credential=new.id, evidence=why)
