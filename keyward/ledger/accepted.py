"""The accepted targets of a SQLite ledger, for lists: the few columns that these need, read with nothing but the standard library."""

import sqlite3
from pathlib import Path
from urllib.parse import quote


def accepted(path: Path, world: str) -> frozenset[str] | None:
    """Place ids without a version of every target that a person accepted.

    Args:
        path: the file.
        world: what the ledger must be stamped with.

    Returns:
        None when it cannot be told this simply: no such file, another world, damage. `ReadOnlyLedger` says which.
    """
    name = quote(str(path).encode("utf-8", "surrogateescape"))
    try:
        ledger = sqlite3.connect(f"file:{name}?mode=ro", uri=True, timeout=10)
    except sqlite3.Error:
        return None
    try:
        if ledger.execute("SELECT value FROM meta WHERE name = 'world'").fetchone() != (world,):
            return None
        return frozenset(row[0] for row in ledger.execute("SELECT target FROM target"))
    except sqlite3.Error:
        return None
    finally:
        ledger.close()
