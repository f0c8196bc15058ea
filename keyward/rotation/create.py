"""Making the successor, once: by a name that this rotation chose, so that a lost answer is found again; and proving that it works."""

from dataclasses import replace
from datetime import timedelta

from keyward.ledger.records import WaitingOn
from keyward.model.credential import Credential
from keyward.model.errors import Ambiguous, Refused
from keyward.model.verdict import VerdictKind
from keyward.providers.interface import Marker
from keyward.rotation.machine import Happened, Kind
from keyward.rotation.state import KeyFacts
from keyward.rotation.work import Work, told

PROOF_CEILING = timedelta(minutes=20)
"""New keys work after seconds to a few minutes; one that is refused for longer is a matter for a person."""

_AGAIN = 10.0
"""Seconds until a provider that gave no clear answer is asked again."""


def create(work: Work) -> None:
    """Make the successor, or find the one that an earlier life of this rotation made."""
    rotation = work.rotation
    marker = Marker(rotation.id, rotation.attempt)
    if rotation.tried and _adopt(work, marker):
        return
    work.intend(
        "create",
        f"create {marker.name} in {rotation.want.scope}",
        event=Happened(Kind.CREATING, work.ctx.now),
        name=marker.name,
        attempt=rotation.attempt,
    )
    try:
        created = work.provider.create(rotation.want, marker, work.ctx)
    except Ambiguous as error:
        if not _adopt(work, marker):
            work.halt(WaitingOn.PROVIDER, f"no answer to the create: {told(error)}", seconds=_AGAIN, step="create")
    except Refused as error:
        _refused(work, error)
    else:
        if created.value is not None:
            work.reach.values.keep(created.credential.id, created.value)
        _made(work, created.credential, adopted=created.adopted)


def _adopt(work: Work, marker: Marker) -> bool:
    """Look at the world before going on: whether a key of this rotation is there already, which is then taken."""
    live = [key for key in work.provider.own(work.rotation.want.scope, marker, work.ctx) if key.live]
    if live:
        _made(work, max(live, key=lambda key: (key.created is not None, key.created, key.id)), adopted=True)
    return bool(live)


def _made(work: Work, credential: Credential, *, adopted: bool) -> None:
    facts = KeyFacts.of(credential)
    work.happened(
        Happened(Kind.MADE, work.ctx.now, key=facts),
        "create",
        credential=facts.id,
        resource=facts.resource,
        adopted=adopted,
        evidence=f"{facts.id}{' (found again)' if adopted else ''}",
    )


def _refused(work: Work, error: Refused) -> None:
    why = told(error)
    if error.reason == "spent":
        work.happened(Happened(Kind.SPENT, work.ctx.now), "create", ok=False, evidence=why)
    elif error.reason == "taken":
        work.halt(WaitingOn.PERSON, f"the name of the new key belongs to somebody else: {why}", step="create")
    else:
        work.happened(Happened(Kind.UNDO, work.ctx.now, why=f"refused: {why}"), "create", ok=False, evidence=why)


def prove(work: Work) -> None:
    """Use the new key until its provider recognises it; nothing is written anywhere before."""
    step, new = "verify", work.new
    value = work.value(new)
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
