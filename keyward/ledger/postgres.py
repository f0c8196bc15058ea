"""All that is only PostgreSQL's: connections, what a transaction begins with, when one is run again, which clock leases use.

Everything that a transaction needs is set inside it, so that a pooler between keyward and the server (PgBouncer in transaction mode)
cannot mix it up, and no advisory lock outlives a transaction.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Float, Select, Table, cast, create_engine, extract, func
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.pool import QueuePool

from keyward.ledger.address import Address
from keyward.ledger.boot import boot_id
from keyward.ledger.database import Prepared, Present
from keyward.ledger.owner import surely_dead
from keyward.ledger.postgres_link import Link, connect, fate
from keyward.ledger.postgres_troubles import again, lost, trouble
from keyward.model.errors import Held, KeywardError

R = TypeVar("R")

_CONNECTIONS = 4
"""A transaction takes milliseconds, and a server has few connections: threads of one process take turns."""
_TRIES = 8
_FIRST_NAP = 0.02


class PostgresDatabase(Prepared):
    """Connections to one database; none is made before it is needed.

    Args:
        address: where it is.
    """

    seconds: ColumnElement[float] = cast(extract("epoch", func.clock_timestamp()), Float)

    def __init__(self, address: Address) -> None:
        super().__init__()
        self.name = address.name
        self._address = address
        self._engine = self._make_engine()

    def _make_engine(self) -> Engine:
        return create_engine(
            "postgresql+psycopg://",
            creator=lambda: connect(self._address),
            poolclass=QueuePool,
            pool_size=_CONNECTIONS,
            max_overflow=0,
            pool_timeout=60,
            pool_reset_on_return="rollback",
            hide_parameters=True,
            use_native_hstore=False,
        )

    def read(self, ask: Callable[[Connection], R]) -> R:
        """The answer from one state of the ledger; asked again when the connection was lost.

        Raises:
            KeywardError: the ledger cannot be read.
        """
        return self._ask(ask, alone=False)

    def rows(self, query: Select[Any], values: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """The rows of one statement, in one round trip.

        Raises:
            KeywardError: the ledger cannot be read.
        """

        def ask(connection: Connection) -> list[dict[str, Any]]:
            return [dict(row) for row in connection.execute(query, values).mappings()]

        return self._ask(ask, alone=True)

    def _ask(self, ask: Callable[[Connection], R], *, alone: bool) -> R:
        for attempt in range(_TRIES):
            try:
                with self.reading(alone=alone) as connection:
                    return ask(connection)
            except (DBAPIError, NoneFree) as error:
                self._again_or_raise(error, attempt)
        raise AssertionError("the last try raises")

    @contextmanager
    def reading(self, *, alone: bool = False) -> Iterator[Connection]:
        """A transaction that sees one state of the ledger; `alone`: of one statement."""
        with self._engine.connect() as connection:
            _link(connection).begins(writing=False, alone=alone)
            yield connection

    def write(self, change: Callable[[Connection], R]) -> R:
        """Make a change; it is durable when this returns, or nothing of it was made.

        Run again when the server has undone it (a deadlock, a lost connection); never when it could have been kept.

        Raises:
            Held: others were in the way for too long.
            KeywardError: the ledger cannot be written, or the connection was lost and nobody can say whether it was.
        """
        for attempt in range(_TRIES):
            try:
                with self._engine.connect() as connection:
                    link = _link(connection)
                    link.begins(writing=True)
                    result = change(connection)
                    if self._kept(connection, link):
                        return result
            except IntegrityError:
                raise
            except (DBAPIError, NoneFree) as error:
                self._again_or_raise(error, attempt)
        raise KeywardError(
            f"The connection to the ledger {self.name} was lost again and again; nothing of this step was recorded.",
            hint="Run the same command again when the database can be reached.",
        )

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes, for a caller who looks after failures."""
        with self._engine.connect() as connection:
            _link(connection).begins(writing=True)
            yield connection
            connection.commit()

    def _kept(self, connection: Connection, link: Link) -> bool:
        """Commit; whether the change was kept. False only when it certainly was not."""
        mark = link.mark
        try:
            connection.commit()
        except DBAPIError as error:
            if not lost(error) or mark is None:
                raise
            return fate(self._address, mark)
        return True

    def _again_or_raise(self, error: DBAPIError | NoneFree, attempt: int) -> None:
        """Wait a moment, or raise what it means to a person."""
        if isinstance(error, NoneFree):
            raise Held(f"All connections to the ledger {self.name} are busy.", hint="Try again in a minute.") from None
        if attempt + 1 == _TRIES or not (again(error) or lost(error)):
            raise trouble(error, self.name) from None
        time.sleep(random.uniform(0.5, 1.5) * _FIRST_NAP * 2**attempt)  # noqa: S311  # so that two do not meet again

    def present(self) -> Present:
        """The present, for leases: the server's clock, whatever the clocks of hosts say."""
        return Present(boot_id())

    def left(self, boot: str, until: float, now: float) -> float:  # noqa: ARG002  # the server's clock knows no boots of hosts
        """How many seconds a lease still lasts."""
        return until - now

    def ended(self, holder: str, boot: str, asker: str) -> bool:
        """Whether the holder is known to be dead: only one of this very machine can be, and its name alone does not prove that."""
        return bool(boot) and boot == boot_id() and surely_dead(holder, asker)

    def insert(self, table: Table) -> Insert:
        """An insert that can say what happens to a row that is there already."""
        # The driver forgets the number of rows with the cursor, and SQLAlchemy keeps it for updates only.
        return insert(table).execution_options(preserve_rowcount=True)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _link(connection: Connection) -> Link:
    found: Any = connection.connection.dbapi_connection
    if not isinstance(found, Link):
        raise TypeError(f"{type(found).__name__} is not a connection that was made here")
    return found
