"""Whether a file may be written: who else could have put it there, swap it or read it through another name. And who may read it at all."""

import grp
import os
import pwd
import re
import stat
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from keyward.model.text import clean

_OTHERS = 0o022
_MOUNTS = Path("/proc/self/mountinfo")
_OCTAL = re.compile(r"\\([0-7]{3})")


def unsafe(path: Path, *, reading: bool = False) -> str:
    """Why keyward would not write this file, in words that follow the file's name; empty when it would.

    `reading`: why it would not trust what stands there; a folder that can only be read is no reason then.

    Links are followed first: the answer is about the file that would be replaced. A file that does not exist yet is judged by its
    folder. Root is bound like everyone else: the file of another user stays untouched.
    """
    real = Path(os.path.realpath(path))
    try:
        about = os.lstat(real)
    except FileNotFoundError:
        return unsafe_folder(real.parent, reading=reading)
    except OSError as error:
        return f"cannot be looked at ({error.strerror})"
    return unsafe_file(about) or (mounted(real) and "is a mount point") or unsafe_folder(real.parent, reading=reading)


def unsafe_file(about: os.stat_result) -> str:
    """The same for what the file itself says, without its folder."""
    if not stat.S_ISREG(about.st_mode):
        return "is not a regular file"
    if about.st_uid != os.geteuid():
        return f"belongs to {_user(about.st_uid)}"
    if about.st_nlink > 1:
        return f"has {about.st_nlink} names (hard links), and replacing one would part them"
    if _others_write(about):
        return f"can be written by others (mode {stat.S_IMODE(about.st_mode):04o})"
    return ""


def unsafe_folder(folder: Path, *, reading: bool = False) -> str:
    """Why files in this folder are not safe to write; empty when they are.

    Every folder up to the root counts, because who can rename one of them can put another file in place. A sticky folder such as
    `/tmp` is fine: there only the owner renames.
    """
    real = Path(os.path.realpath(folder))
    for above in (real, *real.parents):
        try:
            about = above.stat()
        except OSError as error:
            return f"lies in {above}, which cannot be looked at ({error.strerror})"
        if about.st_uid not in (0, os.geteuid()):
            return f"lies in {above}, which belongs to {_user(about.st_uid)}"
        if _others_write(about) and not about.st_mode & stat.S_ISVTX:
            return f"lies in {above}, which others can write (mode {stat.S_IMODE(about.st_mode):04o})"
    return "" if reading or writable(real, os.W_OK | os.X_OK) else f"lies in {real}, which cannot be written"


def open_to(path: Path) -> str | None:
    """Who but its owner (and root) may read that file, in words with its mode; empty when nobody may, None when that cannot be told.

    Every folder up to the root counts: one that others cannot pass keeps them from the file. Lists of access that macOS keeps beside the
    mode are not looked at; where Linux has one, its mask stands in the mode for the group.
    """
    real = Path(os.path.realpath(path))
    try:
        about = real.lstat()
        folders = [folder.stat() for folder in real.parents]
        who = _readers(about, folders, listed=_has_list(real))
    except OSError:
        return None
    return who and f"{who} (mode {stat.S_IMODE(about.st_mode):04o})"


def _readers(about: os.stat_result, folders: Sequence[os.stat_result], *, listed: bool) -> str:
    """Everybody, one group, or nobody, after each folder took away those that cannot pass it."""
    everybody = bool(about.st_mode & stat.S_IROTH)
    group = about.st_gid if about.st_mode & stat.S_IRGRP and (listed or not _nobody_else(about)) else None
    for folder in folders:
        if folder.st_mode & stat.S_IXOTH:
            continue
        passing = folder.st_gid if folder.st_mode & stat.S_IXGRP and not _nobody_else(folder) else None
        if passing is None:
            return ""
        # Who passes is in the folder's group; of the file's group nobody else gets there.
        group = passing if everybody or passing == group else None
        everybody = False
        if group is None:
            return ""
    if everybody:
        return "everybody on this machine"
    return "" if group is None else f"everybody in the group {_group(group)}"


def _has_list(path: Path) -> bool:
    """Whether Linux keeps a list of access beside the mode (acl(5))."""
    try:
        return hasattr(os, "listxattr") and "system.posix_acl_access" in os.listxattr(path)
    except OSError:
        return False


def _nobody_else(about: os.stat_result) -> bool:
    """Whether its group holds only the owner, or root's."""
    return about.st_gid == 0 or _private(about.st_uid, about.st_gid)


def _group(gid: int) -> str:
    try:
        return clean(grp.getgrgid(gid).gr_name)
    except KeyError:
        return f"id {gid}"


def writable(path: Path, how: int = os.W_OK) -> bool:
    """Whether this user may write it now: mode, owner, immutable flag and a file system that can only be read all count, for root too."""
    return os.access(path, how, effective_ids=os.access in os.supports_effective_ids)


def shut(path: Path) -> str:
    """Why this user cannot write that file, or in that folder, now; empty when it can. A path that is not there is not shut."""
    if not path.exists() or writable(path):
        return ""
    return "its file system is read-only" if os.statvfs(path).f_flag & os.ST_RDONLY else "this user may not write there"


def frozen(database: Path) -> bool:
    """Whether nobody changes that SQLite database: with a write-ahead log, such a one is read only when SQLite is told that it is immutable."""
    return not writable(database.parent) and not database.with_name(f"{database.name}-wal").exists()


def mounted(path: Path) -> bool:
    """Whether this very path is a mount point, a single file bound from elsewhere included."""
    return os.path.ismount(path) or os.fspath(path) in mount_points()


def mount_points() -> frozenset[str]:
    """Mount points as the kernel lists them (proc(5), mountinfo, field 5: blanks and backslashes as octal); none without /proc."""
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return frozenset()
    return frozenset(_OCTAL.sub(lambda code: chr(int(code[1], 8)), line.split(" ", 5)[4]) for line in lines)


def _others_write(about: os.stat_result) -> bool:
    """Whether anyone but the owner (and root) may write. A group that holds only the owner, as many systems make one, is nobody else."""
    if about.st_mode & 0o002:
        return True
    return bool(about.st_mode & _OTHERS) and not (about.st_uid and _private(about.st_uid, about.st_gid))


@lru_cache(maxsize=32)
def _private(uid: int, gid: int) -> bool:
    try:
        user, group = pwd.getpwuid(uid), grp.getgrgid(gid)
    except KeyError:
        return False
    return user.pw_gid == gid and group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}


def _user(uid: int) -> str:
    try:
        return f"user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"user id {uid}"
