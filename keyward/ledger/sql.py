"""The ledger on a database, in statements that every database understands."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from keyward.ledger import leases, trail
from keyward.ledger.chain import first_misfit
from keyward.ledger.placements import merge, see
from keyward.ledger.reading import only
from keyward.ledger.records import (
    AttestationRow,
    EventRow,
    Lease,
    PlacementRow,
    ProbeRow,
    RiskRow,
    RotationRow,
    TargetRow,
)
from keyward.ledger.rows import columns, record
from keyward.ledger.schema import accepted_risk, attestation, is_open, meta, placement, probe, rotation, target
from keyward.ledger.sqlite import SqliteDatabase
from keyward.ledger.writable import stamp, text
from keyward.model.errors import FingerprintKeyMissing, Held, LedgerBroken
from keyward.model.secret import Secret

if TYPE_CHECKING:
    from sqlalchemy import Select

R = TypeVar("R")

OWN_FACTS = frozenset({"schema", "world", "created", "fingerprint_key_id", "fingerprint_key_check", trail.HEAD})
"""Facts in `meta` that are never changed through `set_meta`."""


class SqlLedger:
    """The durable record. It may be used from several threads.

    Args:
        database: where it is.
        chain_key: the key of the audit trail; None reads only, until `unlock`.
        fresh: whether it was made just now.
    """

    def __init__(self, database: SqliteDatabase, *, chain_key: Secret | None = None, fresh: bool = False) -> None:
        self._database = database
        self._chain_key = chain_key
        self.fresh = fresh

    def unlock(self, chain_key: Secret) -> None:
        """Hand in the key of the audit trail (`keyward.ledger.chain.chain_key`)."""
        self._chain_key = chain_key

    # The ledger itself

    def meta(self, name: str) -> str | None:
        """A fact about the ledger itself: `schema`, `world`, `fingerprint_key_id`, `created`."""
        with self._database.reading() as connection:
            found = connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar_one_or_none()
        return None if found is None else str(found)

    def set_meta(self, name: str, value: str | None) -> None:
        """Set or (None) remove a fact that all hosts share, such as a pause; never one of the ledger's identity.

        Raises:
            ValueError: it is one of `OWN_FACTS`.
        """
        if name in OWN_FACTS:
            raise ValueError(f"{name} belongs to the ledger's identity")
        with self._database.writing() as connection:
            connection.execute(delete(meta).where(meta.c.name == name))
            if value is not None:
                connection.execute(insert(meta), {"name": name, "value": text(value)})

    def claim_meta(self, facts: Mapping[str, str]) -> bool:
        """Set these facts if none of them is there yet; whether they were set."""
        with self._database.writing() as connection:
            if connection.execute(select(meta.c.name).where(meta.c.name.in_(list(facts)))).first() is not None:
                return False
            connection.execute(insert(meta), [{"name": name, "value": text(value)} for name, value in facts.items()])
        return True

    # Leases

    def acquire(self, name: str, owner: str, seconds: float) -> Lease:
        """Take or retake the lease of that name with a fence higher than any before.

        Raises:
            Held: somebody else has it, it has not expired, and its process is not known to be dead.
        """
        with self._database.writing() as connection:
            return leases.take(self._database, connection, name, owner, seconds)

    def renew(self, lease: Lease, seconds: float) -> None:
        """Make the lease last so many seconds from now.

        Raises:
            Held: it was lost.
        """
        with self._database.writing() as connection:
            leases.extend(self._database, connection, lease, seconds)

    def release(self, lease: Lease) -> None:
        """Give it back; one that was lost is not an error."""
        with self._database.writing() as connection:
            leases.give_back(connection, lease)

    # Rotations

    def open_rotation(self, row: RotationRow, events: Sequence[EventRow], *, lease_seconds: float, owner: str) -> Lease:
        """Insert a rotation with its first events and take its lease (named `rotation:<id>`), in one transaction.

        Raises:
            Held: the credential has an open rotation already; the message names it.
            FingerprintKeyMissing: the audit trail cannot be written.
        """
        line = columns(row)
        try:
            with self._database.writing() as connection:
                connection.execute(insert(rotation), line)
                lease = leases.take(self._database, connection, f"rotation:{row.id}", owner, lease_seconds)
                trail.append(connection, self._chain_key, events)
        except IntegrityError:
            raise self._already_open(line) from None
        return lease

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
            LedgerBroken: there is no such rotation; nothing was written.
        """
        line = columns(row)
        if line["created"] is None:
            del line["created"]
        try:
            with self._database.writing() as connection:
                leases.check(connection, lease)
                done = connection.execute(update(rotation).where(rotation.c.id == row.id).values(line))
                if done.rowcount != 1:
                    raise LedgerBroken(f"The ledger {self._database.name} has no rotation {row.id}.")
                trail.append(connection, self._chain_key, events)
                merge(self._database, connection, None, placements, row.updated or datetime.now(UTC))
        except IntegrityError:
            raise self._already_open(line) from None

    def _already_open(self, line: Mapping[str, object]) -> Held | LedgerBroken:
        with self._database.reading() as connection:
            wanted = (rotation.c.credential == line["credential"]) & is_open
            other = connection.execute(select(rotation.c.id).where(wanted)).scalar_one_or_none()
        if other is None or other == line["id"]:
            return LedgerBroken(f"Rotation {line['id']} is in the ledger {self._database.name} already.")
        return Held(
            f"{line['credential']} has an open rotation already: {other}.",
            hint=f"See `keyward history {other}`; `keyward resume` goes on with it.",
        )

    def rotation(self, rotation_id: str) -> RotationRow | None:
        """The rotation of that id, or of a unique prefix of it.

        Raises:
            AmbiguousKey: several begin like that.
        """
        if not rotation_id:
            return None
        begins = func.substr(rotation.c.id, 1, len(rotation_id)) == rotation_id
        query = select(rotation).where(begins).order_by(rotation.c.id).limit(2)
        with self._database.reading() as connection:
            found = [dict(row) for row in connection.execute(query).mappings()]
        return only(RotationRow, rotation_id, found)

    def rotations(
        self, *, open_only: bool = False, credential: str | None = None, group: str | None = None
    ) -> list[RotationRow]:
        """Rotations, newest first."""
        query = select(rotation).order_by(rotation.c.id.desc())
        if open_only:
            query = query.where(is_open)
        if credential is not None:
            query = query.where(rotation.c.credential == credential)
        if group is not None:
            query = query.where(rotation.c.group == group)
        return self._records(RotationRow, query)

    # The audit trail

    def append(self, events: Sequence[EventRow]) -> None:
        """Append to the audit trail what belongs to no lease: acceptances, attestations, reveals.

        Raises:
            FingerprintKeyMissing: the audit trail cannot be written.
        """
        with self._database.writing() as connection:
            trail.append(connection, self._chain_key, events)

    def events(self, *, rotation: str | None = None, after: int = 0) -> Iterator[EventRow]:
        """The audit trail in order."""
        while True:
            with self._database.reading() as connection:
                page = trail.stored(connection, rotation=rotation, after=after)
            if not page:
                return
            yield from (record(EventRow, line) for line in page)
            after = page[-1]["seq"]

    def verify_chain(self) -> tuple[int, int | None]:
        """(number of events checked, the `seq` of the first that does not fit or None).

        Raises:
            FingerprintKeyMissing: only who has the key can check.
        """
        if self._chain_key is None:
            raise FingerprintKeyMissing(
                "Without the fingerprint key the audit trail cannot be checked.",
                hint="`keyward doctor` says where the key is expected.",
            )
        with self._database.reading() as connection:
            return first_misfit(self._chain_key, trail.everything(connection), trail.head(connection))

    def head(self) -> str:
        """The newest line's number and link, `<seq>:<64 hex>`, to be kept outside; empty before the first."""
        with self._database.reading() as connection:
            return trail.head(connection)

    # Targets, placements, probes

    def accept(self, target: str, actor: str, how: str, at: datetime) -> None:
        """Remember that a person accepted the target (a place id without a version); again is no change. Writes the audit trail."""
        row = columns(TargetRow(target, actor, at, how))
        with self._database.writing() as connection:
            if not self._insert_new(connection, row):
                return
            line = EventRow("accepted", target=target, detail={"how": how}, actor=actor, at=at)
            trail.append(connection, self._chain_key, [line])

    def _insert_new(self, connection: Connection, row: dict[str, object]) -> bool:
        done = connection.execute(self._database.insert(target).on_conflict_do_nothing(), row)
        return done.rowcount == 1

    def targets(self) -> dict[str, TargetRow]:
        """Every accepted target by its place id."""
        return {row.target: row for row in self._records(TargetRow, select(target).order_by(target.c.target))}

    def see(self, source: str, host: str, rows: Iterable[PlacementRow], at: datetime, *, complete: bool) -> None:
        """Record what a scan found in one store source (`<store>:<scope>`).

        Rows are merged by (secret, version, part, host, credential); `first_seen` stays. With `complete`, placements of that source and
        host that were not seen now are marked gone; without it they stay as they were.
        """
        with self._database.writing() as connection:
            see(self._database, connection, source, rows, at, host=host, complete=complete)

    def placements(self, *, credential: str | None = None, include_gone: bool = False) -> list[PlacementRow]:
        """Known placements."""
        seen = placement.c
        query = select(placement).order_by(seen.credential, seen.secret, seen.version, seen.part, seen.host)
        if credential is not None:
            query = query.where(seen.credential == credential)
        if not include_gone:
            query = query.where(seen.gone.is_(None))
        return self._records(PlacementRow, query)

    def probe(self, row: ProbeRow) -> None:
        """Remember one use that keyward made of a key."""
        with self._database.writing() as connection:
            connection.execute(insert(probe), columns(row))

    def probes(self, credential: str, since: datetime) -> list[ProbeRow]:
        """Uses that keyward made of that key since then (UTC), oldest first."""
        wanted = (probe.c.credential == credential) & (probe.c.at >= stamp(since))
        return self._records(ProbeRow, select(probe).where(wanted).order_by(probe.c.at, probe.c.id))

    # What people said

    def accept_risk(self, row: RiskRow) -> None:
        """Remember that a person accepts a finding until a date; the newest word counts. Writes the audit trail."""
        line = columns(row)
        with self._database.writing() as connection:
            base = self._database.insert(accepted_risk)
            settled = {name: base.excluded[name] for name in ("actor", "reason", "at", "until")}
            connection.execute(base.on_conflict_do_update(index_elements=("rule", "subject"), set_=settled), line)
            detail = {"rule": row.rule, "reason": row.reason, "until": row.until}
            said = EventRow("risk-accepted", target=row.subject, detail=detail, actor=row.actor, at=row.at)
            trail.append(connection, self._chain_key, [said])

    def risks(self) -> list[RiskRow]:
        """Every accepted risk, those that ended too."""
        return self._records(RiskRow, select(accepted_risk).order_by(accepted_risk.c.rule, accepted_risk.c.subject))

    def attest(self, row: AttestationRow) -> None:
        """Keep a person's statement. Writes the audit trail."""
        with self._database.writing() as connection:
            connection.execute(insert(attestation), columns(row))
            detail = {"checklist": row.checklist, "item": row.item, "statement": row.statement, "expires": row.expires}
            said = EventRow("attested", target=row.scope, detail=detail, actor=row.actor, at=row.at)
            trail.append(connection, self._chain_key, [said])

    def attestations(self, checklist: str | None = None) -> list[AttestationRow]:
        """Statements, oldest first, those that expired too."""
        query = select(attestation).order_by(attestation.c.at, attestation.c.id)
        if checklist is not None:
            query = query.where(attestation.c.checklist == checklist)
        return self._records(AttestationRow, query)

    def close(self) -> None:
        """Let go of the file or connection."""
        self._database.close()

    def _records(self, kind: type[R], query: "Select[tuple[object, ...]]") -> list[R]:
        with self._database.reading() as connection:
            return [record(kind, dict(row)) for row in connection.execute(query).mappings()]
