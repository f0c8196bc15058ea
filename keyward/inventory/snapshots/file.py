"""Opens the file of the snapshots: private, in the state folder, stamped with its world.

A snapshot costs what changed since the one before it: a row of `source`, `state` or `use` holds from snapshot `first` to snapshot
`last` (NULL: still). There is no value in it, and no fingerprint.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from keyward.inventory.snapshots import checks, days
from keyward.model.errors import AnotherWorld, KeywardError, NotAllowed
from keyward.places import frozen, unsafe

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

_VERSION = 1
_PATIENCE = 30.0
"""Seconds that one writer waits for another."""

_TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE snapshot (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, cancelled INTEGER NOT NULL, keys INTEGER NOT NULL
    )""",
    """CREATE TABLE source (
        id TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER, status TEXT NOT NULL, PRIMARY KEY (id, first)
    ) WITHOUT ROWID""",
    "CREATE TABLE key (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE)",
    """CREATE TABLE state (
        n INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER, fields TEXT NOT NULL, PRIMARY KEY (n, first)
    ) WITHOUT ROWID""",
    """CREATE TABLE use (
        n INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER, status TEXT NOT NULL, used REAL, window_days INTEGER,
        PRIMARY KEY (n, first)
    ) WITHOUT ROWID""",
    "CREATE INDEX state_last ON state (last)",
    "CREATE INDEX use_last ON use (last)",
)


def to_read(path: Path, world: str) -> "sqlite3.Connection | None":
    """A connection that only reads; None when no scan was kept yet.

    Raises:
        AnotherWorld: the snapshots were made against other endpoints.
        NotAllowed: others could have written the file.
        KeywardError: it is damaged, or of another version of keyward.
    """
    import sqlite3

    if not path.exists():
        return None
    _own(path, reading=True)
    how = "mode=ro&immutable=1" if frozen(path) else "mode=ro"
    connection = sqlite3.connect(f"{path.as_uri()}?{how}", uri=True, timeout=_PATIENCE)
    try:
        if _usable(connection, path, world):
            return connection
    except BaseException:
        connection.close()
        raise
    connection.close()
    return None


def to_write(path: Path, world: str, warn: "Callable[[str], None]") -> "sqlite3.Connection":
    """A connection that writes; the file is made when it is not there, and a damaged one is put aside.

    Raises:
        AnotherWorld: the snapshots were made against other endpoints.
        NotAllowed: others could have written the file.
        KeywardError: it is of another version of keyward, or the disk takes nothing.
    """
    from keyward.files import private_folder

    private_folder(path.parent)
    _own(path)
    try:
        return _opened(path, world)
    except DamagedSnapshots:
        aside = path.with_name(f"{path.name}.damaged")
        path.replace(aside)
        for end in ("-wal", "-shm"):
            Path(f"{path}{end}").unlink(missing_ok=True)
        warn(f"The snapshots of earlier scans were damaged and lie in {os.fspath(aside)!r} now; new ones are begun.")
    return _opened(path, world)


class DamagedSnapshots(KeywardError):
    """The file holds no snapshots that can be read."""


def unwritten(path: Path, error: "sqlite3.Error") -> KeywardError:
    """That error in words."""
    return KeywardError(
        f"This scan could not be kept for `keyward diff` in {os.fspath(path)!r}: {error}.",
        hint="Make room on that disk, or see why it takes nothing any more; then scan again.",
    )


def _opened(path: Path, world: str) -> "sqlite3.Connection":
    import sqlite3

    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    try:
        # Nothing finds a snapshot again: what was said to be kept is on the disk.
        connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE;")
        if not _usable(connection, path, world):
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute("INSERT INTO meta VALUES ('world', ?)", (world,))
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        for statement in (*days.TABLES, *checks.TABLES):  # a file of an earlier release has none
            connection.execute(statement)
        connection.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        connection.close()
        raise _trouble(path, error) from None
    except BaseException:
        connection.close()
        raise
    return connection


def _usable(connection: "sqlite3.Connection", path: Path, world: str) -> bool:
    """Whether there are snapshots of this world; False for a file whose making was cut off."""
    import sqlite3

    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return False
        if version != _VERSION:
            raise KeywardError(
                f"The snapshots in {os.fspath(path)!r} are of another version of keyward.",
                hint="Use that version, or move the file away; the next scan begins a new one.",
            )
        found = connection.execute("SELECT value FROM meta WHERE name = 'world'").fetchone()
    except sqlite3.DatabaseError as error:
        raise _trouble(path, error) from None
    if found is None or found[0] != world:
        raise AnotherWorld(
            f"The snapshots were made in the world {found and found[0]!r}; this is {world!r}.",
            hint="Set KEYWARD_HOME to another folder for each world.",
        )
    return True


def _trouble(path: Path, error: "sqlite3.DatabaseError") -> KeywardError:
    if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return DamagedSnapshots(
            f"The snapshots in {os.fspath(path)!r} are damaged.", hint="`keyward scan` puts them aside and begins anew."
        )
    return unwritten(path, error)


def _own(path: Path, *, reading: bool = False) -> None:
    if path.exists() and (why := unsafe(path, reading=reading)):
        raise NotAllowed(f"{os.fspath(path)!r} {why}.", hint="Move it away; the next scan begins a new one.")
