"""What a ledger is asked by those who only read, in SQL that SQLite and PostgreSQL understand alike; no database library is needed.

Parameters are written `:name`, as SQLite takes them. One that may be NULL has its type named for PostgreSQL.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Self

from keyward.ledger.records import AttestationRow, EventRow, PlacementRow, ProbeRow, RotationRow, TargetRow
from keyward.ledger.rows import record
from keyward.ledger.version import SCHEMA
from keyward.model.errors import AmbiguousKey

_ROTATION = """
    SELECT * FROM rotation WHERE id >= :named AND id < :beyond AND substr(id, 1, length(:named)) = :named
    ORDER BY id LIMIT 2"""
_ROTATIONS = """
    SELECT * FROM rotation
    WHERE (CAST(:credential AS TEXT) IS NULL OR credential = :credential) AND (CAST(:group AS TEXT) IS NULL OR "group" = :group)
      AND (NOT :open_only OR state NOT IN ('done', 'aborted'))
    ORDER BY id DESC"""
_EVENTS = "SELECT * FROM event WHERE seq > :after AND (CAST(:rotation AS TEXT) IS NULL OR rotation = :rotation) ORDER BY seq LIMIT 500"
_STORED = "SELECT * FROM event WHERE seq > :after ORDER BY seq LIMIT 500"
_BELOW_ALL = -(2**63)  # a line that somebody gave an impossible number must show too
_WITH_STATEMENTS = 3
"""The first schema that keeps them as they are read here; before it nothing wrote any."""
_PLACEMENTS = """
    SELECT * FROM placement
    WHERE (CAST(:credential AS TEXT) IS NULL OR credential = :credential) AND (:include_gone OR gone IS NULL)
    ORDER BY credential, secret, version, part, host"""

_ANSWERS = """
    SELECT * FROM probe WHERE verdict IN ('works', 'recognised', 'blocked', 'dead') AND NOT EXISTS (
      SELECT 1 FROM probe AS later WHERE later.credential = probe.credential
      AND later.verdict IN ('works', 'recognised', 'blocked', 'dead')
      AND (later.at > probe.at OR (later.at = probe.at AND later.id > probe.id)))"""


class Reading(ABC):
    """What is in a ledger, wherever it is. Nothing is ever written."""

    name: str
    """What a person calls it; fit for messages."""

    @abstractmethod
    def _ask(self, query: str, **values: object) -> Sequence[Mapping[str, Any]]:
        """The rows of the answer."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the file or connection."""

    @property
    def current(self) -> bool:
        """Whether its tables are those of this program; older ones are upgraded when it is opened for writing."""
        return self.meta("schema") == str(SCHEMA)

    def meta(self, name: str) -> str | None:
        """A fact about the ledger itself: `schema`, `world`, `fingerprint_key_id`, `created`."""
        found = self._ask("SELECT value FROM meta WHERE name = :name", name=name)
        return str(found[0]["value"]) if found else None

    def metas(self, prefix: str) -> dict[str, str]:
        """Every fact whose name begins like that, such as `pause:`, by its name."""
        found = self._ask(
            "SELECT name, value FROM meta WHERE substr(name, 1, length(:prefix)) = :prefix ORDER BY name", prefix=prefix
        )
        return {str(row["name"]): str(row["value"]) for row in found}

    def rotation(self, rotation_id: str) -> RotationRow | None:
        """The rotation of that id, or of a unique prefix of it.

        Raises:
            AmbiguousKey: several begin like that.
        """
        if not rotation_id:
            return None
        found = self._ask(_ROTATION, named=rotation_id, beyond=beyond(rotation_id))
        return only(RotationRow, rotation_id, [dict(row) for row in found])

    def rotations(
        self, *, open_only: bool = False, credential: str | None = None, group: str | None = None
    ) -> list[RotationRow]:
        """Rotations, newest first."""
        rows = self._ask(_ROTATIONS, credential=credential, group=group, open_only=open_only)
        return [record(RotationRow, dict(row)) for row in rows]

    def events(self, *, rotation: str | None = None, after: int = 0) -> Iterator[EventRow]:
        """The audit trail in order."""
        while page := self._ask(_EVENTS, rotation=rotation, after=after):
            for row in page:
                yield record(EventRow, dict(row))
            after = int(page[-1]["seq"])

    def steady(self) -> AbstractContextManager[object]:
        """Inside it every question is answered from one moment, whatever others write meanwhile."""
        return nullcontext()

    def stored(self, *, after: int = _BELOW_ALL) -> Iterator[Mapping[str, Any]]:
        """The audit trail's lines in order, as they are stored: for who checks them, and for who must see what cannot be read too."""
        while page := self._ask(_STORED, after=after):
            yield from page
            after = int(page[-1]["seq"])

    def targets(self) -> dict[str, TargetRow]:
        """Every accepted target by its place id."""
        rows = self._ask("SELECT * FROM target ORDER BY target")
        # On which hosts, the audit trail tells who has its key.
        return {row["target"]: record(TargetRow, {**row, "hosts": ("",)}) for row in rows}

    def placements(self, *, credential: str | None = None, include_gone: bool = False) -> list[PlacementRow]:
        """Known placements."""
        rows = self._ask(_PLACEMENTS, credential=credential, include_gone=include_gone)
        return [record(PlacementRow, dict(row)) for row in rows]

    def answers(self) -> dict[str, ProbeRow]:
        """What the provider said last when keyward tried a key, by its id; tries that told nothing of the key are passed over."""
        return {str(row["credential"]): record(ProbeRow, dict(row)) for row in self._ask(_ANSWERS)}

    def attestations(self) -> list[AttestationRow]:
        """What people said of checklist items, oldest first, what expired too."""
        if int(self.meta("schema") or 0) < _WITH_STATEMENTS:
            return []
        return [record(AttestationRow, dict(row)) for row in self._ask("SELECT * FROM attestation ORDER BY at, id")]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def beyond(prefix: str) -> str:
    """A text after everything that begins with the prefix, by code points as every ledger sorts."""
    return f"{prefix}\U0010ffff"


def only(kind: type[RotationRow], named: str, found: Sequence[Mapping[str, Any]]) -> RotationRow | None:
    """The one row that a prefix names; the row of exactly that id before all others.

    Raises:
        AmbiguousKey: there are several.
    """
    exact = [row for row in found if row["id"] == named] or list(found)
    if len(exact) > 1:
        raise AmbiguousKey(f"Several rotations begin with {named!r}.", hint="Type more of the id.")
    return record(kind, exact[0]) if exact else None
