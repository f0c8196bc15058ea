"""Leases: the right to act alone, with a fence that only ever grows, inside a transaction of the caller."""

from typing import Any

from sqlalchemy import Connection, Row, Select, Update, bindparam, select, update

from keyward.ledger.database import Database, Present
from keyward.ledger.records import Lease
from keyward.ledger.schema import lease as table
from keyward.model.errors import Held
from keyward.model.text import clean

_NAMED = table.c.name == bindparam("lease_name")
_OURS = _NAMED & (table.c.fence == bindparam("lease_fence")) & (table.c.owner == bindparam("lease_owner"))
_LOCKED = select(table).where(_NAMED).with_for_update()
_GIVE_BACK = update(table).where(_OURS).values(owner="", until=0.0)
_HELD = select(table).where(table.c.owner != "").order_by(table.c.name)


def take(database: Database, connection: Connection, name: str, owner: str, seconds: float) -> Lease:
    """Take a lease that is free, expired, ours, or whose holder is dead.

    Raises:
        Held: somebody else has it.
    """
    here = database.present()
    taking = {"lease_name": name, "new_owner": owner, "new_boot": here.boot, "lasting": seconds, **here.values}
    found = _timed(database, connection, name, here)
    if found is None:
        if connection.execute(database.statement(_first), {**taking, "new_fence": 1}).rowcount == 1:
            return Lease(name, owner, 1)
        found = _timed(database, connection, name, here)  # somebody was faster
    if found is None:
        raise Held(f"The lease of {clean(name)} changes hands just now.", hint="Try again.")
    left = database.left(found.boot, found.until, found.now)
    if found.owner and found.owner != owner and left > 0 and not database.ended(found.owner, found.boot, owner):
        raise Held(
            f"{clean(found.owner)} is working on {clean(name)} (for up to {left:.0f} s more).",
            hint="Wait for it, or try again later.",
        )
    fence = found.fence + 1
    connection.execute(database.statement(_retake), {**taking, "new_fence": fence})
    return Lease(name, owner, fence)


def check(connection: Connection, lease: Lease) -> None:
    """See that nobody has taken the lease since, and let nobody take it before this transaction ends.

    Raises:
        Held: it was lost.
    """
    found = connection.execute(_LOCKED, {"lease_name": lease.name}).one_or_none()
    if found is None or (found.fence, found.owner) != (lease.fence, lease.owner):
        by = f"{clean(found.owner)} has it now" if found is not None and found.owner else "it was given back"
        raise Held(f"The lease of {clean(lease.name)} was lost: {by}. Nothing was written.")


def extend(database: Database, connection: Connection, lease: Lease, seconds: float) -> None:
    """Make the lease last so many seconds from now, and let nobody take it before this transaction ends.

    Raises:
        Held: it was lost.
    """
    here = database.present()
    values = {**_whose(lease), "new_boot": here.boot, "lasting": seconds, **here.values}
    if connection.execute(database.statement(_extend), values).rowcount != 1:
        check(connection, lease)


def give_back(connection: Connection, lease: Lease) -> None:
    """Free the lease if it is still ours. Its row stays, because the fence must never start again."""
    connection.execute(_GIVE_BACK, _whose(lease))


def stale(database: Database, connection: Connection, asker: str) -> list[tuple[str, str]]:
    """(name, holder) of every lease that ran out or whose holder is dead."""
    held = connection.execute(_HELD.add_columns(database.seconds.label("now")), database.present().values)
    return [
        (row.name, row.owner)
        for row in held
        if database.left(row.boot, row.until, row.now) <= 0 or database.ended(row.owner, row.boot, asker)
    ]


def _whose(lease: Lease) -> dict[str, object]:
    return {"lease_name": lease.name, "lease_fence": lease.fence, "lease_owner": lease.owner}


def _until(database: Database) -> Any:
    return database.seconds + bindparam("lasting", type_=table.c.until.type)


def _first(database: Database) -> Any:
    values: dict[str, Any] = {
        "name": bindparam("lease_name"),
        "owner": bindparam("new_owner"),
        "fence": bindparam("new_fence"),
    }
    first = database.insert(table).values(**values, boot=bindparam("new_boot"), until=_until(database))
    return first.on_conflict_do_nothing()


def _retake(database: Database) -> Update:
    values: dict[str, Any] = {
        "owner": bindparam("new_owner"),
        "fence": bindparam("new_fence"),
        "boot": bindparam("new_boot"),
    }
    return update(table).where(_NAMED).values(**values, until=_until(database))


def _extend(database: Database) -> Update:
    return update(table).where(_OURS).values(boot=bindparam("new_boot"), until=_until(database))


def _with_present(database: Database) -> Select[Any]:
    return _LOCKED.add_columns(database.seconds.label("now"))


def _timed(database: Database, connection: Connection, name: str, here: Present) -> Row[Any] | None:
    """The lease with the present; locked, so that only one who finds it free takes it."""
    values = {"lease_name": name, **here.values}
    return connection.execute(database.statement(_with_present), values).one_or_none()
