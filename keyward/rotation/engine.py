"""Beginning, continuing and waiting: what the command line and the app call."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from keyward.ledger.ids import new_rotation_id
from keyward.ledger.records import EventRow
from keyward.model.errors import Exit, Held, NeedsPerson, UnknownKey, UsageError
from keyward.model.events import Waiting
from keyward.model.ids import CredentialRef
from keyward.rotation.amend import amend
from keyward.rotation.codec import encode
from keyward.rotation.outcome import Outcome, Until, reached
from keyward.rotation.plan import KeyPlan, Plan, plan
from keyward.rotation.policy import Policy
from keyward.rotation.reach import Reach
from keyward.rotation.runner import tick, undo
from keyward.rotation.state import Rotation, from_row, to_row
from keyward.rotation.survey import survey
from keyward.rotation.work import Work

_LONGEST_NAP = 300.0
_SHORTEST_NAP = 0.5


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
        found = plan(survey(self.reach, keys, policy), policy)
        _check_named(found)
        return found

    def run(self, agreed: Plan, *, until: Until | None = None, timeout: timedelta | None = None) -> tuple[Outcome, ...]:
        """Do a plan: begin a rotation for each key (or go on with the one under way), then tick, or wait until it came so far.

        Raises:
            NeedsPerson: something is in the way; nothing was begun.
            Held: another rotation of such a key was begun meanwhile.
            Interrupted: cancelled; what was begun can be resumed.
        """
        if not agreed.ready:
            raise NeedsPerson(*_why_not(agreed))
        return self.go_on(self._begin(agreed), until=until, timeout=timeout)

    def open_rotations(self) -> list[str]:
        """The ids of all rotations that are not closed, oldest first."""
        rows = self.reach.ledger.rotations(open_only=True)
        return [row.id for row in sorted(rows, key=lambda row: row.id)]

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

    def undo(
        self, rotation: str, reason: str, *, wait: bool = False, timeout: timedelta | None = None
    ) -> tuple[Outcome, ...]:
        """Turn a rotation round: the old key alive and back in its targets, the new one deleted.

        Raises:
            NeedsPerson: the old key cannot come back.
            Held: somebody else works on it.
        """
        rotation = self._full_id(rotation)
        outcomes = undo(self.reach, rotation, reason)
        return self.go_on([rotation], until=Until.DEAD, timeout=timeout) if wait else outcomes

    def _full_id(self, rotation: str) -> str:
        row = self.reach.ledger.rotation(rotation)
        if row is None:
            raise UnknownKey(f"There is no rotation {rotation!r}.", hint="`keyward history` lists them.")
        return row.id

    def _begin(self, agreed: Plan) -> list[str]:
        """Open a rotation for each key that has none. Nothing happens to the world before its row is committed."""
        now = self.reach.ctx.now
        for target, how in agreed.accept:
            self.reach.ledger.accept(target, self.reach.actor, how, now)
        names = {key.id: key.under_way.id if key.under_way else self._new_id(now) for key in agreed.keys}
        groups = _groups(agreed.keys, names)
        for key in agreed.keys:
            if key.under_way is None:
                self._open(key, names[key.id], groups.get(key.id, ""), agreed)
            else:
                self._amend(key, key.under_way.id, agreed)
        return list(names.values())

    def _amend(self, key: KeyPlan, rotation_id: str, agreed: Plan) -> None:
        """Hand what was decided now to the rotation that is under way."""
        reach = self.reach
        lease = reach.ledger.acquire(f"rotation:{rotation_id}", reach.worker(), reach.lease_seconds)
        try:
            row = reach.ledger.rotation(rotation_id)
            if row is not None and row.credential == key.id:
                amend(Work(reach, lease, from_row(row)), agreed.policy, key.targets)
        finally:
            reach.ledger.release(lease)

    def _open(self, key: KeyPlan, rotation_id: str, group: str, agreed: Plan) -> None:
        reach, now = self.reach, self.reach.ctx.now
        if key.old is None or key.want is None:
            raise AssertionError(f"a plan for {key.id} that is ready knows the key")
        rotation = Rotation(
            rotation_id,
            key.old,
            key.want,
            agreed.policy,
            key.targets,
            group=group,
            actor=reach.actor,
            host=reach.host,
            began=now,
        )
        detail = {
            "credential": key.id,
            "reason": agreed.policy.reason,
            "identity": reach.identity,
            "world": reach.world,
            "targets": [target.at for target in key.targets],
            "waived": list(key.waived),
            "grace": encode(agreed.policy.grace),
            "retire": agreed.policy.retire.value,
        }
        event = EventRow("begun", rotation_id, "plan", "", detail, reach.actor, reach.host, now)
        lease = reach.ledger.open_rotation(
            to_row(rotation, now), [event], lease_seconds=reach.lease_seconds, owner=reach.worker()
        )
        reach.ledger.release(lease)

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
    names = secrets | {place.at for place in places}
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


def _groups(keys: Sequence[KeyPlan], names: dict[str, str]) -> dict[str, str]:
    """Keys that share a secret belong together (also through a third one); the group is called like its first rotation."""
    group_of: dict[str, str] = {}
    by_secret: dict[str, str] = {}
    fresh = [key for key in keys if key.under_way is None]
    for key in fresh:
        touching = {by_secret[str(target.secret)] for target in key.targets if str(target.secret) in by_secret}
        mine = min({names[key.id], *touching})
        for other, group in group_of.items():
            if group in touching:
                group_of[other] = mine
        by_secret = {secret: mine if group in touching else group for secret, group in by_secret.items()}
        group_of[key.id] = mine
        by_secret.update({str(target.secret): mine for target in key.targets})
    sizes = [*group_of.values()]
    return {key: group for key, group in group_of.items() if sizes.count(group) > 1}
