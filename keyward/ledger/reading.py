"""Reading a SQLite ledger with the standard library alone, for ticks that find nothing to do and for `history`.

It never writes, not even what SQLite would recover or check-point on its own.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from os import PathLike
from typing import Any
from urllib.parse import quote

from keyward.files import shown
from keyward.ledger.place import check_place, holds_something, local_path, no_ledger
from keyward.ledger.queries import Reading
from keyward.ledger.troubles import broken, trouble
from keyward.ledger.version import check_known, check_world
from keyward.places import frozen


class ReadOnlyLedger(Reading):
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
        self.name = shown(self.path)
        if not self.path.parent.is_dir():
            raise no_ledger(self.path)
        check_place(self.path)
        if not holds_something(self.path):
            raise no_ledger(self.path)
        try:
            name = quote(str(self.path).encode("utf-8", "surrogateescape"))
            how = "mode=ro&immutable=1" if frozen(self.path) else "mode=ro"
            self._db = sqlite3.connect(f"file:{name}?{how}", uri=True, timeout=10, check_same_thread=False)
        except sqlite3.Error as error:
            raise trouble(error, self.name) from None
        self._db.row_factory = sqlite3.Row
        try:
            self._check(world)
        except BaseException:
            self._db.close()
            raise

    def _check(self, world: str | None) -> None:
        found = self._ask("PRAGMA quick_check(1)")
        if not found or found[0]["quick_check"] != "ok":
            raise broken(self.name, str(found[0]["quick_check"]) if found else "the check says nothing")
        if not self._ask("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'"):
            if self._ask("SELECT 1 FROM sqlite_master LIMIT 1"):
                raise broken(self.name, "it is a database of another program")
            raise no_ledger(self.path)
        check_known(self.name, self.meta("schema"))
        check_world(self.name, self.meta("world"), world)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextlib.contextmanager
    def steady(self) -> Iterator[None]:
        """Inside it every question is answered from one moment, whatever others write meanwhile."""
        self._ask("BEGIN")  # deferred: the first question takes the snapshot, and no writer waits for it (WAL)
        try:
            yield
        finally:
            self._ask("ROLLBACK")

    def _ask(self, query: str, **values: object) -> list[dict[str, Any]]:
        try:
            with contextlib.closing(self._db.execute(query, values)) as cursor:
                return [dict(row) for row in cursor]
        except sqlite3.Error as error:
            raise trouble(error, self.name) from None
