"""Finds the env files of a folder, and the service account key files beside them: how deep, what is left out, what could not be looked at."""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from keyward.files import is_temporary, shown
from keyward.model.dotenv import parse
from keyward.model.keyfile import LARGEST, fields

LIMIT = 1_048_576
"""Bytes: larger files are no env files."""

CREDENTIALS = "GOOGLE_APPLICATION_CREDENTIALS"
"""The variable in which Google's libraries look for the path of a key file."""

_SKIPPED = frozenset(
    {
        ".git", ".hg", ".svn", ".jj", "node_modules", "bower_components", "site-packages", "__pycache__", ".tox", ".nox", ".venv",
        ".virtualenv", ".cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".terraform", ".gradle", ".yarn", ".pnpm-store",
        ".Trash", ".npm", ".cargo", ".rustup",
    }
)  # fmt: skip
_LEFT_OUT_BY = frozenset({"pyvenv.cfg", "CACHEDIR.TAG"})
"""A folder that holds one of these is a virtual environment, or a cache that says so itself."""
_TEMPLATE_WORDS = frozenset({"example", "examples", "sample", "template", "tpl", "dist", "defaults"})


def is_env_file(name: str) -> bool:
    """Whether a file of that name holds environment variables: `.env`, `.env.*`, `*.env`, `.envrc`."""
    return (name.endswith(".env") or name.startswith(".env.") or name == ".envrc") and not is_temporary(name)


def could_be_key_file(name: str) -> bool:
    """Whether a file of that name is looked into for a service account key: `*.json`."""
    return name.endswith(".json") and not is_temporary(name)


def is_template(name: str) -> bool:
    """Whether it is a template to copy from, such as `.env.example`: what stands in it is no key until it is shaped like one."""
    return bool(_TEMPLATE_WORDS & set(name.lower().replace("-", ".").split(".")))


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the folder that could not be looked at."""

    path: Path
    why: str

    def __str__(self) -> str:
        return f"{shown(self.path)} {self.why}"


def walk(folder: Path, depth: int, check: Callable[[], None], ignore: Sequence[str] = ()) -> Iterator[Path | Problem]:
    """Env files in the folder and at most `depth` folders below, sorted; links to folders are not followed.

    Small JSON files are looked into, and given when they are service account keys. So is the file that a listed env file names as
    GOOGLE_APPLICATION_CREDENTIALS, when it lies in the folder.

    Args:
        folder: where to begin.
        depth: 0 means the folder itself only.
        check: called for every folder; what it raises stops the walk.
        ignore: patterns of what is left out, with all below it: of a name, or with a slash of a path from the folder.
    """
    found: set[Path] = set()
    named: list[Path] = []
    leaves_out = _leaving_out(folder, ignore)
    for each in _walk(folder, depth, check, leaves_out):
        yield each
        if isinstance(each, Path):
            found.add(each)
            if is_env_file(each.name):
                named.extend(_named(each))
    inside = Path(os.path.realpath(folder))
    for path in sorted({path for path in named if path not in found}):
        # Whether the file may be read from here is looked at again when it is; this only keeps other folders out.
        below = folder in path.parents and inside in Path(os.path.realpath(path)).parents
        if (
            below
            and not any(leaves_out(one) for one in (path, *path.parents) if folder in one.parents)
            and _is_key_file(path)
        ):
            yield _usable(path)


def _leaving_out(folder: Path, ignore: Sequence[str]) -> Callable[[Path], bool]:
    """Whether one file or folder is named by the patterns."""
    names = tuple(one.rstrip("/") for one in ignore if "/" not in one.rstrip("/"))
    paths = tuple(one.strip("/") for one in ignore if "/" in one.rstrip("/"))

    def leaves_out(path: Path) -> bool:
        if any(fnmatchcase(path.name, one) for one in names):
            return True
        return bool(paths) and any(fnmatchcase(path.relative_to(folder).as_posix(), one) for one in paths)

    return leaves_out


def _walk(
    folder: Path, depth: int, check: Callable[[], None], leaves_out: Callable[[Path], bool]
) -> Iterator[Path | Problem]:
    check()
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        yield Problem(folder, f"cannot be listed ({error.strerror})")
        return
    if any(entry.name in _LEFT_OUT_BY for entry in entries):
        return
    for entry in entries:
        path = Path(entry.path)
        if leaves_out(path):
            continue
        try:
            is_folder = entry.is_dir(follow_symlinks=False)
            is_file = not is_folder and entry.is_file()
        except OSError as error:
            yield Problem(path, f"cannot be looked at ({error.strerror})")
            continue
        if is_file and (is_env_file(entry.name) or (could_be_key_file(entry.name) and _is_key_file(path))):
            yield _usable(path)
        elif is_folder and depth > 0 and entry.name not in _SKIPPED:
            yield from _walk(path, depth - 1, check, leaves_out)


def _is_key_file(path: Path) -> bool:
    """Whether it is a service account key; what cannot be read or is too large is none."""
    return fields(_content(path, LARGEST)) is not None


def _named(path: Path) -> Iterator[Path]:
    """Where an env file says that the key file is, as a path without `..`."""
    for assignment in parse(_content(path, LIMIT)):
        where = assignment.value.reveal_text() if assignment.name == CREDENTIALS else ""
        if where and "\0" not in where:
            yield Path(os.path.abspath(path.parent / where))  # noqa: PTH100  # removes `..`


def _content(path: Path, most: int) -> bytes:
    """What is in a regular file; empty when that is more than `most` bytes, or cannot be read."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return b""
    try:
        about = os.fstat(opened)
        return os.read(opened, most + 1) if stat.S_ISREG(about.st_mode) and about.st_size <= most else b""
    except OSError:
        return b""
    finally:
        os.close(opened)


def _usable(path: Path) -> Path | Problem:
    """The file, or why it cannot be one of ours. It is opened and not read: only so is it known whether it could be."""
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        return Problem(path, "has a name that is not text")
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return Problem(path, f"cannot be read ({error.strerror})")
    try:
        size = os.fstat(opened).st_size
    finally:
        os.close(opened)
    return path if size <= LIMIT else Problem(path, f"is too large for an env file ({size} bytes, limit {LIMIT})")
