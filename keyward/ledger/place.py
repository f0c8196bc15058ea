"""Where a SQLite ledger may lie: a file of this user alone, on a disk of this machine."""

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from keyward.files import AGAIN, private_folder, shown
from keyward.ledger.troubles import broken
from keyward.model.errors import NotAllowed, NotConfigured, Refused
from keyward.model.text import clean
from keyward.paths import expanded
from keyward.places import shut, unsafe, writable

MOUNTS = Path("/proc/mounts")
_HEADER = b"SQLite format 3\0"
_BESIDE = ("-wal", "-shm", "-journal")
_NETWORK = frozenset(
    ("9p", "acfs", "afs", "beegfs", "beegfs_nodev", "ceph", "cifs", "coda", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "prl_fs", "pvfs2", "smb3", "smbfs", "vboxsf")
)  # fmt: skip  # a list of words
_NETWORK_FUSE = ("ceph", "cvmfs", "davfs", "gcsfuse", "gluster", "goofys", "rclone", "s3", "smb", "sshfs")


def local_path(where: str | os.PathLike[str]) -> Path:
    """The file that a path or a `sqlite:` URL names.

    Raises:
        NotConfigured: it names another kind of database.
    """
    named = os.fspath(where)
    scheme, colon, rest = named.partition("://")
    if not colon:
        return expanded(named)
    if scheme in ("sqlite", "file") and rest.startswith("/") and len(rest) > 1:
        return Path(rest[1:] if scheme == "sqlite" else rest).absolute()
    raise NotConfigured(
        "That kind of ledger is not supported.",  # the address may hold a password anywhere
        hint="Leave ledger.url empty for the SQLite file in the state folder, or write sqlite:////absolute/path or postgresql://user@host/database.",
    )


def check_place(path: Path) -> None:
    """See that the file, and the folder it would be made in, belong to this user alone and to this machine.

    Raises:
        NotAllowed: they do not.
    """
    if reason := unsafe(path, reading=True):
        raise NotAllowed(
            f"The ledger {shown(path)} {reason}; it is not used.",
            hint="Give it to yourself and take the right to write away from others, or set KEYWARD_HOME to a folder of your own.",
        )
    if kind := network_kind(path):
        raise NotAllowed(
            f"The ledger {shown(path)} lies on a network file system ({kind}), where locks cannot be trusted.",
            hint="Set KEYWARD_HOME to a folder on a local disk, or share a ledger between hosts by ledger.url.",
        )


def check_writable(path: Path) -> None:
    """See that the ledger can be written now, before anything happens that would have to be on record.

    Raises:
        NotAllowed: it can only be read.
    """
    if why := shut(path.parent) or shut(path):
        raise NotAllowed(f"The ledger {shown(path)} can only be read: {why}. Nothing was changed anywhere.", hint=AGAIN)


def network_kind(path: Path) -> str:
    """The type of the network file system that the path lies on; empty for a local one, and where the system does not tell."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    real = Path(os.path.realpath(path))
    best, kind = -1, ""
    for line in lines:
        _, point, name, *_ = line.split(" ", 3)
        mount = Path(point.encode("latin-1", "replace").decode("unicode_escape") if "\\" in point else point)
        if real.is_relative_to(mount) and len(mount.parts) >= best:  # of two on one point the later one counts
            best, kind = len(mount.parts), name
    behind = kind.removeprefix("fuse.")
    far = kind in _NETWORK or (behind != kind and behind.startswith(_NETWORK_FUSE))
    return clean(kind) if far else ""


def make_folder(path: Path) -> None:
    """Make the ledger's folder, for this user alone.

    Raises:
        NotAllowed: it cannot be made, or others can write into it.
    """
    try:
        private_folder(path.parent)
    except Refused as error:
        raise NotAllowed(error.message, hint=error.hint) from None


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Make, check or upgrade while no other process does."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def make_file(path: Path) -> bool:
    """Make an empty file that only this user can read; whether there was none before.

    Raises:
        NotAllowed: it cannot be made.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return False
    except OSError as error:
        raise NotAllowed(f"The ledger {shown(path)} cannot be made: {clean(error.strerror or '')}.") from None
    return True


def unmake(path: Path) -> None:
    """Remove what a creation that failed has left."""
    for name in (path.name, *(path.name + end for end in _BESIDE)):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(name).unlink()


def holds_something(path: Path) -> bool:
    """Whether the file holds a database; False when it is missing or empty. It is closed to others' eyes if it was not.

    Raises:
        LedgerBroken: it is something else.
        NotAllowed: it cannot be read.
    """
    try:
        opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise NotAllowed(f"The ledger {shown(path)} cannot be read: {clean(error.strerror or '')}.") from None
    try:
        if stat.S_IMODE(os.fstat(opened).st_mode) & 0o077 and writable(path):
            os.fchmod(opened, 0o600)
        head = os.read(opened, len(_HEADER))
    finally:
        os.close(opened)
    if head and head != _HEADER:
        raise broken(shown(path), "it is no SQLite database")
    return bool(head)


class NoLedger(NotConfigured):
    """There is no ledger yet."""

    title = "No ledger"


def no_ledger(path: Path | str) -> NoLedger:
    """There is none at that place, or one whose making was interrupted before it held anything."""
    name = shown(path) if isinstance(path, Path) else path
    return NoLedger(f"There is no ledger at {name}.", hint="`keyward scan` makes one.")
