"""One rotation in the hands of one process: intents before effects, outcomes after, each under the lease's fence."""

from collections.abc import Sequence
from datetime import timedelta

from keyward.ledger.records import EventRow, Lease, PlacementRow, ProbeRow, WaitingOn
from keyward.model.context import Ctx
from keyward.model.credential import Credential
from keyward.model.errors import Gone, KeywardError, Refused
from keyward.model.events import StepDone, StepStarted, Waiting
from keyward.model.ids import CredentialRef
from keyward.model.secret import Secret
from keyward.model.verdict import Verdict
from keyward.providers.interface import Provider
from keyward.rotation.codec import encode
from keyward.rotation.machine import Happened, Kind, advance
from keyward.rotation.reach import Reach
from keyward.rotation.state import KeyFacts, Rotation, from_row, to_row


class Work:
    """What a step is given: the rotation as it stands, and the ways to record and to act.

    Args:
        reach: the world.
        lease: the right to work on this rotation.
        rotation: as the ledger has it.
    """

    def __init__(self, reach: Reach, lease: Lease, rotation: Rotation) -> None:
        self.reach = reach
        self.lease = lease
        self.rotation = rotation
        self.gate_passed = False
        self.halted = False

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

    def guard(self) -> None:
        """Make sure, right before an effect, that this process is still the one that may act.

        Raises:
            Held: the lease was lost; nothing may be done any more.
            Interrupted: the run was cancelled.
        """
        self.ctx.check()
        self.reach.ledger.renew(self.lease, self.reach.lease_seconds)

    def intend(
        self, step: str, what: str, *, target: str = "", event: Happened | None = None, **detail: object
    ) -> None:
        """Record that a step is about to be done, then make sure that it still may be.

        `event` moves the machine in the same commit, for what must be known after a crash.
        """
        self.ctx.check()
        self.ctx.report(StepStarted(self.rotation.id, step, what, target))
        if event is not None:
            self.rotation = advance(self.rotation, event)
        self._commit([self._event("intent", step, target, {"what": what, **detail})])
        self.guard()

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
        """Add a line to the trail that moves nothing: a verdict, a waived gate."""
        self._commit([self._event(kind, step, target, detail)])

    def halt(
        self, waiting_on: WaitingOn, why: str, *, seconds: float | None = None, kind: Kind = Kind.HALTED, step: str = ""
    ) -> None:
        """Stand still: why, and (when time can help) after how many seconds to try again."""
        until = None if seconds is None else self.ctx.now + timedelta(seconds=seconds)
        self._halt(Happened(kind, self.ctx.now, waiting_on=waiting_on, why=why, until=until), step)

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
        line = self._event("waiting", step, "", {"on": waiting, "why": why, "until": encode(until)})
        self._commit([] if said else [line])
        self.ctx.report(Waiting(self.rotation.id, waiting, why, until))

    def probe(
        self, value: Secret, ref: CredentialRef | None, credential: str, step: str, *, line: bool = True
    ) -> Verdict:
        """Use a value once and remember that it was keyward's own use; `line` adds the verdict to the trail."""
        self.guard()
        verdict = self.provider.verify(value, ref, self.ctx)
        at = verdict.at or self.ctx.now
        self.reach.ledger.probe(ProbeRow(credential, at, verdict.kind.value, verdict.evidence, self.rotation.id))
        if line:
            self.note("verdict", step, credential=credential, verdict=verdict.kind.value, evidence=verdict.evidence)
        return verdict

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
        """The key's value, from memory or from its provider; None when it cannot be had there. Never kept anywhere else.

        Raises:
            SourceError: the provider could not be asked just now.
        """
        kept = self.reach.values.get(facts.id)
        if kept is not None:
            return kept
        try:
            value = self.provider.read_value(facts.ref, self.ctx)
        except (Gone, Refused):
            return None
        if facts.fingerprint and self.reach.fingerprints.fingerprint(value) != facts.fingerprint:
            return None
        return self.reach.values.keep(facts.id, value)

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
        row = to_row(self.rotation, self.ctx.now)
        self.reach.ledger.commit(self.lease, row, events, placements=placements)


def told(error: KeywardError) -> str:
    """What an error of the other side says, for the trail: already clean and without values."""
    permission = getattr(error, "permission", "")
    return f"{error}" + (f" (permission {permission})" if permission and permission not in str(error) else "")
