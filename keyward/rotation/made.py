"""A successor that is there: taken over, put down, or refused. What every way of making one shares."""

from collections.abc import Sequence

from keyward.ledger.records import WaitingOn
from keyward.model.capability import CrashClass
from keyward.model.credential import Credential
from keyward.model.errors import Refused
from keyward.providers.interface import Clues, Marker
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.slot import EMPTY, Pending
from keyward.rotation.state import KeyFacts
from keyward.rotation.work import Work, told


def marker_of(work: Work) -> Marker:
    """Who asks, in this attempt."""
    return Marker(work.rotation.id, work.rotation.attempt, work.rotation.old.id)


def clues_of(work: Work, pending: Pending = EMPTY) -> Clues:
    """What helps to recognise keys of this rotation."""
    rotation = work.rotation
    return Clues(pending.material, frozenset(rotation.baseline), rotation.looked_at, rotation.tried_at)


def own(work: Work, pending: Pending = EMPTY) -> Sequence[Credential]:
    """Every key that is surely this rotation's, or of which a person said so.

    Raises:
        SourceError: it could not be found out.
    """
    rotation, provider = work.rotation, work.provider
    found = {one.id: one for one in provider.own(rotation.want, marker_of(work), work.ctx, clues_of(work, pending))}
    if rotation.policy.owned:
        suspects = provider.suspects(rotation.want, marker_of(work), work.ctx, clues_of(work, pending))
        found |= {one.id: one for one in suspects if one.id in rotation.policy.owned}
    return tuple(found.values())


def unproved(work: Work, pending: Pending = EMPTY) -> Sequence[Credential]:
    """Live keys that may be this rotation's, of which nothing is proved and nothing was said.

    Raises:
        SourceError: it could not be found out.
    """
    rotation = work.rotation
    said = {*rotation.policy.owned, *rotation.policy.disowned}
    suspects = work.provider.suspects(rotation.want, marker_of(work), work.ctx, clues_of(work, pending))
    said |= set() if rotation.new is None else {rotation.new.id}
    return tuple(one for one in suspects if one.live and one.id not in said)


def list_baseline(work: Work) -> None:
    """Put down, before the first create, which keys are there already: none of them can be this rotation's."""
    if work.rotation.looked_at is None:
        ids = tuple(sorted(one.id for one in work.provider.siblings(work.rotation.want, work.ctx)))
        event = Happened(Kind.LISTED, work.ctx.now, baseline=ids)
        work.happened(event, "create", evidence=f"{len(ids)} keys are there before")


def adopt(work: Work, pending: Pending = EMPTY) -> bool:
    """Look at the world before going on: whether a key of this rotation is there already, which is then taken."""
    live = [key for key in own(work, pending) if key.live]
    if live:
        made(work, newest(live), adopted=True)
    return bool(live)


def newest(keys: Sequence[Credential]) -> Credential:
    """The one that was made last."""
    return max(keys, key=lambda key: (key.created is not None, key.created, key.id))


def made(work: Work, credential: Credential, *, adopted: bool = False) -> None:
    """Put down that the successor is there."""
    facts = KeyFacts.of(credential)
    work.happened(
        Happened(Kind.MADE, work.ctx.now, key=facts),
        "create",
        credential=facts.id,
        resource=facts.resource,
        adopted=adopted,
        evidence=f"{facts.id}{' (found again)' if adopted else ''}",
    )


def refused(work: Work, error: Refused) -> None:
    """A create that the provider surely did not do: another name, a person, or the end."""
    why = told(error)
    if error.reason == "spent":
        work.happened(Happened(Kind.SPENT, work.ctx.now), "create", ok=False, evidence=why)
    elif error.reason == "taken":
        work.halt(WaitingOn.PERSON, f"the name of the new key belongs to somebody else: {why}", step="create")
    else:
        if work.rotation.crash is not CrashClass.NAMED:  # this attempt made nothing; one before may have
            work.happened(Happened(Kind.SPENT, work.ctx.now), "create", ok=False, evidence=why)
        work.happened(Happened(Kind.UNDO, work.ctx.now, why=f"refused: {why}"), "create", ok=False, evidence=why)
