"""The snapshot file of a world: JSON, readable by its owner only, replaced as a whole."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def read(file: Path) -> dict[str, Any] | None:
    """Give what the file holds, or None where there is no file yet.

    Raises:
        ValueError: the file is something else; it is left alone.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        data: dict[str, Any] = json.loads(text)
        if {"instance", "slots", "projects"} <= data.keys():
            return data
    except (ValueError, AttributeError):
        pass
    raise ValueError(f"{file} is no snapshot of an emulator; name another file or remove it")


def write(file: Path, data: dict[str, Any]) -> None:
    """Replace the file; a reader or a crash sees the old or the new one, never a part."""
    part = file.with_name(f"{file.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(data, stream, separators=(",", ":"))
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(file)
