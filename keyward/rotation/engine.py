"""Beginning, continuing and waiting: what the command line and the app call."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from keyward.ledger.ids import new_rotation_id
from keyward.model.errors import Exit, Held, Interrupted, KeywardError, NeedsPerson, UnknownKey, UsageError
from keyward.model.events import Waiting
from keyward.model.ids import CredentialRef
from keyward.model.secret import Secret
from keyward.rotation.opening import begin, hand_over
from keyward.rotation.outcome import Outcome, Until, reached
from keyward.rotation.plan import Plan, plan
from keyward.rotation.policy import Policy
from keyward.rotation.reach import Reach
from keyward.rotation.runner import tick, undo
from keyward.rotation.state import from_row
from keyward.rotation.survey import survey

_LONGEST_NAP = 300.0
_SHORTEST_NAP = 0.5
_HOST_NAP = timedelta(seconds=20)
"""How often it is looked whether another host came."""


class Engine:
    """Rotations within one reach of the world.

    Args:
        reach: providers, stores, ledger, clock, and who is acting.
        workers: how many groups of keys are worked on at once.
        new_id: makes the id of a rotation.
    """

    def __init__(self, reach: Reach, *, workers: int = 8, new_id: Callable[[datetime], str] | None = None) -> None:
        self.reach = reach
        self._workers = workers
        self._new_id = new_id or new_rotation_id

    def plan(self, keys: Iterable[CredentialRef], policy: Policy) -> Plan:
        """Read the world and say what would be done. Changes nothing anywhere.

        Raises:
            UsageError: a place was to be accepted or waived in which none of these keys is.
        """
        found = plan(survey(self.reach, keys, policy, workers=self._workers), policy)
        _check_named(found)
        return found

    def run(
        self,
        agreed: Plan,
        *,
        until: Until | None = None,
        timeout: timedelta | None = None,
        values: Mapping[str, Secret] | None = None,
    ) -> tuple[Outcome, ...]:
        """Do a plan: begin a rotation for each key (or go on with the one under way), then tick, or wait until it came so far.

        Args:
            agreed: the plan.
            until: how far to wait; None ticks once.
            timeout: how long to wait at most.
            values: by key id, the successors' values that a person made (class E).

        Raises:
            NeedsPerson: something is in the way; nothing was begun.
            Held: another rotation of such a key was begun meanwhile.
            Interrupted: cancelled; what was begun can be resumed.
        """
        if not agreed.ready:
            raise NeedsPerson(*_why_not(agreed))
        rotations = begin(self.reach, agreed, self._new_id, workers=self._workers)
        for key, rotation in zip(agreed.keys, rotations, strict=True):
            if values and key.id in values:
                self.reach.values.keep(rotation, values[key.id])
        return self.go_on(rotations, until=until, timeout=timeout)

    def go_on(
        self, rotations: Sequence[str], *, until: Until | None = None, timeout: timedelta | None = None
    ) -> tuple[Outcome, ...]:
        """Tick these rotations (a resume); with `until`, again and again until each came so far or only a person can help.

        Raises:
            Held: somebody else works on one of them (only when none could be worked on).
            Interrupted: cancelled; what was begun can be resumed.
        """
        ctx = self.reach.ctx
        end = None if timeout is None else ctx.now + timeout
        ids = [self._full_id(rotation) for rotation in rotations]
        done: dict[str, Outcome] = {}
        while True:
            for outcome in self._tick_all([rotation for rotation in ids if not self._over(rotation, done, until)]):
                done[outcome.rotation] = outcome
            left = [rotation for rotation in ids if not self._over(rotation, done, until)]
            if until is None or not left or (end is not None and ctx.now >= end):
                return tuple(done[rotation] for rotation in dict.fromkeys([*ids, *done]) if rotation in done)
            waiting = [done[rotation] for rotation in left]
            for outcome in waiting:
                on = outcome.waiting_on.value or "time"
                ctx.report(Waiting(outcome.rotation, on, outcome.why or outcome.state.value, outcome.due))
            ctx.wait(self._nap(waiting, end))
            ctx.check()

    def hand_in(self, rotation: str, value: Secret) -> None:
        """Give a rotation the value that a person made for it (class E); the next tick of this process takes it over."""
        self.reach.values.keep(self._full_id(rotation), value)

    def turn(self, rotations: Sequence[str]) -> tuple[Outcome, ...]:
        """One tick for each of these rotations and their groups; what goes wrong with one is its outcome and stops no other.

        Raises:
            Interrupted: cancelled; what was begun can be resumed.
        """
        firsts = self._one_per_group(rotations)
        if not firsts:
            return ()
        with ThreadPoolExecutor(min(self._workers, len(firsts)), thread_name_prefix="rotation") as pool:
            return tuple(outcome for found in pool.map(self._tick_whatever, firsts) for outcome in found)

    def _tick_whatever(self, rotation: str) -> tuple[Outcome, ...]:
        try:
            return self._tick_or_held(rotation)
        except Interrupted:
            raise
        except KeywardError as error:
            row = self.reach.ledger.rotation(rotation)
            if row is None:
                raise
            return (Outcome.of(from_row(row)).because(error.exit_code, str(error)),)

    def undo(
        self,
        rotation: str,
        reason: str,
        *,
        wait: bool = False,
        timeout: timedelta | None = None,
        value: Secret | None = None,
    ) -> tuple[Outcome, ...]:
        """Turn a rotation round: the old key alive and back in its targets, the new one deleted.

        `value` is the old key's, handed in by a person because it is kept nowhere any more.

        Raises:
            NeedsPerson: the old key cannot come back.
            NeedsValue: its value is kept nowhere any more.
            UsageError: the value that was handed in is another one.
            Held: somebody else works on it.
        """
        rotation = self._full_id(rotation)
        if value is not None:
            self._take_back(rotation, value)
        outcomes = undo(self.reach, rotation, reason)
        return self.go_on([rotation], until=Until.DEAD, timeout=timeout) if wait else outcomes

    def _take_back(self, rotation: str, value: Secret) -> None:
        row = self.reach.ledger.rotation(rotation)
        old = None if row is None else from_row(row).old
        if old is None or self.reach.fingerprints.fingerprint(value) != old.fingerprint:
            raise UsageError(f"That is not the value of {old.id if old else rotation}.")
        self.reach.values.keep(old.id, value)

    def _full_id(self, rotation: str) -> str:
        row = self.reach.ledger.rotation(rotation)
        if row is None:
            raise UnknownKey(f"There is no rotation {rotation!r}.", hint="`keyward history` lists them.")
        return row.id

    def decide(self, rotations: Sequence[str], wished: Policy) -> None:
        """Hand a person's decisions to rotations that are under way; nothing is done yet.

        Raises:
            Held: somebody else works on one of them.
        """
        for rotation in rotations:
            row = self.reach.ledger.rotation(rotation)
            if row is None:
                raise UnknownKey(f"There is no rotation {rotation!r}.", hint="`keyward history` lists them.")
            hand_over(self.reach, row.id, row.credential, wished)

    def _tick_all(self, ids: Sequence[str]) -> list[Outcome]:
        """One tick for each group; those that somebody else holds are left to him."""
        firsts = self._one_per_group(ids)
        if len(firsts) <= 1:
            return [outcome for first in firsts for outcome in tick(self.reach, first)]
        with ThreadPoolExecutor(min(self._workers, len(firsts)), thread_name_prefix="rotation") as pool:
            return [outcome for found in pool.map(self._tick_or_held, firsts) for outcome in found]

    def _tick_or_held(self, rotation: str) -> tuple[Outcome, ...]:
        try:
            return tick(self.reach, rotation)
        except Held as error:
            row = self.reach.ledger.rotation(rotation)
            if row is None:
                raise
            held = Outcome.of(from_row(row))
            return (held.because(Exit.HELD, str(error)),)

    def _one_per_group(self, ids: Sequence[str]) -> list[str]:
        seen: set[str] = set()
        firsts = []
        for rotation in ids:
            row = self.reach.ledger.rotation(rotation)
            group = (row.group if row else "") or rotation
            if group not in seen:
                seen.add(group)
                firsts.append(rotation)
        return firsts

    def _over(self, rotation: str, done: dict[str, Outcome], until: Until | None) -> bool:
        if rotation not in done:
            return False
        row = self.reach.ledger.rotation(rotation)
        return row is None or until is None or reached(done[rotation], from_row(row), until)

    def _nap(self, left: Sequence[Outcome], end: datetime | None) -> float:
        """Seconds until the first of these can go on."""
        now = self.reach.ctx.now
        moments = [outcome.due for outcome in left if outcome.due is not None]
        moments += [now + _HOST_NAP for outcome in left if outcome.awaits]
        if end is not None:
            moments.append(end)
        seconds = min(((moment - now).total_seconds() for moment in moments), default=_SHORTEST_NAP)
        return min(_LONGEST_NAP, max(_SHORTEST_NAP, seconds))


def _check_named(found: Plan) -> None:
    """A place that was named and not found is a slip of the pen; what is under way goes on by what was agreed then."""
    if any(key.under_way or not key.places for key in found.keys):
        return
    places = [place for key in found.keys for place in key.places]
    secrets = {place.secret for place in places}
    names = {name for place in places for name in place.names}
    # A pin is waived by its version, which need not hold the key that is rotated.
    astray = [(name, "accepted") for name in found.policy.accept_target if name not in names]
    astray += [(name, "waived") for name in found.policy.waive if name not in names and _secret(name) not in secrets]
    for name, what in astray:
        raise UsageError(
            f"None of these keys was found in {name}, so it cannot be {what}.",
            hint="Places: " + ", ".join(sorted({place.at for place in places})),
        )


def _secret(name: str) -> str:
    return name.partition("@")[0] if "@" in name else ""


def _why_not(agreed: Plan) -> tuple[str]:
    found = [f"{key.id}: {blocker.what}. {blocker.hint}".strip() for key in agreed.keys for blocker in key.blockers]
    return ("Nothing was changed. " + " ".join(found),)
