"""The hook that refuses a commit that adds a key (githooks(5), pre-commit). Only a hook of keyward's own is ever changed or removed."""

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from keyward import files
from keyward.hygiene.leaks.git import Git, GitFailed
from keyward.model.errors import NotAllowed, Refused, UsageError

NAME = "pre-commit"
_MARK = "# made by `keyward leaks hook install`; `keyward leaks hook remove` takes it away"
_LARGEST = 65_536
_ASKS = re.compile(rb"^[^#\n]*\bkeyward\b[^#\n]*\bleaks\b[^#\n]*\s--staged\b", re.MULTILINE)


def script(command: Sequence[str]) -> str:
    """What the hook runs."""
    return f"#!/bin/sh\n{_MARK}\nexec {shlex.join(command)}\n"


def where(git: Git) -> Path:
    """The file of the hook, also where `core.hooksPath` leads elsewhere.

    Raises:
        UsageError: there is no repository.
    """
    try:
        found = git.line("rev-parse", "--git-path", f"hooks/{NAME}")
    except GitFailed as error:
        raise UsageError(
            f"{files.shown(git.folder)} is in no git repository: {error}.", hint="Run it in one, or name one."
        ) from None
    return Path(os.path.abspath(git.folder / found))  # noqa: PTH100  # removes `..`, links stay


def install(git: Git, command: Sequence[str]) -> Path:
    """Have the command run before every commit; a hook of keyward's own is replaced.

    Raises:
        UsageError: there is no repository.
        NotAllowed: there is another hook, or the folder is shared with other repositories; says what to add by hand.
        Refused: it cannot be written.
    """
    file, line = where(git), shlex.join(command)
    shared = _shared(git)
    if shared:
        raise NotAllowed(
            f"core.hooksPath ({shared}) leads to {files.shown(file.parent)}, which every repository of this user runs; it was left alone.",
            hint=f"Add this line to {files.shown(file)} yourself: {line} || exit $?",
        )
    if (file.exists() or file.is_symlink()) and not own(file):
        raise NotAllowed(
            f"{files.shown(file)} is there already, and was left alone.",
            hint=f"Add this line to it yourself: {line} || exit $?",
        )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"{files.shown(file.parent)} cannot be made: {error.strerror}.") from None
    files.replace(file, script(command).encode(), mark="hook")
    file.chmod(0o755)
    return file


def remove(git: Git) -> Path | None:
    """Take keyward's hook away; the file that it was, None when there was none.

    Raises:
        UsageError: there is no repository.
        NotAllowed: the hook there is not keyward's.
        Refused: it cannot be removed.
    """
    file = where(git)
    if not file.exists() and not file.is_symlink():
        return None
    if not own(file):
        raise NotAllowed(
            f"{files.shown(file)} is not keyward's own, and was left alone.",
            hint="Take keyward's line out of it yourself.",
        )
    try:
        file.unlink()
    except OSError as error:
        raise Refused(f"{files.shown(file)} cannot be removed: {error.strerror}.") from None
    return file


def own(file: Path) -> bool:
    """Whether the hook in that file is keyward's own."""
    return not file.is_symlink() and _MARK.encode() in _text(file)


def asks(file: Path) -> bool:
    """Whether git runs the hook in that file, and it asks keyward: its own, or another one with the line that `install` tells of."""
    return os.access(file, os.X_OK) and (own(file) or _ASKS.search(_text(file)) is not None)


def _text(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(_LARGEST)
    except OSError:
        return b""


def _shared(git: Git) -> str:
    """Which settings lead hooks to a folder that is not this repository's alone; empty when none do."""
    try:
        told = git.line("config", "--show-scope", "--get", "core.hooksPath")
    except GitFailed:
        return ""
    scope = told.partition("\t")[0]
    return "" if scope in {"local", "worktree"} else f"{scope} settings"
