"""The audit trail of one rotation, written into a file of its owner's that was not there before."""

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from keyward import files
from keyward.desk.auditing import lines
from keyward.model.errors import UsageError
from keyward.model.text import clean
from keyward.paths import expanded

if TYPE_CHECKING:
    import threading

    from keyward.desk.desk import Desk

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def export(desk: "Desk", rotation: str, file: str, stop: "threading.Event | None" = None) -> tuple[Path, int]:
    """Write a rotation's lines (`keyward.audit/1`, one JSON object a line), mode 0600; gives the file's full path and how many lines.

    Args:
        desk: whose ledger.
        rotation: the rotation's full id.
        file: where to; it must not be there.
        stop: nobody waits for it any more.

    Raises:
        UsageError: something is there already, or it cannot be written. Nothing was written then.
        NotConfigured: there is no ledger.
        Interrupted: stopped; nothing was written.
    """
    if not file.strip():
        raise UsageError("Name a file.")
    path = expanded(file.strip())
    found = [line for line in lines(desk, stop=stop) if line["rotation"] == rotation]
    text = "".join(f"{json.dumps(line, sort_keys=True, ensure_ascii=False)}\n" for line in found)
    try:
        opened = os.open(path, _NEW, 0o600)
    except FileExistsError:
        raise UsageError(
            f"{files.shown(path)} is there already, and was left alone.", hint="Name another file."
        ) from None
    except OSError as error:
        raise UsageError(f"{files.shown(path)} cannot be made: {clean(error.strerror or '')}.") from None
    try:
        with os.fdopen(opened, "w", encoding="utf-8", errors="replace") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise UsageError(f"{files.shown(path)} cannot be written: {clean(error.strerror or '')}.") from None
    return path, len(found)
