"""Leases: the right to act alone, with a fence that only ever grows, inside a transaction of the caller."""

from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from keyward.ledger.records import Lease
from keyward.ledger.schema import lease as table
from keyward.ledger.sqlite import SqliteDatabase
from keyward.model.errors import Held
from keyward.model.text import clean


def take(database: SqliteDatabase, connection: Connection, name: str, owner: str, seconds: float) -> Lease:
    """Take a lease that is free, expired, ours, or whose holder is dead.

    Raises:
        Held: somebody else has it.
    """
    now = database.moment()
    found = _row(connection, name)
    if found is None:
        connection.execute(
            insert(table), {"name": name, "owner": owner, "fence": 1, "boot": now.boot, "until": now.seconds + seconds}
        )
        return Lease(name, owner, 1)
    left = found.until - now.seconds if found.boot == now.boot else 0.0
    if found.owner and found.owner != owner and left > 0 and not database.ended(found.owner, owner):
        raise Held(
            f"{clean(found.owner)} is working on {clean(name)} (for up to {left:.0f} s more).",
            hint="Wait for it, or try again later.",
        )
    fence = found.fence + 1
    connection.execute(
        update(table)
        .where(table.c.name == name)
        .values(owner=owner, fence=fence, boot=now.boot, until=now.seconds + seconds)
    )
    return Lease(name, owner, fence)


def check(connection: Connection, lease: Lease) -> None:
    """See that nobody has taken the lease since.

    Raises:
        Held: it was lost.
    """
    found = _row(connection, lease.name)
    if found is None or (found.fence, found.owner) != (lease.fence, lease.owner):
        by = f"{clean(found.owner)} has it now" if found is not None and found.owner else "it was given back"
        raise Held(f"The lease of {clean(lease.name)} was lost: {by}. Nothing was written.")


def extend(database: SqliteDatabase, connection: Connection, lease: Lease, seconds: float) -> None:
    """Make the lease last so many seconds from now.

    Raises:
        Held: it was lost.
    """
    check(connection, lease)
    now = database.moment()
    connection.execute(
        update(table).where(table.c.name == lease.name).values(boot=now.boot, until=now.seconds + seconds)
    )


def give_back(connection: Connection, lease: Lease) -> None:
    """Free the lease if it is still ours. Its row stays, because the fence must never start again."""
    ours = (table.c.name == lease.name) & (table.c.fence == lease.fence) & (table.c.owner == lease.owner)
    connection.execute(update(table).where(ours).values(owner="", until=0.0))


def _row(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(select(table).where(table.c.name == name).with_for_update()).one_or_none()
