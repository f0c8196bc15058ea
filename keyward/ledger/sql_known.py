"""What a ledger on a database knows beside its rotations: places, own uses of keys, and what people said."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, bindparam, insert, select

from keyward.ledger import trail
from keyward.ledger.database import Database
from keyward.ledger.placements import see
from keyward.ledger.records import AttestationRow, EventRow, PlacementRow, ProbeRow, RiskRow, Seen, Statement, TargetRow
from keyward.ledger.rows import columns, record
from keyward.ledger.schema import accepted_risk, attestation, placement, probe, target
from keyward.ledger.writable import stamp, text
from keyward.model.secret import Secret

R = TypeVar("R")

_TOGETHER = 200
"""Sources whose places go to the disk in one transaction."""
_ACCEPTED = select(target).order_by(target.c.target)
_ACCEPTED_OF_THESE = _ACCEPTED.where(target.c.target.in_(bindparam("of_targets", expanding=True)))
_PROBE = insert(probe)
_PROBES = (
    select(probe)
    .where((probe.c.credential == bindparam("of")) & (probe.c.at >= bindparam("since")))
    .order_by(probe.c.at, probe.c.id)
)


class SqlKnown:
    """The part of the ledger that belongs to no rotation.

    Args:
        database: where it is.
        chain_key: the key of the audit trail; None reads only, until `unlock`.
        fresh: whether it was made just now.
    """

    def __init__(self, database: Database, *, chain_key: Secret | None = None, fresh: bool = False) -> None:
        self._database = database
        self._chain_key = chain_key
        self.fresh = fresh

    def unlock(self, chain_key: Secret) -> None:
        """Hand in the key of the audit trail (`keyward.ledger.chain.chain_key`)."""
        self._chain_key = chain_key

    @property
    def name(self) -> str:
        """What a person calls it; fit for messages."""
        return self._database.name

    # Targets, placements, probes

    def accept(self, rows: Sequence[TargetRow]) -> None:
        """Remember that a person accepted these targets (place ids without a version); again is no change. Writes the audit trail.

        On which hosts, the trail alone tells.
        """
        said = [(_columns(row), _lines_of(row)) for row in rows]

        def accept(connection: Connection) -> None:
            insertion = self._database.statement(_accept)
            new: list[EventRow] = []
            known: list[EventRow] = []
            for row, lines in said:
                (new if connection.execute(insertion, row).rowcount == 1 else known).extend(lines)
            if known:
                hosts = self._hosts(connection, [text(line.target) for line in known])
                new += [line for line in known if not hosts.get(text(line.target), set()) & {"", line.host}]
            trail.append(connection, self._chain_key, new)

        self._database.write(accept)

    def _hosts(self, connection: Connection, targets: Collection[str] | None) -> dict[str, set[str]]:
        """On which hosts these targets were accepted, as far as the audit trail proves it."""
        found: dict[str, set[str]] = {}
        if self._chain_key is not None:
            for line in trail.proved(connection, self._chain_key, "accepted", targets):
                found.setdefault(line["target"], set()).add(line["host"])
        return found

    def targets(self, wanted: Collection[str] | None = None) -> dict[str, TargetRow]:
        """Every accepted target (or those of `wanted`) by its place id; one that the audit trail does not prove to be accepted is none."""
        query, of = (_ACCEPTED, {}) if wanted is None else (_ACCEPTED_OF_THESE, {"of_targets": list(wanted)})
        if self._chain_key is None:
            return {row["target"]: record(TargetRow, row | {"hosts": ("",)}) for row in self._lines(query, of)}

        def look(connection: Connection) -> tuple[list[dict[str, Any]], dict[str, set[str]]]:
            rows = [dict(row) for row in connection.execute(query, of).mappings()]
            return rows, self._hosts(connection, wanted) if rows else {}

        rows, proved = self._database.read(look)
        return {
            row["target"]: record(TargetRow, row | {"hosts": tuple(sorted(proved[row["target"]]))})
            for row in rows
            if row["target"] in proved
        }

    def see(self, source: str, host: str, rows: Iterable[PlacementRow], at: datetime, *, complete: bool) -> None:
        """Record what a scan found in one store source (`<store>:<scope>`).

        Rows are merged by (secret, version, part, host, credential); `first_seen` stays. With `complete`, placements of that source and
        host that were not seen now are marked gone; without it they stay as they were.
        """
        self.see_all([Seen(source, host, tuple(rows), complete)], at)

    def see_all(self, seen: Iterable[Seen], at: datetime) -> None:
        """The same for many sources: a disk is waited for once for many of them, not once for each."""
        database = self._database
        # In one order everywhere, so that two hosts that saw the same sources do not wait for each other in a circle.
        ordered = sorted(seen, key=lambda one: (one.source, one.host))
        for first in range(0, len(ordered), _TOGETHER):
            database.write(partial(see, database, ordered[first : first + _TOGETHER], at))

    def placements(self, *, credential: str | None = None, include_gone: bool = False) -> list[PlacementRow]:
        """Known placements."""
        one = credential is not None
        values = {"of": credential} if one else {}
        return self._records(PlacementRow, _placements(one=one, include_gone=include_gone), values)

    def probe(self, row: ProbeRow) -> None:
        """Remember one use that keyward made of a key."""
        line = columns(row)
        self._database.write(lambda connection: connection.execute(_PROBE, line))

    def probes(self, credential: str, since: datetime) -> list[ProbeRow]:
        """Uses that keyward made of that key since then (UTC), oldest first."""
        return self._records(ProbeRow, _PROBES, {"of": credential, "since": stamp(since)})

    # What people said

    def accept_risk(self, row: RiskRow) -> None:
        """Remember that a person accepts a finding until a date; the newest word counts. Writes the audit trail."""
        base = self._database.insert(accepted_risk).values(**columns(row))
        settled = {name: base.excluded[name] for name in ("actor", "reason", "at", "until")}
        keeping = base.on_conflict_do_update(index_elements=("rule", "subject"), set_=settled)
        detail = {"rule": row.rule, "reason": row.reason, "until": row.until}
        said = EventRow("risk-accepted", target=row.subject, detail=detail, actor=row.actor, at=row.at)

        def accept(connection: Connection) -> None:
            connection.execute(keeping)
            trail.append(connection, self._chain_key, [said])

        self._database.write(accept)

    def risks(self) -> list[RiskRow]:
        """Every accepted risk, those that ended too."""
        return self._records(RiskRow, select(accepted_risk).order_by(accepted_risk.c.rule, accepted_risk.c.subject))

    def attest(self, row: AttestationRow) -> None:
        """Keep what a person said of a checklist item. Writes the audit trail."""
        line = columns(row)
        detail = {
            "checklist": row.checklist,
            "item": row.item,
            "statement": row.statement,
            "expires": row.expires,
            "evidence": row.evidence,
            "fields": row.data,
        }
        kind = row.kind.value if row.kind is Statement.ATTESTED else f"attestation-{row.kind.value}"
        said = EventRow(kind, target=row.scope, detail=detail, actor=row.actor, at=row.at)

        def attest(connection: Connection) -> None:
            connection.execute(insert(attestation), line)
            trail.append(connection, self._chain_key, [said])

        self._database.write(attest)

    def attestations(self, checklist: str | None = None) -> list[AttestationRow]:
        """Statements, oldest first, those that expired too."""
        query = select(attestation).order_by(attestation.c.at, attestation.c.id)
        if checklist is not None:
            query = query.where(attestation.c.checklist == checklist)
        return self._records(AttestationRow, query)

    def close(self) -> None:
        """Let go of the file or connection."""
        self._database.close()

    def _records(self, kind: type[R], query: Select[Any], values: Mapping[str, object] | None = None) -> list[R]:
        return [record(kind, line) for line in self._lines(query, values)]

    def _lines(self, query: Select[Any], values: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        return self._database.rows(query, values)


def _columns(row: TargetRow) -> dict[str, object]:
    return {"target": text(row.target), "actor": text(row.actor), "at": stamp(row.at), "how": text(row.how)}


def _lines_of(row: TargetRow) -> list[EventRow]:
    """What the trail says of an acceptance, a line for each host."""
    return [
        EventRow("accepted", target=row.target, detail={"how": row.how}, actor=row.actor, host=host, at=row.at)
        for host in row.hosts
    ]


def _accept(database: Database) -> Any:
    return database.insert(target).on_conflict_do_nothing()


@cache
def _placements(*, one: bool, include_gone: bool) -> Select[Any]:
    seen = placement.c
    query = select(placement).order_by(seen.credential, seen.secret, seen.version, seen.part, seen.host)
    if one:
        query = query.where(seen.credential == bindparam("of"))
    return query if include_gone else query.where(seen.gone.is_(None))
