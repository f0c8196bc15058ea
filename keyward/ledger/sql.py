"""The ledger on a database, in statements that every database understands."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from keyward.ledger import leases, trail
from keyward.ledger.chain import first_misfit
from keyward.ledger.placements import merge
from keyward.ledger.queries import beyond, only
from keyward.ledger.records import EventRow, Lease, PlacementRow, ProbeRow, RotationRow
from keyward.ledger.rows import columns, record
from keyward.ledger.schema import is_open, meta, probe, rotation
from keyward.ledger.sql_known import SqlKnown
from keyward.ledger.writable import text
from keyward.model.errors import FingerprintKeyMissing, Held, LedgerBroken

OWN_FACTS = frozenset({"schema", "world", "created", "fingerprint_key_id", "fingerprint_key_check", trail.HEAD})
"""Facts in `meta` that are never changed through `set_meta`."""

_META = select(meta.c.value).where(meta.c.name == bindparam("named"))
_OPEN = insert(rotation)
_CHANGED: dict[str, Any] = {
    column.name: bindparam(f"new_{column.name}") for column in rotation.c if column.name != "id"
}
_CHANGE = (
    update(rotation)
    .where(rotation.c.id == bindparam("of"))
    .values({**_CHANGED, "created": func.coalesce(_CHANGED["created"], rotation.c.created)})
)
_PROBES = insert(probe)
_NAMED = (
    select(rotation)
    # The bounds are for the index, the prefix is the question.
    .where(rotation.c.id >= bindparam("named"), rotation.c.id < bindparam("beyond"))
    .where(func.substr(rotation.c.id, 1, func.length(bindparam("named"))) == bindparam("named"))
    .order_by(rotation.c.id)
    .limit(2)
)


class SqlLedger(SqlKnown):
    """The durable record. It may be used from several threads.

    Args:
        database: where it is.
        chain_key: the key of the audit trail; None reads only, until `unlock`.
        fresh: whether it was made just now.
    """

    # The ledger itself

    def meta(self, name: str) -> str | None:
        """A fact about the ledger itself: `schema`, `world`, `fingerprint_key_id`, `created`."""
        found = self._lines(_META, {"named": name})
        return str(found[0]["value"]) if found else None

    def metas(self, prefix: str) -> dict[str, str]:
        """Every fact whose name begins like that, such as `pause:`, by its name."""
        begins = func.substr(meta.c.name, 1, len(prefix)) == prefix
        query = select(meta.c.name, meta.c.value).where(begins).order_by(meta.c.name)
        return {str(line["name"]): str(line["value"]) for line in self._lines(query)}

    def set_meta(self, name: str, value: str | None) -> None:
        """Set or (None) remove a fact that all hosts share, such as a pause; never one of the ledger's identity.

        Raises:
            ValueError: it is one of `OWN_FACTS`.
        """
        if name in OWN_FACTS:
            raise ValueError(f"{name} belongs to the ledger's identity")
        if value is None:
            removal = delete(meta).where(meta.c.name == name)
            self._database.write(lambda connection: connection.execute(removal))
            return
        base = self._database.insert(meta).values(name=name, value=text(value))
        setting = base.on_conflict_do_update(index_elements=("name",), set_={"value": base.excluded["value"]})
        self._database.write(lambda connection: connection.execute(setting))

    def claim_meta(self, facts: Mapping[str, str]) -> bool:
        """Set these facts if none of them is there yet; whether they were set."""

        def claim(connection: Connection) -> None:
            for name, value in sorted(facts.items()):
                line = self._database.insert(meta).values(name=name, value=text(value))
                if connection.execute(line.on_conflict_do_nothing()).rowcount != 1:
                    raise _Taken

        try:
            self._database.write(claim)
        except _Taken:
            return False
        return True

    # Leases

    def acquire(self, name: str, owner: str, seconds: float) -> Lease:
        """Take or retake the lease of that name with a fence higher than any before.

        Raises:
            Held: somebody else has it, it has not expired, and its process is not known to be dead.
        """
        database = self._database
        return database.write(lambda connection: leases.take(database, connection, name, owner, seconds))

    def renew(self, lease: Lease, seconds: float) -> None:
        """Make the lease last so many seconds from now.

        Raises:
            Held: it was lost.
        """
        database = self._database
        database.write(lambda connection: leases.extend(database, connection, lease, seconds))

    def release(self, lease: Lease) -> None:
        """Give it back; one that was lost is not an error."""
        self._database.write(lambda connection: leases.give_back(connection, lease))

    def stale_leases(self, asker: str) -> list[tuple[str, str]]:
        """(name, holder) of every lease that ran out or whose holder is known to be dead."""
        return self._database.read(lambda connection: leases.stale(self._database, connection, asker))

    # Rotations

    def open_rotation(self, row: RotationRow, events: Sequence[EventRow], *, lease_seconds: float, owner: str) -> Lease:
        """Insert a rotation with its first events and take its lease (named `rotation:<id>`), in one transaction.

        Raises:
            Held: the credential has an open rotation already; the message names it.
            FingerprintKeyMissing: the audit trail cannot be written.
        """
        line = columns(row)

        def begin(connection: Connection) -> Lease:
            connection.execute(_OPEN, line)
            lease = leases.take(self._database, connection, f"rotation:{row.id}", owner, lease_seconds)
            trail.append(connection, self._chain_key, events)
            return lease

        try:
            return self._database.write(begin)
        except IntegrityError:
            raise self._already_open(line, new=True) from None

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
            LedgerBroken: there is no such rotation; nothing was written.
        """
        line = columns(row)
        values = {"of": row.id, **{f"new_{name}": value for name, value in line.items() if name != "id"}}
        used = [columns(one) for one in probes]

        def record_all(connection: Connection) -> None:
            if lease_seconds is None:
                leases.check(connection, lease)
            else:
                leases.extend(self._database, connection, lease, lease_seconds)
            if connection.execute(_CHANGE, values).rowcount != 1:
                raise LedgerBroken(f"The ledger {self.name} has no rotation {row.id}.")
            merge(self._database, connection, None, placements, row.updated or datetime.now(UTC))
            if used:
                connection.execute(_PROBES, used)
            trail.append(connection, self._chain_key, events)  # last: until the end nobody else can append

        try:
            self._database.write(record_all)
        except IntegrityError:
            raise self._already_open(line, new=False) from None

    def _already_open(self, line: Mapping[str, object], *, new: bool) -> Held | LedgerBroken:
        """Why the database refused the line of a rotation."""
        wanted = select(rotation.c.id).where((rotation.c.credential == line["credential"]) & is_open)
        same = select(rotation.c.id).where(rotation.c.id == line["id"])

        def look(connection: Connection) -> tuple[str | None, bool]:
            return connection.execute(wanted).scalar_one_or_none(), connection.execute(same).first() is not None

        other, there = self._database.read(look)
        if new and there:
            return LedgerBroken(f"Rotation {line['id']} is in the ledger {self.name} already.")
        if other is None or other == line["id"]:  # it was closed just now
            return Held(f"Somebody else has just rotated {line['credential']}.", hint="See `keyward history`.")
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
        return only(
            RotationRow, rotation_id, self._lines(_NAMED, {"named": rotation_id, "beyond": beyond(rotation_id)})
        )

    def rotations(
        self, *, open_only: bool = False, credential: str | None = None, group: str | None = None
    ) -> list[RotationRow]:
        """Rotations, newest first."""
        wanted = {"credential": credential, "group": group}
        wanted = {name: value for name, value in wanted.items() if value is not None}
        return self._records(RotationRow, _rotations(tuple(wanted), open_only=open_only), wanted)

    # The audit trail

    def append(self, events: Sequence[EventRow]) -> None:
        """Append to the audit trail what belongs to no lease: acceptances, attestations, reveals.

        Raises:
            FingerprintKeyMissing: the audit trail cannot be written.
        """
        self._database.write(lambda connection: trail.append(connection, self._chain_key, events))

    def events(self, *, rotation: str | None = None, after: int = 0) -> Iterator[EventRow]:
        """The audit trail in order."""
        while page := self._page(rotation, after):
            yield from (record(EventRow, line) for line in page)
            after = page[-1]["seq"]

    def _page(self, rotation: str | None, after: int) -> list[dict[str, Any]]:
        return self._database.read(lambda connection: trail.stored(connection, rotation=rotation, after=after))

    def verify_chain(self) -> tuple[int, int | None]:
        """(number of events checked, the `seq` of the first that does not fit or None).

        Raises:
            FingerprintKeyMissing: only who has the key can check.
        """
        key = self._chain_key
        if key is None:
            raise FingerprintKeyMissing(
                "Without the fingerprint key the audit trail cannot be checked.",
                hint="`keyward doctor` says where the key is expected.",
            )
        return self._database.read(
            lambda connection: first_misfit(key, trail.everything(connection), trail.head(connection))
        )

    def head(self) -> str:
        """The newest line's number and link, `<seq>:<64 hex>`, to be kept outside; empty before the first."""
        return self._database.read(trail.head)


@cache
def _rotations(by: tuple[str, ...], *, open_only: bool) -> Select[Any]:
    query = select(rotation).order_by(rotation.c.id.desc())
    if open_only:
        query = query.where(is_open)
    return query.where(*(rotation.c[name] == bindparam(name) for name in by))


class _Taken(Exception):
    """One of the facts is there."""
