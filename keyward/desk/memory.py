"""What unattended runs on this host remember: the last run, and what was said when. A file in the state folder; no value, no address."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

NAME = "unattended.json"
_LOCK = "unattended.lock"
_FORM = 1


@dataclass(frozen=True, slots=True)
class Said:
    """The last that was said of a subject: how it stood, and when that was said (UTC)."""

    how: str
    at: datetime


@dataclass(slots=True)
class Memory:
    """What is kept between runs. Times are UTC.

    `said` is by rotation or key; `unsent` are texts of notifications that did not get out; `summary` is the day of the last summary;
    `scanned` when a run last scanned by itself, whatever came of it.
    """

    world: str = ""
    last_run: datetime | None = None
    result: str = ""
    exit_code: int = 0
    heartbeat: str = ""
    summary: str = ""
    scanned: datetime | None = None
    missing: tuple[str, ...] = ()
    said: dict[str, Said] = field(default_factory=dict)
    unsent: list[str] = field(default_factory=list)


def load(state: "Path", world: str) -> Memory:
    """What is remembered of that world; nothing when there is no such file or it cannot be read: then things are said once more."""
    try:
        found = json.loads((state / NAME).read_bytes())
        memory = _memory(found)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Memory(world)
    return memory if found.get("form") == _FORM and memory.world == world else Memory(world)


def save(state: "Path", memory: Memory) -> None:
    """Keep it.

    Raises:
        Refused: the folder or the disk does not take it.
    """
    from keyward.files import private_folder, replace

    data = json.dumps({"form": _FORM, **asdict(memory)}, default=_plain, indent=1)
    replace(private_folder(state) / NAME, data.encode() + b"\n", mark="unattended")


def shared(memory: Memory) -> str:
    """What all hosts of a shared ledger should know was said, as one text."""
    said = {name: asdict(one) for name, one in memory.said.items()}
    return json.dumps({"form": _FORM, "summary": memory.summary, "said": said}, default=_plain, sort_keys=True)


def take_over(memory: Memory, text: str | None) -> None:
    """Know what was said by another host, or by this one before its files were lost; what cannot be read is as if it never was."""
    try:
        found = json.loads(text or "")
        said = {name: Said(str(one["how"]), datetime.fromisoformat(one["at"])) for name, one in found["said"].items()}
        summary = str(found["summary"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return
    memory.said, memory.summary = said, summary


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not remembered")


def _memory(found: Mapping[str, Any]) -> Memory:
    return Memory(
        world=str(found["world"]),
        last_run=_moment(found["last_run"]),
        result=str(found["result"]),
        exit_code=int(found["exit_code"]),
        heartbeat=str(found["heartbeat"]),
        summary=str(found["summary"]),
        scanned=_moment(found["scanned"]),
        missing=tuple(map(str, found["missing"])),
        said={name: Said(str(one["how"]), datetime.fromisoformat(one["at"])) for name, one in found["said"].items()},
        unsent=[str(text) for text in found["unsent"]],
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


@contextlib.contextmanager
def alone(state: "Path") -> Iterator[bool]:
    """Whether no other unattended run of this user is under way on this host; it stays so inside. The lock ends with the process."""
    from keyward.files import private_folder

    opened = os.open(private_folder(state) / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(opened)
