"""What SQLite's errors mean to a person (sqlite.org/rescode.html)."""

import sqlite3
from pathlib import Path

from keyward.files import shown
from keyward.model.errors import Held, KeywardError, LedgerBroken, NotAllowed
from keyward.model.text import clean

_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT")
_FULL = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_TRUNCATE")
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
_CLOSED = ("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH", "SQLITE_CANTOPEN")


def broken(path: Path, why: str) -> LedgerBroken:
    """The ledger cannot be read. It is left as it is."""
    return LedgerBroken(
        f"The ledger {shown(path)} cannot be read: {clean(why)}. It was not changed.",
        hint="Restore it from a backup, or move it away and run `keyward doctor`, which rebuilds what the markers at the providers tell.",
    )


def trouble(error: BaseException, path: Path) -> KeywardError:
    """The same error in keyward's words; nothing of the failed statement was kept.

    Args:
        error: what the driver raised.
        path: the ledger's file.
    """
    name = str(getattr(error, "sqlite_errorname", "") or "")
    why = clean(str(error))
    if name.startswith(_FULL):
        return KeywardError(
            f"The ledger {shown(path)} could not be written: {why} ({name}). Nothing of this step was recorded.",
            hint="Make room on that disk and run the same command again.",
        )
    if name.startswith(_BUSY):
        return Held(
            f"Another process has kept the ledger {shown(path)} locked for too long.", hint="Try again in a minute."
        )
    if name.startswith(_CLOSED):
        return NotAllowed(
            f"The ledger {shown(path)} cannot be opened or written: {why}.", hint="Look at the file's mode and folder."
        )
    if name.startswith(_DAMAGED) or isinstance(error, (sqlite3.OperationalError, sqlite3.DatabaseError)):
        return broken(path, why)
    return broken(path, f"{type(error).__name__}: {why}")
