"""Where an env file really is, and whether it may be read and written from the folder that the user named."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from keyward.files import shown
from keyward.model.errors import Gone, Refused, SourceError
from keyward.model.text import clean
from keyward.places import mount_points, unsafe
from keyward.stores.env_walk import LIMIT
from keyward.stores.tokens import seen, token

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Place:
    """A file by the name that the user knows, the file behind it, and the folder that it must not leave.

    `path` is absolute, links kept. `real` is `path` with all links followed. `root` is the named folder with all links followed.
    """

    path: Path
    real: Path
    root: Path

    @classmethod
    def of(cls, path: Path, root: Path) -> "Place":
        """The place of that file as it is now."""
        return cls(path, Path(os.path.realpath(path)), Path(os.path.realpath(root)))

    @property
    def outside(self) -> str:
        """Why the file does not belong to the folder; empty when it does."""
        if self.real != self.root and self.root not in self.real.parents:
            return f"leads out of {shown(self.root)}"
        points = mount_points()
        between = [self.real, *self.real.parents][: len(self.real.parts) - len(self.root.parts)]
        if any(os.fspath(step) in points for step in between):
            return f"lies on a mount point inside {shown(self.root)}"
        return ""

    @property
    def unsafe(self) -> str:
        """Why keyward would not write it; empty when it would."""
        return self.outside or unsafe(self.real)


@dataclass(frozen=True, slots=True, repr=False)
class Snapshot:
    """What a file was at one moment. `data` may hold values: it leaves this package wrapped only."""

    data: bytes
    about: os.stat_result

    @property
    def version(self) -> str:
        """What can be told without the content."""
        return stat_version(self.about)

    @property
    def token(self) -> str:
        """Differs when anything about the file differs: inode, size, time or content."""
        return token(self.version.encode(), hashlib.sha256(self.data).digest())


def stat_version(about: os.stat_result) -> str:
    """The id of the one version that a file has."""
    return seen(about.st_ino, about.st_size, about.st_mtime_ns)


def snapshot(place: Place) -> Snapshot:
    """Read the file.

    Raises:
        Gone: there is no such file.
        Refused: it leads out of the folder, is too large, is no text, or changes while it is read.
        SourceError: it may not be read (status "denied") or cannot be.
    """
    if reason := place.outside:
        raise Refused(
            f"{shown(place.path)} {reason}.", reason="outside", hint="Name the folder in which it really lies."
        )
    for _ in range(_TRIES):
        taken = _read(place)
        if taken is not None:
            return _text(place, taken)
    raise Refused(f"{shown(place.path)} changes while it is read.", reason="busy", hint="Try again when it is at rest.")


def stat_of(place: Place) -> os.stat_result:
    """What the file system says of the file behind the name.

    Raises:
        Gone: there is no such file.
        SourceError: it cannot be looked at.
    """
    try:
        about = place.real.lstat()
    except (FileNotFoundError, NotADirectoryError):
        raise Gone(f"There is no file {shown(place.path)}.") from None
    except OSError as error:
        raise _unreadable(place, error) from None
    if not stat.S_ISREG(about.st_mode):
        raise Gone(f"{shown(place.path)} is not a regular file.")
    return about


def _read(place: Place) -> Snapshot | None:
    stat_of(place)
    try:
        opened = os.open(place.real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Gone(f"There is no file {shown(place.path)}.") from None
    except OSError as error:
        raise _unreadable(place, error) from None
    with os.fdopen(opened, "rb") as file:
        before = os.fstat(opened)
        try:
            data = file.read(LIMIT + 1)
        except OSError as error:
            raise _unreadable(place, error) from None
        after = os.fstat(opened)
    return Snapshot(data, after) if stat_version(before) == stat_version(after) else None


def _text(place: Place, taken: Snapshot) -> Snapshot:
    if len(taken.data) > LIMIT:
        raise Refused(f"{shown(place.path)} is too large for an env file (limit {LIMIT} bytes).", reason="too-large")
    if b"\0" in taken.data:
        raise Refused(
            f"{shown(place.path)} is not a text file.", reason="binary", hint="If it is UTF-16, save it as UTF-8."
        )
    return taken


def _unreadable(place: Place, error: OSError) -> SourceError:
    denied = isinstance(error, PermissionError)
    return SourceError(
        f"{shown(place.path)} cannot be read: {clean(error.strerror or type(error).__name__)}.",
        status="denied" if denied else "failed",
        hint="Run keyward as the owner of the file." if denied else "",
    )
