"""All that is only SQLite's: how it is opened, how a transaction begins, which clock leases use."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import ColumnElement, Connection, Engine, Float, Select, Table, bindparam, create_engine, event
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import QueuePool

from keyward.files import shown
from keyward.ledger.boot import MomentSource, since_boot
from keyward.ledger.database import Prepared, Present
from keyward.ledger.owner import surely_dead
from keyward.ledger.together import Together
from keyward.ledger.troubles import trouble
from keyward.model.errors import NotAllowed

R = TypeVar("R")

_BUSY_SECONDS = 20.0
_BEGIN = "keyward_begin"
_NOW = "moment_now"


class SqliteDatabase(Prepared):
    """Connections to one file, which exists.

    Args:
        path: the file.
        moments: the time of leases.
        busy_seconds: how long to wait for other processes.
    """

    seconds: ColumnElement[float] = bindparam(_NOW, type_=Float)

    def __init__(self, path: Path, *, moments: MomentSource = since_boot, busy_seconds: float = _BUSY_SECONDS) -> None:
        super().__init__()
        self.path = path
        self.name = shown(path)
        self._moments = moments
        self._busy_seconds = busy_seconds
        self._together = Together(self.writing)  # threads of one process wait for the disk together
        self._engine = self._make_engine()

    def _make_engine(self) -> Engine:
        engine = create_engine(
            "sqlite://", creator=self._connect, poolclass=QueuePool, max_overflow=-1, hide_parameters=True
        )

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            how = connection.get_execution_options().get(_BEGIN, "BEGIN")
            if how:
                connection.exec_driver_sql(how)

        return engine

    def _connect(self) -> sqlite3.Connection:
        name = quote(str(self.path).encode("utf-8", "surrogateescape"))
        # No "create": a ledger that vanished under a running program is an error, not an empty ledger.
        made = sqlite3.connect(
            f"file:{name}?mode=rw",
            uri=True,
            timeout=self._busy_seconds,
            isolation_level=None,  # transactions begin where this module says so
            check_same_thread=False,
        )
        try:
            mode = made.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            for pragma in ("synchronous = FULL", "secure_delete = ON", "foreign_keys = ON", "recursive_triggers = ON"):
                made.execute(f"PRAGMA {pragma}")
        except BaseException:
            made.close()
            raise
        if str(mode).lower() != "wal":
            made.close()
            raise NotAllowed(
                f"The file system of the ledger {self.name} does not support SQLite's write-ahead log.",
                hint="Set KEYWARD_HOME to a folder on a local disk.",
            )
        return made

    def read(self, ask: Callable[[Connection], R]) -> R:
        """The answer from one state of the ledger.

        Raises:
            KeywardError: the file cannot be read.
        """
        with self.reading() as connection:
            return ask(connection)

    def rows(self, query: Select[Any], values: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """The rows of one statement.

        Raises:
            KeywardError: the file cannot be read.
        """
        # One statement sees one state by itself.
        with self._plainly(), self._engine.connect() as connection:
            alone = connection.execution_options(**{_BEGIN: ""})
            return [dict(row) for row in alone.execute(query, values).mappings()]

    def write(self, change: Callable[[Connection], R]) -> R:
        """Make a change; it is on the disk when this returns, or nothing of it was made.

        Raises:
            Held: others wrote for too long.
            KeywardError: the file cannot be written.
        """
        with self._plainly():
            return self._together.write(change)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the ledger.

        Raises:
            KeywardError: the file cannot be read.
        """
        with self._plainly(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The only transaction that writes; it is on the disk when the block ends, or nothing of it.

        Raises:
            Held: others wrote for too long.
            KeywardError: the file cannot be written.
        """
        with self._plainly(), self._engine.connect() as connection:
            # Taking the write lock at once: a transaction that reads first and writes later could find its reading outdated.
            chosen = connection.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
            with chosen.begin():
                yield chosen

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise trouble(error.orig or error, self.name) from None
        except sqlite3.Error as error:
            raise trouble(error, self.name) from None

    def present(self) -> Present:
        """The present, for leases: seconds since boot."""
        now = self._moments()
        return Present(now.boot, {_NOW: now.seconds})

    def left(self, boot: str, until: float, now: float) -> float:
        """How many seconds a lease still lasts; none that was taken before this machine started."""
        return until - now if boot == self._moments().boot else 0.0

    def ended(self, holder: str, boot: str, asker: str) -> bool:  # noqa: ARG002  # a lease of another boot has no seconds left
        """Whether the holder of a lease is known to be dead."""
        return surely_dead(holder, asker)

    def insert(self, table: Table) -> Insert:
        """An insert that can say what happens to a row that is there already."""
        return insert(table)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
