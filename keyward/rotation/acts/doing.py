"""Doing an act: under the key's lease, put down before and after, and settled by looking at the world again.

Killed anywhere, the same command ends it: what was begun is noted in the ledger, and a key that is so already needs no second act.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from keyward.ledger.records import Lease
from keyward.model.capability import Act
from keyward.model.credential import Credential, State
from keyward.model.errors import (
    Ambiguous,
    Conflict,
    Exit,
    Gone,
    Held,
    KeywardError,
    NeedsPerson,
    Refused,
    SourceError,
    WorldChanged,
)
from keyward.model.events import StepDone, StepStarted
from keyward.model.secret import Secret
from keyward.rotation.acts import proof, trail
from keyward.rotation.acts.facts import InUse
from keyward.rotation.acts.outcome import ActOutcome
from keyward.rotation.acts.plan import ActPlan, KeyAct
from keyward.rotation.acts.wish import Wish, is_so
from keyward.rotation.reach import Reach
from keyward.rotation.survey import successor_of
from keyward.rotation.work import told

_USAGE_WINDOW = (
    "its provider saw it in use in the last days (its own tries by keyward count too), so it was left as it is"
)


def do(reach: Reach, plan: ActPlan, *, wait: bool = False, timeout: timedelta | None = None) -> tuple[ActOutcome, ...]:
    """Do the act to every key of the plan; what goes wrong with one is its outcome and stops no other.

    Args:
        reach: the world.
        plan: what was agreed to, made just now.
        wait: for an act that ends a key: probe it until it is dead.
        timeout: how long to probe at most.

    Raises:
        NeedsPerson: something is in the way; nothing was done.
        Interrupted: cancelled; the same command goes on.
    """
    if not plan.ready:
        found = " ".join(f"{key.id}: {one.what}. {one.hint}".strip() for key in plan.keys for one in key.blockers)
        raise NeedsPerson(f"Nothing was changed. {found}")
    end = None if timeout is None else reach.ctx.now + timeout
    return tuple(_outcome(reach, key, plan.wish, wait=wait, end=end) for key in plan.keys)


def _outcome(reach: Reach, key: KeyAct, wish: Wish, *, wait: bool, end: datetime | None) -> ActOutcome:
    try:
        with holding(reach, key.id) as lease:
            return _one(_Doing(reach, key, wish, lease), wait=wait, end=end)
    except (SourceError, Ambiguous, Refused, Conflict, Gone, Held, NeedsPerson, WorldChanged) as error:
        return ActOutcome(key.id, False, told(error), Exit(error.exit_code), key.state)


@contextmanager
def holding(reach: Reach, key: str) -> Iterator[Lease]:
    """Be the only one that acts on this key.

    Raises:
        Held: somebody else does just now.
    """
    lease = reach.ledger.acquire(f"key:{key}", reach.worker(), reach.lease_seconds)
    try:
        yield lease
    finally:
        reach.ledger.release(lease)


class _Doing:
    """One key in the hands of one process."""

    def __init__(self, reach: Reach, key: KeyAct, wish: Wish, lease: Lease) -> None:
        self.reach, self.key, self.wish, self.lease = reach, key, wish, lease

    @property
    def step(self) -> str:
        return self.wish.act.value

    def look(self) -> Credential | None:
        """The key as it is now; None when it is no more."""
        try:
            return self.reach.provider(self.key.ref).get(self.key.ref, self.reach.ctx)
        except Gone:
            return None

    def begin(self, what: str) -> None:
        """Put down what is about to be done, and make sure that it still may be."""
        self.reach.ctx.check()
        self.reach.ctx.report(StepStarted("", self.step, what, self.key.id))
        wish = self.wish
        trail.begin(
            self.reach,
            self.key.id,
            self.step,
            what,
            reason=wish.reason,
            even_if_used=wish.even_if_used,
            even_if_broken=wish.even_if_broken,
            in_use=self.key.in_use.value,
            waived=list(wish.waive),
        )
        for gate, why in self._waived():
            trail.note(self.reach, "waived", self.key.id, self.step, gate=gate, why=why, reason=wish.reason)
        self.reach.ctx.check()
        self.reach.ledger.renew(self.lease, self.reach.lease_seconds)

    def _waived(self) -> Iterator[tuple[str, str]]:
        """What the user took upon himself, as far as it was needed."""
        if self.wish.ends and self.wish.even_if_used and self.key.in_use is not InUse.NO:
            yield "use", self.key.in_use.value
        for why in self.key.breaks:
            yield "places", why

    def end(self, outcome: ActOutcome) -> ActOutcome:
        """Put down what came of it."""
        trail.end(
            self.reach,
            self.key.id,
            self.step,
            ok=outcome.done,
            evidence=outcome.said,
            reason=self.wish.reason,
            undo_until=outcome.undo_until,
        )
        self.reach.ctx.report(StepDone("", self.step, outcome.done, outcome.said, self.key.id))
        return outcome


def _one(doing: _Doing, *, wait: bool, end: datetime | None) -> ActOutcome:
    reach, key, wish = doing.reach, doing.key, doing.wish
    _check_free(doing)
    now = doing.look() if not key.person else None
    if not key.person and is_so(wish.act, now.state if now else None):
        outcome = _so(now, key.id, "it was so already")
        if key.unfinished:
            same = key.unfinished == doing.step
            said = (
                "done by an earlier run that was stopped" if same else f"it was so already; {key.unfinished} was begun"
            )
            outcome = doing.end(replace(outcome, said=said))
        value = proof.value_of(reach, key) if wait else None
        off = (now.deleted if now else None) or reach.ctx.now
    elif key.person:
        outcome, value, off = _by_hand(doing), None, reach.ctx.now
        value = proof.value_of(reach, key) if wait else None
    else:
        # A deleted key's value may not be readable any more.
        value = proof.value_of(reach, key) if wait and wish.ends else None
        outcome, off = _act(doing), reach.ctx.now
    return _proved(doing, outcome, value, off, end, wait=wait)


def _check_free(doing: _Doing) -> None:
    """Whether no rotation of this key was begun since the plan.

    Raises:
        WorldChanged: one was.
    """
    for row in doing.reach.ledger.rotations(open_only=True):
        if doing.key.id in (row.credential, successor_of(row)):
            raise WorldChanged(
                f"Rotation {row.id} of {doing.key.id} was begun meanwhile; nothing was done.",
                hint=f"keyward history {row.id}",
            )


def _act(doing: _Doing) -> ActOutcome:
    """Do it once; a lost answer is settled by looking."""
    reach, key, wish = doing.reach, doing.key, doing.wish
    doing.begin(f"{wish.act.value} {key.id}")
    refused = None
    try:
        reach.provider(key.ref).act(wish.act, key.ref, reach.ctx, etag=key.etag, check_usage=wish.unused)
    except (Refused, Conflict, Gone, SourceError) as error:
        if not (isinstance(error, Gone) and wish.act is Act.REVOKE):
            refused = _refused(key, error)
    except Ambiguous as error:
        if not _is_so(doing):
            # The note of what was begun stays: the same command looks again.
            why = f"no answer came ({told(error)}), and the key does not show it yet; run the same command again"
            return _not(key, why, Exit.PARTIAL)
    if refused is not None:
        return doing.end(refused)
    return doing.end(_so(_after(doing), key.id, f"{doing.step}d"))


def _refused(key: KeyAct, error: KeywardError) -> ActOutcome:
    """What surely was not done, and why."""
    if isinstance(error, Refused) and error.reason == "in-use":
        return _not(key, f"{_USAGE_WINDOW} ({told(error)})", Exit.NEEDS_PERSON)
    if isinstance(error, Refused):
        return _not(key, f"it was refused: {told(error)}", Exit.FINDINGS)
    if isinstance(error, Conflict):
        return _not(key, f"it was changed since the plan, so it was left as it is: {error}", Exit.WORLD_CHANGED)
    if isinstance(error, Gone):
        return _not(key, f"it is gone for good: {told(error)}", Exit.FINDINGS)
    return _not(key, f"its provider could not be asked: {told(error)}", Exit(error.exit_code))


def _by_hand(doing: _Doing) -> ActOutcome:
    """Where only a person can do it, his word is what ends it."""
    key, wish = doing.key, doing.wish
    if not wish.gone:
        raise NeedsPerson(
            f"Only a person can {wish.act.value} {key.id}{f': {key.by_hand}' if key.by_hand else ''}.",
            hint=f"When that is done: keyward revoke {key.id} --deleted",
        )
    doing.begin(f"record that {key.id} was {wish.act.value}d where keyward cannot")
    return doing.end(ActOutcome(key.id, True, f"{doing.reach.actor} says that it was done"))


def _is_so(doing: _Doing) -> bool:
    try:
        now = doing.look()
    except SourceError:
        return False
    return is_so(doing.wish.act, now.state if now else None)


def _after(doing: _Doing) -> Credential | None:
    """The key afterwards, for the date until when it can be taken back; that date is worth no failure."""
    try:
        return doing.look()
    except SourceError:
        return None


def _so(now: Credential | None, key: str, said: str) -> ActOutcome:
    until = now.restorable_until if now is not None and now.state is State.RESTORABLE else None
    return ActOutcome(key, True, said, state=now.state.value if now else "", undo_until=until)


def _not(key: KeyAct, said: str, code: Exit) -> ActOutcome:
    return ActOutcome(key.id, False, said, code, key.state)


def _proved(
    doing: _Doing, outcome: ActOutcome, value: Secret | None, off: datetime, end: datetime | None, *, wait: bool
) -> ActOutcome:
    reach, key, wish = doing.reach, doing.key, doing.wish
    if not outcome.done or (wish.ends and not wait):
        return outcome
    try:
        proved = (
            proof.dead(reach, key, outcome, value, off=off, end=end) if wish.ends else proof.works(reach, key, outcome)
        )
    except KeywardError as error:
        if isinstance(error, (SourceError, Refused, Gone)):
            return outcome.with_proof(f"it could not be tried: {told(error)}", proved=None)
        raise
    proof.told(reach, key, doing.step, proved)
    return proved
