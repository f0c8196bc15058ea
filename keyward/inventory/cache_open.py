"""Opens the file of the scan cache: private, stamped with its world, made anew when it is damaged or of another version."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from keyward.inventory.cache_schema import SCHEMA, VERSION

if TYPE_CHECKING:
    import sqlite3

Warn = Callable[[str], None]
"""Hears what a person should know although nothing failed."""

_TAKES_NOTHING = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")
_PATIENCE = 30.0
"""Seconds that one writer waits for another."""


def to_read(path: Path, world: str | None, warn: Warn) -> "sqlite3.Connection | None":
    """A connection that only reads; None when there is nothing to read, after a warning when that is because of damage.

    Args:
        path: the file.
        world: what the cache must be stamped with; None takes any.
        warn: hears about damage.

    Raises:
        AnotherWorld: the cache was made against other endpoints.
        NotAllowed: it belongs to somebody else, or others can write it.
    """
    import sqlite3  # only who reads pays for it

    if not _there(path):
        return None
    how = "mode=ro"
    if not os.access(path.parent, os.W_OK):
        from keyward.places import frozen

        how = "mode=ro&immutable=1" if frozen(path) else how
    connection = sqlite3.connect(f"{path.as_uri()}?{how}", uri=True, timeout=_PATIENCE, check_same_thread=False)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        stamped = dict(connection.execute("SELECT name, value FROM meta")) if version == VERSION else {}
    except sqlite3.DatabaseError:
        connection.close()
        warn("The scan cache is damaged and was passed over; `keyward scan` makes a new one.")
        return None
    if version != VERSION or "world" not in stamped:
        connection.close()
        warn("The scan cache is of another version of keyward and was passed over; `keyward scan` makes a new one.")
        return None
    if world is not None and stamped["world"] != world:
        connection.close()
        raise _another(stamped["world"], world)
    return connection


def to_write(path: Path, world: str, warn: Warn) -> "sqlite3.Connection":
    """A connection that writes; the file is made when it is not there, and made anew when it cannot be used.

    Raises:
        AnotherWorld: the cache was made against other endpoints.
        NotAllowed: it belongs to somebody else, or others can write it.
        Refused: its folder cannot be made or is not safe.
    """
    import sqlite3

    from keyward.files import private_folder

    private_folder(path.parent)
    if _there(path):
        try:
            connection = _connect(path)
            if _sound(connection):
                stamped = dict(connection.execute("SELECT name, value FROM meta"))
                if stamped.get("world") == world:
                    return connection
                if "world" in stamped:
                    connection.close()
                    raise _another(stamped["world"], world)
            connection.close()
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                raise _busy(path) from None
            if (closed := unwritten(error, path)) is not None:
                raise closed from None
        warn("The scan cache was damaged, or of another version of keyward; a new one is made.")
        remove(path)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    connection = _connect(path)
    connection.executescript(f"BEGIN IMMEDIATE;{SCHEMA}PRAGMA user_version = {VERSION};")
    connection.execute(
        "INSERT INTO meta VALUES ('world', ?)", (world,)
    )  # a cache of no world would be of another one for ever
    connection.execute("COMMIT")
    return connection


def unwritten(error: "sqlite3.Error", path: Path) -> Exception | None:
    """The same error in words, when the disk or its folder takes nothing; None for any other."""
    if not str(getattr(error, "sqlite_errorname", "")).startswith(_TAKES_NOTHING):
        return None
    from keyward.files import shown
    from keyward.model.errors import KeywardError

    return KeywardError(
        f"The scan cache {shown(path)} could not be written: {error}. It is as it was before.",
        hint="Make room on that disk, or see why it takes nothing any more (`df`, `findmnt -T`, `dmesg`); then run the same command again.",
    )


def remove(path: Path) -> None:
    """Forget the cache: nothing in it cannot be found again."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _connect(path: Path) -> "sqlite3.Connection":
    import sqlite3

    connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
    # A crash may lose the newest rows of something that can be found again; it cannot damage the file.
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
    return connection


def _sound(connection: "sqlite3.Connection") -> bool:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    return bool(version == VERSION and connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")


def _there(path: Path) -> bool:
    """Whether the file is there, and ours alone to write."""
    try:
        about = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o022:
        from keyward.model.errors import NotAllowed

        raise NotAllowed(
            f"The scan cache {os.fspath(path)!r} is not a file of this user that nobody else can write.",
            hint="Remove it and scan again.",
        )
    return about.st_size > 0


def _another(found: str, wanted: str) -> Exception:
    from keyward.model.errors import AnotherWorld

    return AnotherWorld(
        f"The scan cache was made in the world {found!r}; this is {wanted!r}.",
        hint="Set KEYWARD_HOME to another folder for each world, or remove the cache and scan again.",
    )


def _busy(path: Path) -> Exception:
    from keyward.model.errors import Held

    return Held(f"Another keyward is writing {os.fspath(path)!r}.", hint="Wait until its scan is done.")
