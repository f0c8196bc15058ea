"""What the engines ask of a ledger. One suite of tests runs against every implementation."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from keyward.ledger.records import EventRow, Lease, PlacementRow, ProbeRow, RotationRow, TargetRow


class Ledger(Protocol):
    """The durable record. Every method that changes something commits before it returns."""

    def meta(self, name: str) -> str | None:
        """A fact about the ledger itself: `schema`, `world`, `fingerprint_key_id`, `created`."""
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
    ) -> None:
        """Replace the rotation's row and append events and placements, in one transaction, if the lease's fence is still the newest.

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

    def accept(self, target: str, actor: str, how: str, at: datetime) -> None:
        """Remember that a person accepted the target (a place id without a version); again is no change. Writes the audit trail."""
        ...

    def targets(self) -> dict[str, TargetRow]:
        """Every accepted target by its place id."""
        ...

    def see(self, source: str, host: str, rows: Iterable[PlacementRow], at: datetime, *, complete: bool) -> None:
        """Record what a scan found in one store source (`<store>:<scope>`).

        Rows are merged by (secret, version, part, host, credential); `first_seen` stays. With `complete`, placements of that source and
        host that were not seen now are marked gone; without it they stay as they were.
        """
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
