"""Plans in files: written sealed, and read back with nothing in them believed that the seal does not cover.

The seal is an HMAC (RFC 2104) under the ledger's fingerprint key, so a plan is good only beside the ledger that it was made with. What is
done is never taken from the file: it says which keys and which options were meant, and what the world was like.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyward import files
from keyward.desk.named_file import content
from keyward.desk.wish import Changes
from keyward.model.errors import KeywardError, UsageError, WorldChanged
from keyward.paths import expanded
from keyward.rotation.codec import decode, encode
from keyward.rotation.plan_diff import differences
from keyward.rotation.plan_json import SCHEMA, to_json

if TYPE_CHECKING:
    from keyward.desk.desk import Desk
    from keyward.rotation.plan import Plan

LARGEST = 32 * 1024 * 1024
"""Bytes of a file that is looked at as a plan; one of a thousand keys with ten places each has a third of it."""

_SEAL = "seal"
_ASKED = "asked"


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan as a file has it, whose seal was good. `keys` are full ids, `changes` what was asked for."""

    file: str
    keys: tuple[str, ...]
    changes: Changes
    document: Mapping[str, Any]

    def differences(self, now: "Plan") -> list[str]:
        """What differs from the plan as it would be now, as `path: before -> now`."""
        return differences(self.document, to_json(now))


def save(desk: "Desk", plan: "Plan", changes: Changes, file: str) -> Path:
    """Write the plan, mode 0600, whole or not at all; gives the file's full path.

    Raises:
        UsageError: something that is no plan is there already.
        Refused: it cannot be written.
    """
    path = expanded(file)
    if path.is_dir() or (path.exists() and not _is_plan(path)):
        raise UsageError(
            f"{files.shown(path)} is something else than a plan, and was left alone.", hint="Name another file."
        )
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {files.shown(path.parent)}.", hint="Make it, or name another file.")
    asked = replace(changes, yes=False, interactive=False)
    document = {**to_json(plan), _ASKED: encode(asked)}
    text = json.dumps({**document, _SEAL: _seal(desk, document)}, indent=1, sort_keys=True, ensure_ascii=False)
    files.replace(path, f"{text}\n".encode(), mark="plan")
    path.chmod(0o600)  # a file that was there before keeps its mode when it is replaced
    return path


def load(desk: "Desk", file: str) -> SavedPlan:
    """Read a plan that `save` wrote.

    Raises:
        UsageError: there is no such file, or it is no plan.
        WorldChanged: it was changed since, belongs to another ledger, or is too old.
    """
    path = expanded(file)
    document = _document(path)
    seal = document.pop(_SEAL, "")
    if not isinstance(seal, str) or not seal.isascii() or not hmac.compare_digest(seal, _seal(desk, document)):
        raise WorldChanged(
            f"{files.shown(path)} was changed after it was written, or was made with another ledger; nothing was changed.",
            hint="Make a new plan: keyward rotate KEY --out FILE",
        )
    try:
        changes = decode(Changes, document.pop(_ASKED))
        keys = tuple(str(key["id"]) for key in document["keys"])
        since, until = (datetime.fromisoformat(document[name]) for name in ("at", "valid_until"))
    except (KeyError, TypeError, ValueError, KeywardError):
        raise UsageError(
            f"{files.shown(path)} is a plan of another version of keyward.", hint="Make a new one."
        ) from None
    now = desk.parts.clock.now()
    if not since <= now < until:
        raise WorldChanged(
            f"{files.shown(path)} is good from {since:%Y-%m-%d %H:%MZ} to {until:%Y-%m-%d %H:%MZ}, and now it is {now:%Y-%m-%d %H:%MZ}; "
            "nothing was changed.",
            hint="Make a new plan: keyward rotate KEY --out FILE",
        )
    return SavedPlan(files.shown(path), keys, changes, document)


def check(saved: SavedPlan, now: "Plan") -> None:
    """Make sure that the world is still what the plan was made for.

    Raises:
        WorldChanged: it is not; says what differs.
    """
    found = saved.differences(now)
    if found:
        raise WorldChanged(
            f"the world is not what it was when {saved.file} was made; nothing was changed:{_lines(found)}",
            hint="Make a new plan: keyward rotate KEY --out FILE",
        )


def _lines(found: Sequence[str]) -> str:
    return "".join(f"\n  {line}" for line in found)


def _seal(desk: "Desk", document: Mapping[str, Any]) -> str:
    """The HMAC over everything else, however it is laid out in the file."""
    _, key = desk.books.writing()
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return key.seal(text.encode())


def _is_plan(path: Path) -> bool:
    try:
        return _document(path).get("schema") == SCHEMA
    except UsageError:
        return False


def _document(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(content(path, LARGEST, "a plan", "Name the file that --out wrote."))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise UsageError(
            f"{files.shown(path)} is no plan of keyward.", hint="`keyward rotate KEY --out FILE` writes one."
        )
    return found
