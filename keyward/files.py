"""Files are written whole or not at all, readable by their owner alone, and never where others could interfere.

A new file gets mode 0600. A file that is replaced keeps owner, group, mode and extended attributes (access lists among them). The new
content lies complete on the disk under a temporary name in the same folder before it takes the place of the old one in one rename, so
a crash leaves the old or the new file, and at most a temporary file that `sweep` removes. There are no backup copies.
"""

import contextlib
import errno
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from keyward.model.errors import Ambiguous, Refused
from keyward.model.text import clean
from keyward.places import shut, unsafe, unsafe_folder

AGAIN = "Make it writable again (`findmnt -T`, `ls -l` and `lsattr` on it tell more), then run the same command again."
"""What to do where a file or folder can only be read."""

_MARK = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def replace(
    path: Path, data: bytes, *, mark: str = "new", check: Callable[[], None] | None = None, guard: bool = True
) -> os.stat_result:
    """Make this the content of the file, which may not exist yet. Links are kept: their target is replaced.

    Args:
        path: the file; its folder exists (see `private_folder`).
        data: the whole new content.
        mark: names the temporary file `<name>.keyward-<mark>`, so that a later run can sweep it.
        check: called just before the rename; what it raises is passed on, and nothing has changed then.
        guard: refuse unsafe places; off only for a caller that has looked itself.

    Returns:
        What the file system says of the new file.

    Raises:
        Refused: unsafe place, no space, not permitted. Nothing has changed, no temporary file is left.
        Ambiguous: the file was replaced, but the disk did not confirm it.
    """
    real = Path(os.path.realpath(path))
    if guard and (reason := unsafe(real)):
        raise Refused(f"{shown(path)} {reason}; it was not written.", reason="unsafe")
    temporary = temporary_name(real.name, mark)
    try:
        with _folder(real.parent) as folder:
            about = _replace(folder, real.name, temporary, data, check)
            _confirm(folder, path)
            return about
    except OSError as error:
        why = "the disk is full" if error.errno in _FULL else clean(error.strerror or type(error).__name__)
        hint = "Make room and try again." if error.errno in _FULL else ""
        raise Refused(f"{shown(path)} was not changed: {why}.", reason="not-written", hint=hint) from None


def create(path: Path, data: bytes) -> None:
    """Make a file that was not there before, for its owner alone. Where it cannot be written whole, none is left.

    Raises:
        FileExistsError: something is there already; it was not touched.
        OSError: it cannot be made, or not be written.
    """
    opened = os.open(path, _NEW, 0o600)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(opened)
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def sweep(path: Path, mark: str) -> bool:
    """Remove the temporary file that an interrupted `replace` with this mark left; whether there was one.

    Raises:
        Refused: it is there and cannot be removed.
    """
    real = Path(os.path.realpath(path))
    try:
        with _folder(real.parent) as folder:
            return _remove(folder, temporary_name(real.name, mark))
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Refused(
            f"The temporary file of {shown(path)} cannot be removed: {clean(error.strerror or '')}."
        ) from None


def leftovers(path: Path) -> list[str]:
    """The marks of temporary files that interrupted writes of this file left, sorted."""
    real = Path(os.path.realpath(path))
    head = f"{real.name}.keyward-"
    try:
        names = [entry.name for entry in real.parent.iterdir()]
    except OSError:
        return []
    marks = [name.removeprefix(head) for name in names if name.startswith(head)]
    return sorted(mark for mark in marks if _MARK.fullmatch(mark))


def temporary_name(name: str, mark: str) -> str:
    """What the temporary file of a file of that name is called.

    Raises:
        Refused: the mark has characters that do not belong in a file name.
    """
    if not _MARK.fullmatch(mark):
        raise Refused(f"{clean(mark)!r} cannot be part of a file name.")
    return f"{name}.keyward-{mark}"


def is_temporary(name: str) -> bool:
    """Whether a file of that name is one of keyward's temporary files."""
    _, dot, mark = name.rpartition(".keyward-")
    return bool(dot) and _MARK.fullmatch(mark) is not None


def private_folder(folder: Path) -> Path:
    """The folder, made with mode 0700 when it is not there (what is missing above it too).

    Raises:
        Refused: it cannot be made, is not a folder, or others can write into it and this user cannot.
    """
    try:
        for above in reversed([folder, *folder.parents]):
            if not above.exists():
                above.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise Refused(f"The folder {shown(folder)} cannot be made: {clean(error.strerror or '')}.") from None
    if not folder.is_dir():
        raise Refused(f"{shown(folder)} is not a folder.")
    if reason := unsafe_folder(folder, reading=True):
        why = f"What keyward keeps {reason}."
        raise Refused(why, reason="unsafe", hint="Take the right to write away from others.")
    if reason := shut(folder):
        raise Refused(f"The folder {shown(folder)} cannot be written: {reason}.", reason="unsafe", hint=AGAIN)
    return folder


def shown(path: Path) -> str:
    """The path, safe to print."""
    return clean(os.fspath(path), 4_096)


@contextlib.contextmanager
def _folder(folder: Path) -> Iterator[int]:
    """The folder held open: all that follows happens in it, whatever its name comes to mean meanwhile."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield opened
    finally:
        os.close(opened)


def _confirm(folder: int, path: Path) -> None:
    try:
        os.fsync(folder)
    except OSError as error:
        why = clean(error.strerror or "")
        raise Ambiguous(f"{shown(path)} was replaced, but the disk did not confirm it ({why}).") from None


def _replace(folder: int, name: str, temporary: str, data: bytes, check: Callable[[], None] | None) -> os.stat_result:
    _remove(folder, temporary)
    try:
        opened = os.open(temporary, _NEW, 0o600, dir_fd=folder)
        try:
            _fill(opened, data)
            _keep(opened, folder, name)
            os.fsync(opened)
            about = os.fstat(opened)
        finally:
            os.close(opened)
        if check is not None:
            check()
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
    return about


def _remove(folder: int, temporary: str) -> bool:
    try:
        about = os.stat(temporary, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    if about.st_uid != os.geteuid() or stat.S_ISDIR(about.st_mode):
        raise PermissionError(errno.EPERM, "a temporary file of keyward's name belongs to somebody else")
    os.unlink(temporary, dir_fd=folder)
    return True


def _fill(opened: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(opened, rest) :]


def _keep(opened: int, folder: int, name: str) -> None:
    """Give the new file the old one's group, mode and attributes. Before this, only the owner could read it."""
    try:
        old = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=folder)
    except FileNotFoundError:
        return
    try:
        about = os.fstat(old)
        if about.st_gid != os.fstat(opened).st_gid:
            os.fchown(opened, -1, about.st_gid)
        if sys.platform == "linux":
            _keep_attributes(opened, old)
        os.fchmod(opened, stat.S_IMODE(about.st_mode))
    finally:
        os.close(old)


def _keep_attributes(opened: int, old: int) -> None:
    with contextlib.suppress(OSError):  # a file system without attributes has none to keep
        for name in os.listxattr(old):
            with contextlib.suppress(OSError):  # labels of the security system are set by the system itself
                os.setxattr(opened, name, os.getxattr(old, name))
