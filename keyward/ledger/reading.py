"""Reading a SQLite ledger with the standard library alone, for ticks that find nothing to do and for `history`.

It never writes, not even what SQLite would recover or check-point on its own.
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime
from os import PathLike
from typing import Any, Self
from urllib.parse import quote

from keyward.ledger.place import check_place, holds_something, local_path, no_ledger
from keyward.ledger.records import EventRow, PlacementRow, RotationRow, TargetRow
from keyward.ledger.rows import record
from keyward.ledger.troubles import broken, trouble
from keyward.ledger.version import SCHEMA, check_known, check_world
from keyward.ledger.writable import stamp
from keyward.model.errors import AmbiguousKey

_ROTATION = "SELECT * FROM rotation WHERE substr(id, 1, length(:named)) = :named ORDER BY id LIMIT 2"
_ROTATIONS = """
    SELECT * FROM rotation
    WHERE (:credential IS NULL OR credential = :credential) AND (:group IS NULL OR "group" = :group)
      AND (NOT :open_only OR state NOT IN ('done', 'aborted'))
    ORDER BY id DESC"""
_ANY_OPEN = """
    SELECT 1 FROM rotation
    WHERE state NOT IN ('done', 'aborted') AND (:due_by IS NULL OR due IS NULL OR due <= :due_by)
    LIMIT 1"""
_EVENTS = (
    "SELECT * FROM event WHERE seq > :after AND (:rotation IS NULL OR rotation = :rotation) ORDER BY seq LIMIT 500"
)
_PLACEMENTS = """
    SELECT * FROM placement
    WHERE (:credential IS NULL OR credential = :credential) AND (:include_gone OR gone IS NULL)
    ORDER BY credential, secret, version, part, host"""


class ReadOnlyLedger:
    """What is in a ledger.

    Args:
        where: the file, or its `sqlite:` URL.
        world: when given, the world that the ledger must belong to.

    Raises:
        NotConfigured: there is no ledger.
        NotAllowed: the file is not this user's alone.
        LedgerBroken: it cannot be read, or is newer than this program.
        AnotherWorld: it belongs to other endpoints.
    """

    def __init__(self, where: str | PathLike[str], *, world: str | None = None) -> None:
        self.path = local_path(where)
        if not self.path.parent.is_dir():
            raise no_ledger(self.path)
        check_place(self.path)
        if not holds_something(self.path):
            raise no_ledger(self.path)
        try:
            name = quote(str(self.path).encode("utf-8", "surrogateescape"))
            self._db = sqlite3.connect(f"file:{name}?mode=ro", uri=True, timeout=10, check_same_thread=False)
        except sqlite3.Error as error:
            raise trouble(error, self.path) from None
        self._db.row_factory = sqlite3.Row
        try:
            self._check(world)
        except BaseException:
            self._db.close()
            raise

    def _check(self, world: str | None) -> None:
        found = self._ask("PRAGMA quick_check(1)")
        if not found or found[0][0] != "ok":
            raise broken(self.path, str(found[0][0]) if found else "the check says nothing")
        if not self._ask("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'"):
            if self._ask("SELECT 1 FROM sqlite_master LIMIT 1"):
                raise broken(self.path, "it is a database of another program")
            raise no_ledger(self.path)
        check_known(self.path, self.meta("schema"))
        check_world(self.path, self.meta("world"), world)

    @property
    def current(self) -> bool:
        """Whether its tables are those of this program; older ones are upgraded when it is opened for writing."""
        return self.meta("schema") == str(SCHEMA)

    def meta(self, name: str) -> str | None:
        """A fact about the ledger itself: `schema`, `world`, `fingerprint_key_id`, `created`."""
        found = self._ask("SELECT value FROM meta WHERE name = :name", name=name)
        return str(found[0][0]) if found else None

    def rotation(self, rotation_id: str) -> RotationRow | None:
        """The rotation of that id, or of a unique prefix of it.

        Raises:
            AmbiguousKey: several begin like that.
        """
        if not rotation_id:
            return None
        found = self._ask(_ROTATION, named=rotation_id)
        return only(RotationRow, rotation_id, [dict(row) for row in found])

    def rotations(
        self, *, open_only: bool = False, credential: str | None = None, group: str | None = None
    ) -> list[RotationRow]:
        """Rotations, newest first."""
        rows = self._ask(_ROTATIONS, credential=credential, group=group, open_only=open_only)
        return [record(RotationRow, dict(row)) for row in rows]

    def any_open(self, *, due_by: datetime | None = None) -> bool:
        """Whether a rotation is open; with a time (UTC), whether one can go on by then."""
        return bool(self._ask(_ANY_OPEN, due_by=None if due_by is None else stamp(due_by)))

    def events(self, *, rotation: str | None = None, after: int = 0) -> Iterator[EventRow]:
        """The audit trail in order."""
        while page := self._ask(_EVENTS, rotation=rotation, after=after):
            for row in page:
                yield record(EventRow, dict(row))
            after = int(page[-1]["seq"])

    def targets(self) -> dict[str, TargetRow]:
        """Every accepted target by its place id."""
        return {
            row["target"]: record(TargetRow, dict(row)) for row in self._ask("SELECT * FROM target ORDER BY target")
        }

    def placements(self, *, credential: str | None = None, include_gone: bool = False) -> list[PlacementRow]:
        """Known placements."""
        rows = self._ask(_PLACEMENTS, credential=credential, include_gone=include_gone)
        return [record(PlacementRow, dict(row)) for row in rows]

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, query: str, **values: object) -> list[sqlite3.Row]:
        try:
            with contextlib.closing(self._db.execute(query, values)) as cursor:
                return cursor.fetchall()
        except sqlite3.Error as error:
            raise trouble(error, self.path) from None


def only(
    kind: type[RotationRow], named: str, found: list[Mapping[str, Any]] | list[dict[str, Any]]
) -> RotationRow | None:
    """The one row that a prefix names; the row of exactly that id before all others.

    Raises:
        AmbiguousKey: there are several.
    """
    exact = [row for row in found if row["id"] == named] or list(found)
    if len(exact) > 1:
        raise AmbiguousKey(f"Several rotations begin with {named!r}.", hint="Type more of the id.")
    return record(kind, exact[0]) if exact else None
