"""The audit trail of one rotation, written into a file of its owner's that was not there before."""

import json
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
        files.create(path, text.encode("utf-8", "replace"))
    except FileExistsError:
        raise UsageError(
            f"{files.shown(path)} is there already, and was left alone.", hint="Name another file."
        ) from None
    except OSError as error:
        raise UsageError(f"{files.shown(path)} cannot be written: {clean(error.strerror or '')}.") from None
    return path, len(found)
