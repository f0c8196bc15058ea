"""One rotation in the hands of one process: intents before effects, outcomes after, each under the lease's fence."""

from collections.abc import Sequence
from datetime import timedelta

from keyward.ledger.records import EventRow, Lease, PlacementRow, ProbeRow, WaitingOn
from keyward.model.capability import CrashClass
from keyward.model.context import Ctx
from keyward.model.credential import Credential
from keyward.model.errors import Gone, Held, KeywardError
from keyward.model.events import StepDone, StepStarted, Waiting
from keyward.model.ids import CredentialRef
from keyward.model.secret import Secret
from keyward.model.verdict import Verdict
from keyward.providers.interface import Provider
from keyward.rotation.codec import encode
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.machine import advance
from keyward.rotation.reach import Reach
from keyward.rotation.sightings import JUST_NOW
from keyward.rotation.state import KeyFacts, Rotation, Target, from_row, to_row
from keyward.rotation.values import value_of
from keyward.rotation.whose import taking_part


class Work:
    """What a step is given: the rotation as it stands, and the ways to record and to act.

    Args:
        reach: the world.
        lease: the right to work on this rotation.
        rotation: as the ledger has it.

    `made` is the key that this very process has just made, which nobody else may know of.
    """

    def __init__(self, reach: Reach, lease: Lease, rotation: Rotation) -> None:
        self.reach = reach
        self.lease = lease
        self.rotation = rotation
        self.gate_passed = False
        self.seen: Credential | None = None
        self.halted = False
        self.made: CredentialRef | None = None
        self._renewed = self._moment
        self._proof: tuple[Secret, Verdict, float] | None = None
        self._lines: list[EventRow] = []
        self._probes: list[ProbeRow] = []

    @property
    def ctx(self) -> Ctx:
        """The context of every call."""
        return self.reach.ctx

    @property
    def provider(self) -> Provider:
        """The provider of the key."""
        return self.reach.provider(self.rotation.old.ref)

    @property
    def new(self) -> KeyFacts:
        """The successor; only asked for when there is one."""
        if self.rotation.new is None:
            raise AssertionError(f"rotation {self.rotation.id} has no successor in state {self.rotation.state}")
        return self.rotation.new

    def said(self, target: Target) -> str:
        """What to call a target: with its host where other hosts have some too."""
        return target.named if len(taking_part(self.rotation)) > 1 else target.at

    def guard(self) -> None:
        """Make sure, right before an effect, that this process is still the one that may act.

        While its lease surely lasts for longer than half of its time, nobody else can have it, and the ledger is not asked.

        Raises:
            Held: the lease was lost; nothing may be done any more.
            Interrupted: the run was cancelled.
        """
        self.ctx.check()
        now = self._moment
        if now - self._renewed > self.reach.lease_seconds / 2:
            self.reach.ledger.renew(self.lease, self.reach.lease_seconds)
            self._renewed = now

    @property
    def _moment(self) -> float:
        """Seconds as leases count them; an emulated cloud's clock may run a thousand times faster."""
        return self.ctx.now.timestamp() if self.reach.steady is None else self.reach.steady()

    @property
    def _stale(self) -> bool:
        return self._moment - self._renewed > self.reach.lease_seconds

    def begin(self) -> None:
        """Begin a step with a lease that lasts; one that was idle for longer than that rests on nothing that was seen before.

        Raises:
            Held: the lease was lost.
            Interrupted: the run was cancelled.
        """
        if self._stale:
            self.gate_passed = False
        self.guard()

    def intend(
        self, step: str, what: str, *, target: str = "", event: Happened | None = None, **detail: object
    ) -> None:
        """Record that a step is about to be done, and make sure that it still may be.

        `event` moves the machine in the same commit, for what must be known after a crash.

        Raises:
            Held: the lease was lost, or the process stood still for longer than it lasts.
            Interrupted: the run was cancelled.
        """
        self.ctx.check()
        self.ctx.report(StepStarted(self.rotation.id, step, what, target))
        if event is not None:
            self.rotation = advance(self.rotation, event)
        renewed = self._renewed
        self._commit([self._event("intent", step, target, {"what": what, **detail})])
        if self._moment - renewed > self.reach.lease_seconds:
            # What this step rests on was read too long ago, and others go by when it was said that something is about to be done.
            raise Held(
                f"This process stood still for longer than its lease on rotation {self.rotation.id}; nothing was sent.",
                hint=f"keyward resume {self.rotation.id}",
            )

    def happened(
        self,
        event: Happened,
        step: str,
        *,
        target: str = "",
        ok: bool = True,
        kind: str = "outcome",
        placements: Sequence[PlacementRow] = (),
        **detail: object,
    ) -> None:
        """Record what came of a step; the machine moves in the same commit. `kind` is the word for it in the trail."""
        before = self.rotation.state
        self.rotation = advance(self.rotation, event)
        events = [self._event(kind, step, target, {"ok": ok, **detail})]
        if self.rotation.state is not before:
            events.append(self._event("state", step, "", {"from": before.value, "to": self.rotation.state.value}))
        self._commit(events, placements)
        self.ctx.report(StepDone(self.rotation.id, step, ok, str(detail.get("evidence", "")), target))

    def note(self, kind: str, step: str, *, target: str = "", **detail: object) -> None:
        """Add a line to the trail that moves nothing: the outcome of a small step."""
        self._commit([self._event(kind, step, target, detail)])
        if kind == "outcome":
            ok, evidence = bool(detail.get("ok", True)), str(detail.get("evidence", ""))
            self.ctx.report(StepDone(self.rotation.id, step, ok, evidence, target))

    def remark(self, kind: str, step: str, **detail: object) -> None:
        """Say something that is on the trail with the next commit of this step: a verdict, a waived gate, what a gate found."""
        self._lines.append(self._event(kind, step, "", detail))

    def flush(self) -> None:
        """Commit what was remarked and has no commit yet.

        Raises:
            Held: the lease was lost; nothing was written.
        """
        if self._lines or self._probes:
            self._commit([])

    def halt(
        self,
        waiting_on: WaitingOn,
        why: str,
        *,
        seconds: float | None = None,
        kind: Kind = Kind.HALTED,
        step: str = "",
        hosts: tuple[str, ...] = (),
    ) -> None:
        """Stand still: why, (when time can help) after how many seconds to try again, and for which other hosts."""
        until = None if seconds is None else self.ctx.now + timedelta(seconds=seconds)
        self._halt(Happened(kind, self.ctx.now, waiting_on=waiting_on, why=why, until=until, hosts=hosts), step)

    def _halt(self, event: Happened, step: str) -> None:
        before = self.rotation
        self.halted = True
        self.rotation = advance(self.rotation, event)
        said = (before.waiting_on, before.why, before.state) == (
            self.rotation.waiting_on,
            self.rotation.why,
            self.rotation.state,
        )
        waiting, why, until = event.waiting_on.value, event.why, event.until
        who = {"hosts": list(event.hosts)} if event.hosts else {}
        line = self._event("waiting", step, "", {"on": waiting, "why": why, "until": encode(until), **who})
        self._commit([] if said else [line])
        self.ctx.report(Waiting(self.rotation.id, waiting, why, until))

    def put_off(self, counted: Rotation) -> None:
        """Keep what an unattended run counted: failures in a row, and when to try again."""
        if counted != self.rotation:
            self.rotation = counted
            self._commit([])

    def probe(
        self, value: Secret, ref: CredentialRef | None, credential: str, step: str, *, line: bool = True
    ) -> Verdict:
        """Use a value once and remember that it was keyward's own use; `line` adds the verdict to the trail.

        Both are on record with the next commit: a use of which the ledger does not know counts as somebody else's, which only
        keeps a key alive for longer.
        """
        self.guard()
        verdict = self.provider.verify(value, ref, self.ctx)
        self._proof = (value, verdict, self._moment)
        at = verdict.at or self.ctx.now
        self._probes.append(ProbeRow(credential, at, verdict.kind.value, verdict.evidence, self.rotation.id))
        if line:
            self.remark("verdict", step, credential=credential, verdict=verdict.kind.value, evidence=verdict.evidence)
        return verdict

    def proved(self, value: Secret, ref: CredentialRef, credential: str, step: str) -> Verdict:
        """The verdict on a value: that of a few seconds ago when this very run has just proved that very value, else a new one."""
        if self._proof is not None:
            tried, verdict, at = self._proof
            if verdict.alive and tried == value and self._moment - at <= JUST_NOW:
                return verdict
        return self.probe(value, ref, credential, step)

    def tried_as(self, facts: KeyFacts) -> CredentialRef | None:
        """The key's id where nothing can be tried without it: a secret that has an id beside it, or what a person declared.

        Elsewhere a value is tried for itself, so that nobody takes a key on its way out for one that is too young to be known.
        """
        return facts.ref if facts.pair_id or self.rotation.crash is CrashClass.PERSON else None

    def look_up(self, ref: CredentialRef) -> Credential | None:
        """The key as its provider has it now; None when it is no more.

        Raises:
            SourceError: it could not be asked.
        """
        try:
            return self.provider.get(ref, self.ctx)
        except Gone:
            return None

    def value(self, facts: KeyFacts) -> Secret | None:
        """The key's value, from wherever it can be had (`keyward.rotation.values`); None when it cannot. Never kept anywhere else.

        Raises:
            SourceError: its provider or the home store could not be asked just now.
        """
        return value_of(self, facts)

    def reload(self) -> None:
        """Take the rotation as the ledger has it."""
        row = self.reach.ledger.rotation(self.rotation.id)
        if row is not None:
            self.rotation = from_row(row)

    def _event(self, kind: str, step: str, target: str, detail: dict[str, object]) -> EventRow:
        return EventRow(
            kind=kind,
            rotation=self.rotation.id,
            step=step,
            target=target,
            detail={name: encode(value) for name, value in detail.items()},
            actor=self.reach.actor,
            host=self.reach.host,
            at=self.ctx.now,
        )

    def _commit(self, events: Sequence[EventRow], placements: Sequence[PlacementRow] = ()) -> None:
        row, seconds, begun = to_row(self.rotation, self.ctx.now), self.reach.lease_seconds, self._moment
        lines, probes = [*self._lines, *events], tuple(self._probes)
        self.reach.ledger.commit(self.lease, row, lines, placements=placements, probes=probes, lease_seconds=seconds)
        self._lines.clear()
        self._probes.clear()
        self._renewed = begun


def told(error: KeywardError) -> str:
    """What an error of the other side says, for the trail: already clean and without values."""
    permission = getattr(error, "permission", "")
    return f"{error}" + (f" (permission {permission})" if permission and permission not in str(error) else "")
