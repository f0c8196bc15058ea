"""Opening a ledger on PostgreSQL: right world, right version; or making one, once, whoever else is making it too."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, select, text

from keyward.ledger.address import address
from keyward.ledger.making import bring_up, make
from keyward.ledger.place import no_ledger
from keyward.ledger.postgres import PostgresDatabase
from keyward.ledger.postgres_link import SCHEMA
from keyward.ledger.postgres_troubles import GRANTS
from keyward.ledger.schema import meta
from keyward.ledger.sql import SqlLedger
from keyward.ledger.version import SCHEMA as NEWEST
from keyward.ledger.version import check_known, check_world
from keyward.model.errors import LedgerBroken, NotAllowed
from keyward.model.secret import Secret

_MAKING = (
    0x6B657977617264  # "keyward": who makes or upgrades the tables holds this lock until the end of the transaction
)
_RIGHTS = text(
    "SELECT coalesce(has_schema_privilege(to_regnamespace(:schema), 'CREATE'), "
    "has_database_privilege(current_database(), 'CREATE'))"
).bindparams(schema=SCHEMA)
_OWNED = text(
    "SELECT count(*) = 0 FROM pg_class WHERE relnamespace = to_regnamespace(:schema) AND relkind = 'r' "
    "AND NOT pg_has_role(relowner, 'USAGE')"
).bindparams(schema=SCHEMA)
_THERE = text(
    "SELECT to_regclass(:schema || '.meta') IS NOT NULL, to_regnamespace(:schema) IS NOT NULL, "
    "EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace(:schema))"
).bindparams(schema=SCHEMA)


def open_postgres(
    where: str, *, world: str, chain_key: Secret | None, create: bool, clock: Callable[[], datetime]
) -> SqlLedger:
    """The ledger, upgraded to this program's version if it was older and this user may change its tables.

    Args:
        where: a `postgresql:` URL.
        world: what the endpoints in use are; a new ledger is stamped with it.
        chain_key: the key of the audit trail; None reads only, until `unlock`.
        create: make it when there is none.
        clock: the present in UTC, for the date of making.

    Raises:
        NoLedger: there is none, and it may not be made.
        NotConfigured: the database cannot be reached.
        NotAllowed: this user may not use it, or would have to make or upgrade tables and may not.
        LedgerBroken: it is newer than this program, or cannot be read.
        AnotherWorld: it belongs to other endpoints.
    """
    database = PostgresDatabase(address(where))
    try:
        version = database.read(lambda connection: _looked_at(connection, database.name, world))
        if version is None and not create:
            raise no_ledger(database.name)  # noqa: TRY301  # the connection is closed below, whatever went wrong
        fresh = version is None and database.write(lambda connection: _made(connection, database.name, world, clock()))
        if version is not None and version < NEWEST:
            database.write(lambda connection: _upgraded(connection, database.name, world))
        return SqlLedger(database, chain_key=chain_key, fresh=fresh)
    except BaseException:
        database.close()
        raise


def _looked_at(connection: Connection, name: str, world: str) -> int | None:
    """The version of the ledger's tables; None when there are none.

    Raises:
        LedgerBroken: they are newer than this program, or not a ledger's.
        NotAllowed: this user may not read them.
        AnotherWorld: they belong to other endpoints.
    """
    there, _, others = connection.execute(_THERE).one()
    if not there:
        if others:
            raise LedgerBroken(
                f"The schema {SCHEMA} of {name} holds tables of another program.", hint="Use another database."
            )
        return None
    facts = {
        row.name: row.value for row in connection.execute(select(meta).where(meta.c.name.in_(("schema", "world"))))
    }
    version = check_known(name, facts.get("schema"))
    check_world(name, facts.get("world"), world)
    return version


def _made(connection: Connection, name: str, world: str, now: datetime) -> bool:
    """Make the tables; whether they were made here, not by somebody who was faster."""
    _alone(connection)
    if _looked_at(connection, name, world) is not None:
        return False
    if not connection.execute(_RIGHTS).scalar_one():
        raise NotAllowed(
            f"There is no ledger at {name} yet, and this database user may not make one.",
            hint=f"Let its owner run `keyward scan` once. {GRANTS}",
        )
    if not connection.execute(_THERE).one()[1]:
        connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
    make(connection, world, now)
    return True


def _upgraded(connection: Connection, name: str, world: str) -> None:
    _alone(connection)
    version = _looked_at(connection, name, world)
    if version == NEWEST:  # somebody was faster
        return
    if not (connection.execute(_RIGHTS).scalar_one() and connection.execute(_OWNED).scalar_one()):
        raise NotAllowed(
            f"The ledger {name} is of version {version}, this keyward needs {NEWEST}, and this database user may not change its tables.",
            hint=f"Let its owner run any command that writes, such as `keyward scan`, with this version of keyward. {GRANTS}",
        )
    bring_up(connection, name)


def _alone(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MAKING})
