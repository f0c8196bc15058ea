"""Opening a ledger only to read it: SQLite with the standard library, PostgreSQL with its driver, neither with SQLAlchemy."""

from typing import TYPE_CHECKING

from keyward.ledger.address import is_postgres

if TYPE_CHECKING:
    from keyward.ledger.postgres_link import Link
    from keyward.ledger.queries import Reading


def open_to_read(where: str, *, world: str | None = None, spare: "list[Link] | None" = None) -> "Reading":
    """The ledger as it is. The caller closes it.

    Args:
        where: a file, or a `sqlite:` or `postgresql:` URL.
        world: when given, the world that the ledger must belong to.
        spare: keeps a connection to PostgreSQL for the next reading; its owner closes it.

    Raises:
        NoLedger: there is none.
        NotConfigured: it cannot be reached.
        NotAllowed: it is not this user's alone, or lets this user not in.
        LedgerBroken: it cannot be read, or is newer than this program.
        AnotherWorld: it belongs to other endpoints.
    """
    if is_postgres(where):
        from keyward.ledger.postgres_missing import needed

        needed()
        from keyward.ledger.postgres_reading import PostgresReading  # loads the driver

        return PostgresReading(where, world=world, spare=spare)
    from keyward.ledger.reading import ReadOnlyLedger

    return ReadOnlyLedger(where, world=world)
