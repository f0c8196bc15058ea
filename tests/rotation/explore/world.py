"""A world small enough to visit every state of it: keys, places with readers who remember, a pending secret, one row, two workers.

Time is either now or later: a deadline lies ahead or has passed. The rotation itself is the real one, moved by the real machine.
"""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

from keyward.model.capability import CrashClass
from keyward.providers.interface import Want
from keyward.rotation.happened import Happened
from keyward.rotation.machine import advance
from keyward.rotation.next_action import next_action
from keyward.rotation.policy import Policy
from keyward.rotation.state import KeyFacts, Rotation, Target

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
BEFORE = NOW - timedelta(hours=1)

OLD = 0
FOREIGN = -1
"""What a place holds after somebody put another value there."""

ON, OFF, GONE = "on", "off", "gone"


class Key(NamedTuple):
    """One key: its state, whose it is, its material (B) or name (A), whether lists show it, whether it was made by a process without lease."""

    state: str
    who: str = "keyward"
    made_of: int = 0
    listed: bool = True
    late: bool = False
    marks: int = 1


class Place(NamedTuple):
    """One target: its value, what its readers remember, what else is in the payload, its version, and whether an edit was seen.

    `edit`: "" written by keyward; "fresh" edited and read by nobody since; "known" read since; "excused" edited in between what
    keyward read last and the end of the key, which nothing can prevent.
    """

    value: int = OLD
    remembered: int = OLD
    side: int = 0
    version: int = 0
    edit: str = ""


class Slot(NamedTuple):
    """The pending secret: material made here, the successor and its value, the old value."""

    made_of: int = 0
    credential: int = 0
    value: int = 0
    old: bool = False


class World(NamedTuple):
    """Everything outside of the processes, and the ledger's row and lease.

    `for_doctor`: a process without lease died right after an effect that nobody else knows of, or woke up between the other's last
    look and its end. `late_end`: one that was frozen between
    its last check and its request ended the old key when others had moved on.
    """

    keys: tuple[Key, ...]
    places: tuple[Place, ...]
    row: int
    slot: Slot | None = None
    leased: int | None = None
    valid: bool = False
    used: str = ""
    leak: bool = False
    materials: int = 0
    for_doctor: bool = False
    late_end: bool = False


class Worker(NamedTuple):
    """A process in the middle of a step: what it was given, and what it has heard so far."""

    action: str
    row: int
    given: tuple
    heard: tuple = ()


class Budget(NamedTuple):
    """How often each of these may still happen."""

    crashes: int = 1
    lost: int = 1
    pauses: int = 1
    edits: int = 1
    uses: int = 1
    undos: int = 1
    sweeps: int = 0


class State(NamedTuple):
    """One state of everything."""

    world: World
    workers: tuple[Worker | None, Worker | None]
    budget: Budget


_rows: list[Rotation] = []
_numbers: dict[Rotation, int] = {}


def number(rotation: Rotation) -> int:
    """A rotation as a number, so that states are small and quick to compare."""
    if rotation not in _numbers:
        _numbers[rotation] = len(_rows)
        _rows.append(rotation)
    return _numbers[rotation]


def rotation(row: int) -> Rotation:
    """The rotation of that number."""
    return _rows[row]


@cache
def advanced(row: int, event: Happened) -> int:
    """The real machine, on numbers."""
    return number(advance(_rows[row], event))


@cache
def wanted(row: int) -> str:
    """What the real machine wants done now."""
    return next_action(_rows[row], NOW).value


_DEADLINES = [
    item.name for item in fields(Rotation) if item.name in ("due", "overlap_until", "soak_until", "back_until")
]


@cache
def later(row: int) -> int:
    """The rotation when every deadline has passed."""
    now = _rows[row]
    passed = {name: NOW for name in _DEADLINES if (getattr(now, name) or NOW) > NOW}
    if now.tried_at is not None:
        passed["tried_at"] = BEFORE
    return number(replace(now, **passed))


def key_of(facts: KeyFacts) -> int:
    """The number of a key in the world."""
    return int(facts.id.rpartition("/")[2])


def facts_of(key: int) -> KeyFacts:
    """What a rotation remembers of a key."""
    return KeyFacts(f"fake:p/{key}", fingerprint=f"f{key}")


def begin(crash: str, targets: int, *, slot: bool) -> State:
    """The beginning: one old key in every place, nothing made yet."""
    first = Rotation(
        "r",
        facts_of(OLD),
        Want("p", annotations=()),  # type: ignore[arg-type]  # states must be hashable
        Policy(interactive=crash == "E", by_hand=crash == "E"),
        tuple(Target(f"vault:p/s{place}") for place in range(targets)),
        crash=CrashClass(crash),
        slot="vault:p/keyward-pending-r" if slot else "",
        began=NOW,
    )
    return State(World((Key(ON, "before"),), (Place(),) * targets, number(first)), (None, None), Budget())
