"""What SQLite's errors mean to a person (sqlite.org/rescode.html)."""

import sqlite3

from keyward.model.errors import Held, KeywardError, LedgerBroken, NotAllowed
from keyward.model.text import clean

_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT")
_FULL = ("SQLITE_FULL", "SQLITE_IOERR")
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
_CLOSED = ("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH", "SQLITE_CANTOPEN")


def broken(name: str, why: str) -> LedgerBroken:
    """The ledger cannot be read. It is left as it is."""
    return LedgerBroken(
        f"The ledger {name} cannot be read: {clean(why)}. It was not changed.",
        hint="Restore it from a backup, or move it away and run `keyward doctor`, which rebuilds what the markers at the providers tell.",
    )


def trouble(error: BaseException, name: str) -> KeywardError:
    """The same error in keyward's words; nothing of the failed statement was kept.

    Args:
        error: what the driver raised.
        name: what a person calls the ledger.
    """
    code = str(getattr(error, "sqlite_errorname", "") or "")
    why = clean(str(error))
    if code.startswith(_FULL):
        return KeywardError(
            f"The ledger {name} could not be written: {why} ({code}). Nothing of this step was recorded.",
            hint="Make room on that disk, or see why it takes nothing any more (`df`, `findmnt -T`, `dmesg`); then run the same command again.",
        )
    if code.startswith(_BUSY):
        return Held(f"Another process has kept the ledger {name} locked for too long.", hint="Try again in a minute.")
    if code.startswith(_CLOSED):
        return NotAllowed(
            f"The ledger {name} cannot be opened or written: {why}. Nothing of this step was recorded.",
            hint="Make the file and its folder writable (`findmnt -T`, `ls -l` and `lsattr` tell more), then run the same command again.",
        )
    if code.startswith(_DAMAGED) or isinstance(error, (sqlite3.OperationalError, sqlite3.DatabaseError)):
        return broken(name, why)
    return broken(name, f"{type(error).__name__}: {why}")
