"""Opening a ledger: safe place, sound file, right world, right version; or making one."""

from collections.abc import Callable
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path

from keyward.ledger import fingerprint_key
from keyward.ledger.address import is_postgres
from keyward.ledger.boot import MomentSource, since_boot
from keyward.ledger.chain import chain_key as derive
from keyward.ledger.making import bring_up, make
from keyward.ledger.place import (
    NoLedger,
    alone,
    check_place,
    check_writable,
    holds_something,
    local_path,
    make_file,
    make_folder,
    no_ledger,
    unmake,
)
from keyward.ledger.reading import ReadOnlyLedger
from keyward.ledger.sql import SqlLedger
from keyward.ledger.sqlite import SqliteDatabase
from keyward.model.fingerprint import FingerprintKey
from keyward.model.secret import Secret


def _now() -> datetime:
    return datetime.now(UTC)


def open_ledger(
    where: str | PathLike[str],
    *,
    world: str,
    chain_key: Secret | None = None,
    create: bool = False,
    moments: MomentSource = since_boot,
    clock: Callable[[], datetime] = _now,
) -> SqlLedger:
    """The ledger, upgraded to this program's version if it was older.

    Args:
        where: a file, a `sqlite:////absolute/path` or a `postgresql://user@host/database` URL.
        world: what the endpoints in use are; a new ledger is stamped with it.
        chain_key: the key of the audit trail; None reads only, until `unlock`.
        create: make it when there is none.
        moments: the time of leases in a file; a database has its own.
        clock: the present in UTC, for the date of making.

    Raises:
        NoLedger: there is none, and it may not be made.
        NotConfigured: the URL names a database that is not supported or cannot be reached.
        NotAllowed: the file or its folder is open to others, can only be read, or lies on a network file system; the database lets this
            user not in.
        LedgerBroken: it cannot be read or is newer than this program. It is left as it is.
        AnotherWorld: it belongs to other endpoints.
        KeywardError: no room on the disk.
    """
    if is_postgres(where):
        from keyward.ledger.postgres_missing import needed

        needed()
        from keyward.ledger.opening_postgres import open_postgres  # loads the driver

        return open_postgres(str(where), world=world, chain_key=chain_key, create=create, clock=clock)
    path = local_path(where)
    check_writable(path)
    if create:
        make_folder(path)
    elif not path.parent.is_dir():
        raise no_ledger(path)
    check_place(path)
    with alone(path.parent):
        made = create and make_file(path)
        fresh = made or not _inspected(path, world)
        if fresh and not create:
            raise no_ledger(path)
        try:
            return _opened(path, world, chain_key, moments, clock(), fresh=fresh)
        except BaseException:
            if made:
                unmake(path)
            raise


def open_with_key(
    where: str | PathLike[str],
    *,
    world: str,
    create: bool = False,
    key_file: Path | None = None,
    folder: Path | None = None,
    moments: MomentSource = since_boot,
) -> tuple[SqlLedger, FingerprintKey]:
    """The ledger and its fingerprint key, both made together where neither is there; the audit trail can be written.

    Args:
        where: as for `open_ledger`.
        world: as for `open_ledger`.
        create: make the ledger when there is none.
        key_file: the file that the settings name for the key, if they do.
        folder: where else the key's file can be; None for the folder of a ledger that is a file.
        moments: the time of leases in a file.

    Raises:
        FingerprintKeyMissing: the ledger names a key that is not here; no other is made.
        KeywardError: as for `open_ledger`.
    """
    ledger = open_ledger(where, world=world, create=create, moments=moments)
    try:
        key = fingerprint_key.load_or_create(ledger, folder=folder or local_path(where).parent, key_file=key_file)
    except BaseException:
        ledger.close()
        raise
    ledger.unlock(derive(key))
    return ledger, key


def _inspected(path: Path, world: str) -> bool:
    """Whether there is a ledger that may be opened; it is looked at without changing a byte.

    Raises:
        KeywardError: there is one that may not.
    """
    if not holds_something(path):
        return False
    try:
        ReadOnlyLedger(path, world=world).close()
    except NoLedger:  # a making that was killed left a database without tables
        return False
    return True


def _opened(
    path: Path, world: str, chain_key: Secret | None, moments: MomentSource, now: datetime, *, fresh: bool
) -> SqlLedger:
    database = SqliteDatabase(path, moments=moments)
    ledger = SqlLedger(database, chain_key=chain_key, fresh=fresh)
    try:
        if fresh:
            database.write(lambda connection: make(connection, world, now))
        else:
            _bring_up(database, path)
    except BaseException:
        database.close()
        raise
    return ledger


def _bring_up(database: SqliteDatabase, path: Path) -> None:
    with ReadOnlyLedger(path) as found:
        if found.current:
            return
    database.write(lambda connection: bring_up(connection, database.name))
