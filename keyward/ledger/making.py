"""The tables of a new ledger, and of one that an older keyward made; in a transaction of the caller, which keeps all or nothing."""

from datetime import datetime

from sqlalchemy import Connection, insert
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from keyward.ledger.migrate import upgrade
from keyward.ledger.schema import meta
from keyward.ledger.troubles import broken
from keyward.ledger.writable import stamp


def make(connection: Connection, world: str, now: datetime) -> None:
    """Make the tables, and stamp them with their world."""
    upgrade(connection)
    facts = {"world": world, "created": stamp(now), "head": ""}
    connection.execute(insert(meta), [{"name": name, "value": value} for name, value in facts.items()])


def bring_up(connection: Connection, name: str) -> None:
    """Bring the tables up to this program's version.

    Raises:
        LedgerBroken: something is in the way.
    """
    try:
        upgrade(connection)
    except DBAPIError:  # what the database itself says, the caller tells
        raise
    except SQLAlchemyError as error:
        raise broken(name, f"its tables could not be brought up to date ({type(error).__name__})") from None
