"""Known leaks in a file that can be committed: ids of values, never by line, so that code may move and another value in the same place is new.

Ids are keyed hashes (HMAC-SHA-256, RFC 2104) under a random key of the file's own, so the file means the same on every host, and equal
values in two files cannot be told. Who reads the file can try values against it; therefore only what cannot be guessed is in it by its
content, and everything else by its place.
"""

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keyward import files
from keyward.hygiene.leaks.found import Leak
from keyward.model.errors import UsageError
from keyward.model.fingerprint import FingerprintKey
from keyward.model.secret import Secret
from keyward.model.text import clean

SCHEMA = "keyward.leaks-baseline/1"
_LARGEST = 64 * 1024 * 1024
_KEY = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[a-z0-9-]{1,64}/(?:at-)?[0-9a-f]{16}")
_PATHS = 5
"""Paths of an entry that are kept, for people."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a baseline file says: the key of its ids, and the entries by id, each with notes for people."""

    key: str
    entries: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def naming(self) -> FingerprintKey:
        """The key that its ids are made under. It is no secret: everybody has it who has the file."""
        return FingerprintKey("baseline", Secret(bytes.fromhex(self.key)))

    def unused(self, found: Iterable[str]) -> tuple[str, ...]:
        """Ids that occur no more."""
        return tuple(sorted(self.entries.keys() - set(found)))

    def of(self, leaks: Iterable[Leak]) -> "Baseline":
        """The baseline that has exactly these leaks; notes of those that stay are kept."""
        entries = {}
        for leak in leaks:
            paths = sorted({place.path for place in leak.places})
            note = str(self.entries.get(leak.mark.id, {}).get("note", ""))
            entries[leak.mark.id] = {"kind": leak.mark.kind, "paths": paths[:_PATHS], "note": note}
        return Baseline(self.key, dict(sorted(entries.items())))


def new() -> Baseline:
    """An empty baseline with a key of its own."""
    return Baseline(secrets.token_hex(32))


def read(path: Path) -> Baseline | None:
    """The baseline in that file; None when there is no such file.

    Raises:
        UsageError: it is no baseline, or cannot be read.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise _wrong(path, "it is too large")
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _wrong(path, f"it cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise _wrong(path, "it is no JSON") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise _wrong(path, f"its schema is not {SCHEMA}")
    key, entries = document.get("key"), document.get("entries")
    if not isinstance(key, str) or not _KEY.fullmatch(key) or not isinstance(entries, list):
        raise _wrong(path, "it has no key or no entries")
    found = {}
    for number, entry in enumerate(entries, 1):
        name = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not _ID.fullmatch(name):
            raise _wrong(path, f"entry {number} has no id")
        found[name] = {"kind": entry.get("kind", ""), "paths": entry.get("paths", []), "note": entry.get("note", "")}
    return Baseline(key, found)


def write(path: Path, baseline: Baseline) -> None:
    """Write it, whole or not at all; a new file can be read by others, as what is committed can.

    Raises:
        Refused: it cannot be written there.
    """
    new_file = not path.exists()
    entries = [{"id": name, **entry} for name, entry in baseline.entries.items()]
    text = json.dumps({"schema": SCHEMA, "key": baseline.key, "entries": entries}, indent=1, ensure_ascii=False)
    files.replace(path, f"{text}\n".encode("utf-8", "replace"), mark="leaks")
    if new_file:
        path.chmod(0o644)


def _wrong(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{files.shown(path)} is not a baseline: {clean(why)}.",
        hint="Write a new one with --update-baseline to another file.",
    )
