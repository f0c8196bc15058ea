"""Names of keyring entries that keyward was told of, for keyrings that cannot list. Names only, no values."""

import contextlib
import json
from pathlib import Path
from typing import Any

from keyward import files
from keyward.model.errors import SourceError
from keyward.model.text import clean

SCHEMA = "keyward.keyring-index/1"


class Index:
    """A list of (service, user) in a file that only its owner can read.

    Args:
        path: the file; it and its folder are made when the first name is remembered.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> frozenset[tuple[str, str]]:
        """What is remembered.

        Raises:
            SourceError: the file cannot be read or is not what keyward writes; it is never overwritten then.
        """
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            return frozenset((_text(service), _text(user)) for service, user in _entries(data))
        except FileNotFoundError:
            return frozenset()
        except (OSError, ValueError, KeyError, TypeError) as error:
            why = clean(getattr(error, "strerror", "") or str(error), 200)
            raise SourceError(
                f"{files.shown(self._path)}, the list of known keyring entries, cannot be used: {why}.",
                hint="Repair it or move it away; it holds names only.",
            ) from None

    def remember(self, service: str, user: str) -> None:
        """Add a name.

        Raises:
            SourceError: the file there cannot be used.
            Refused: it cannot be written.
        """
        self._save(self.names() | {(service, user)})

    def forget(self, service: str, user: str) -> None:
        """Remove a name; one that is not there is fine. Raises like `remember`."""
        self._save(self.names() - {(service, user)})

    def _save(self, names: frozenset[tuple[str, str]]) -> None:
        with contextlib.suppress(FileNotFoundError):
            if names == self.names() and self._path.stat():
                return
        files.private_folder(self._path.parent)
        text = json.dumps({"schema": SCHEMA, "entries": sorted(names)}, ensure_ascii=False, indent=1) + "\n"
        files.replace(self._path, text.encode("utf-8", "surrogateescape"))


def _entries(data: dict[str, Any]) -> list[tuple[object, object]]:
    if data["schema"] != SCHEMA:
        raise ValueError(f"its schema is not {SCHEMA}")
    return [(service, user) for service, user in data["entries"]]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("an entry is not a pair of texts")
    return value
