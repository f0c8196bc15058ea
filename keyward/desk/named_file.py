"""The content of a file that a person named: a plain file of bearable size, and nothing that would hold up the run."""

import os
import stat
from pathlib import Path

from keyward import files
from keyward.model.errors import UsageError


def content(path: Path, largest: int, what: str, hint: str) -> bytes:
    """All of it.

    Args:
        path: the file.
        largest: bytes that it may have.
        what: what it should be, such as `a plan`.
        hint: what to do where it is no file.

    Raises:
        UsageError: there is no such file, or it is a pipe, a folder, too large, or cannot be read.
    """
    try:
        opened = os.open(
            path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        )  # opening a pipe would wait for its other end
        with os.fdopen(opened, "rb") as file:
            about = os.fstat(opened)
            if not stat.S_ISREG(about.st_mode):
                raise UsageError(f"{files.shown(path)} is no file.", hint=hint)
            if about.st_size > largest:
                raise UsageError(f"{files.shown(path)} is too large for {what} ({about.st_size:,} bytes).")
            return file.read(largest)
    except OSError as error:
        raise UsageError(f"{files.shown(path)} cannot be read: {error.strerror}.", hint="Correct the path.") from None
