"""What the engines ask of a ledger. One suite of tests runs against every implementation."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from keyward.ledger.records import EventRow, Lease, PlacementRow, ProbeRow, RotationRow, Seen, TargetRow


class Ledger(Protocol):
    """The durable record. Every method that changes something commits before it returns."""

    def meta(self, name: str) -> str | None:
        """A fact about the ledger itself: `schema`, `world`, `fingerprint_key_id`, `created`."""
        ...

    def metas(self, prefix: str) -> dict[str, str]:
        """Every fact whose name begins like that, such as `pause:`, by its name."""
        ...

    def set_meta(self, name: str, value: str | None) -> None:
        """Set or (None) remove a fact that all hosts share, such as a pause; never one of the ledger's identity."""
        ...

    def acquire(self, name: str, owner: str, seconds: float) -> Lease:
        """Take or retake the lease of that name with a fence higher than any before.

        Raises:
            Held: somebody else has it and it has not expired.
        """
        ...

    def renew(self, lease: Lease, seconds: float) -> None:
        """Make the lease last so many seconds from now.

        Raises:
            Held: it was lost.
        """
        ...

    def release(self, lease: Lease) -> None:
        """Give it back; one that was lost is not an error."""
        ...

    def stale_leases(self, asker: str) -> list[tuple[str, str]]:
        """(name, holder) of every lease that ran out or whose holder is known to be dead."""
        ...

    def open_rotation(self, row: RotationRow, events: Sequence[EventRow], *, lease_seconds: float, owner: str) -> Lease:
        """Insert a rotation with its first events and take its lease (named `rotation:<id>`), in one transaction.

        Raises:
            Held: the credential has an open rotation already; the message names it.
        """
        ...

    def commit(
        self,
        lease: Lease,
        row: RotationRow,
        events: Sequence[EventRow] = (),
        *,
        placements: Sequence[PlacementRow] = (),
        probes: Sequence[ProbeRow] = (),
        lease_seconds: float | None = None,
    ) -> None:
        """Replace the rotation's row, append events, placements and probes, in one transaction, if the lease's fence is still the newest.

        With `lease_seconds` the lease lasts so many seconds from now.

        Raises:
            Held: the fence is not ours any more; nothing was written.
        """
        ...

    def rotation(self, rotation_id: str) -> RotationRow | None:
        """The rotation of that id, or of a unique prefix of it."""
        ...

    def rotations(
        self, *, open_only: bool = False, credential: str | None = None, group: str | None = None
    ) -> list[RotationRow]:
        """Rotations, newest first."""
        ...

    def append(self, events: Sequence[EventRow]) -> None:
        """Append to the audit trail what belongs to no lease: acceptances, attestations, reveals."""
        ...

    def events(self, *, rotation: str | None = None, after: int = 0) -> Iterator[EventRow]:
        """The audit trail in order."""
        ...

    def verify_chain(self) -> tuple[int, int | None]:
        """(number of events checked, the `seq` of the first that does not fit or None)."""
        ...

    def accept(self, rows: Sequence[TargetRow]) -> None:
        """Remember that a person accepted these targets (place ids without a version) on these hosts; again is no change. Writes the audit trail."""
        ...

    def targets(self, wanted: Collection[str] | None = None) -> dict[str, TargetRow]:
        """Every accepted target, or those of `wanted`, by its place id."""
        ...

    def see(self, source: str, host: str, rows: Iterable[PlacementRow], at: datetime, *, complete: bool) -> None:
        """Record what a scan found in one store source (`<store>:<scope>`).

        Rows are merged by (secret, version, part, host, credential); `first_seen` stays. With `complete`, placements of that source and
        host that were not seen now are marked gone; without it they stay as they were.
        """
        ...

    def see_all(self, seen: Iterable[Seen], at: datetime) -> None:
        """The same for many sources: a disk is waited for once for many of them, not once for each."""
        ...

    def placements(self, *, credential: str | None = None, include_gone: bool = False) -> list[PlacementRow]:
        """Known placements."""
        ...

    def probe(self, row: ProbeRow) -> None:
        """Remember one use that keyward made of a key."""
        ...

    def probes(self, credential: str, since: datetime) -> list[ProbeRow]:
        """Uses that keyward made of that key since then (UTC), oldest first."""
        ...

    def close(self) -> None:
        """Let go of the file or connection."""
        ...
