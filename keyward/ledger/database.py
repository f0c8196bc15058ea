"""What the ledger's statements need of a database: transactions, an insert that can meet a row, and the time of leases."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement, Connection, Select, Table
    from sqlalchemy.dialects import postgresql, sqlite

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Present:
    """The present, for leases: which boot of this machine it is, and what `Database.seconds` needs to be told to be now."""

    boot: str
    values: Mapping[str, float] = field(default_factory=dict)


class Prepared:
    """Statements that are built once: to build one takes longer than to run it."""

    def __init__(self) -> None:
        self._built: dict[object, object] = {}

    def statement(self, build: "Callable[[Any], R]") -> R:
        """What `build` makes for this database, made once; its values are named parameters."""
        if build not in self._built:
            self._built[build] = build(self)  # two threads may both build it: either will do
        return cast("R", self._built[build])


class Database(Protocol):
    """One database that holds a ledger."""

    seconds: "ColumnElement[float]"
    """The clock that decides on leases, in seconds, as an expression of statements."""

    @property
    def name(self) -> str:
        """What a person calls it; fit for messages."""
        ...

    def read(self, ask: "Callable[[Connection], R]") -> R:
        """The answer from one state of the ledger. It may be asked again when the connection was lost.

        Raises:
            KeywardError: the ledger cannot be read.
        """
        ...

    def rows(self, query: "Select[Any]", values: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """The rows of one statement, by the names of their columns.

        Raises:
            KeywardError: the ledger cannot be read.
        """
        ...

    def write(self, change: "Callable[[Connection], R]") -> R:
        """Make a change; it is durable when this returns, or nothing of it was made.

        Args:
            change: what is to be done in one transaction. It may be run again when nothing of it was kept, so it changes nothing else.

        Raises:
            Held: others were in the way for too long.
            IntegrityError: (of SQLAlchemy) a row is there already, or the audit trail was to be changed.
            KeywardError: the ledger cannot be written.
        """
        ...

    def present(self) -> Present:
        """The present, for leases."""
        ...

    def left(self, boot: str, until: float, now: float) -> float:
        """How many seconds a lease still lasts.

        Args:
            boot: the boot in which it was taken.
            until: when it ends.
            now: `present().seconds`, as the database told it.
        """
        ...

    def ended(self, holder: str, boot: str, asker: str) -> bool:
        """Whether the holder of a lease, taken in that boot, is known to be dead; False whenever that cannot be known."""
        ...

    def statement(self, build: "Callable[[Any], R]") -> R:
        """What `build` makes for this database, made once; its values are named parameters."""
        ...

    def insert(self, table: "Table") -> "sqlite.Insert | postgresql.Insert":
        """An insert that can say what happens to a row that is there already."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...
