"""Which keys are due: a pure function of the inventory, the rules, what people accepted and stopped, and the present."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from keyward.model.query_rows import QueryRow
from keyward.rotation.pause import Pause, pausing
from keyward.rotation.rules import Rule
from keyward.rotation.tries import Try

_SPREAD = 10
"""Jitter takes at most this part of a key's age away."""


class Standing(StrEnum):
    """What an unattended run does with a key."""

    DUE = "due"
    LATER = "later"
    NEVER = "never"


class Because(StrEnum):
    """The reason in a word."""

    AGE = "age"
    NO_RULE = "no rule"
    NO_AGE = "age unknown"
    NO_PLACE = "no known place"
    NO_TARGET = "no accepted target"
    NOT_ACTIVE = "not active"
    HANDS_OFF = "hands-off"
    PAUSED = "paused"
    UNDER_WAY = "under way"
    RETRY = "tried and failed"
    PERSON = "needs a person"


@dataclass(frozen=True, slots=True)
class KeyNow:
    """What is known of a key: its row, the rule it falls under, secrets that hold it now, how many accepted places, who said hands off."""

    row: QueryRow
    rule: Rule | None = None
    accepted: tuple[str, ...] = ()
    hands_off: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """How one key stands. `at` is when it is (or was) due, UTC; None when that cannot be said. `secrets` are the accepted ones."""

    key: str
    name: str
    scope: str
    standing: Standing
    because: Because
    why: str
    at: datetime | None = None
    rule: Rule | None = None
    age: timedelta | None = None
    exact: bool = True
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What holds for all keys: pauses, which key has which open rotation (its id, and what that waits for), what was tried, jitter, the present (UTC)."""

    now: datetime
    pauses: Sequence[Pause] = ()
    under_way: Mapping[str, str] = field(default_factory=dict)
    tries: Mapping[str, Try] = field(default_factory=dict)
    jitter: timedelta = timedelta(0)


def due(keys: Iterable[KeyNow], around: Circumstances) -> Iterator[Due]:
    """How each key stands, in the order in which they come."""
    return (_one(key, around) for key in keys)


def soonest(max_age: timedelta) -> timedelta:
    """The age below which no key is due under a rule of that age, whatever its jitter."""
    return max_age - max_age / _SPREAD


def spread(key: str, max_age: timedelta, jitter: timedelta) -> timedelta:
    """By how much a key is due before its age: the same on every host and in every run, and never more than a tenth of the age."""
    most = min(jitter, max_age / _SPREAD)
    part = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64
    return timedelta(seconds=int(most.total_seconds() * part))


def _one(key: KeyNow, around: Circumstances) -> Due:
    row, rule = key.row, key.rule
    born, exact = (row.created, True) if row.created is not None else (row.first_seen, False)
    since = None if born is None else datetime.fromtimestamp(born, UTC)

    def told(standing: Standing, because: Because, why: str, at: datetime | None = None) -> Due:
        age = None if since is None else max(around.now - since, timedelta(0))
        secrets = tuple(dict.fromkeys(key.accepted))
        return Due(row.id, row.name, row.scope, standing, because, why, at, rule, age, exact, secrets)

    if rule is None:
        return told(Standing.NEVER, Because.NO_RULE, "no [[rotation.rule]] matches it")
    for because, why in _stopped(key, around):
        return told(Standing.NEVER, because, why)
    if since is None:
        return told(Standing.NEVER, Because.NO_AGE, "neither when it was made nor when it was first seen is known")
    at = since + rule.max_age - spread(row.id, rule.max_age, around.jitter)
    age = f"{rule.said} allows {_days(rule.max_age)}"
    known = "it is" if exact else "it is at least (counted from when it was first seen)"
    said = f"{known} {_days(around.now - since)} old; {age}"
    if around.now < at:
        return told(Standing.LATER, Because.AGE, said, at)
    tried = around.tries.get(row.id)
    if tried is not None and not tried.again(around.now):
        later = tried.retry_at
        because = Because.RETRY if tried.failures else Because.PERSON
        return told(Standing.NEVER if later is None else Standing.LATER, because, tried.why, later)
    return told(Standing.DUE, Because.AGE, said, at)


def _stopped(key: KeyNow, around: Circumstances) -> Iterator[tuple[Because, str]]:
    """What keeps it from ever being due, the plainest reason first."""
    row = key.row
    if row.state not in ("active", "unknown"):
        yield Because.NOT_ACTIVE, f"it is {row.state}"
    if row.id in around.under_way:
        yield Because.UNDER_WAY, f"rotation {around.under_way[row.id]} is under way"
    if key.hands_off:
        yield Because.HANDS_OFF, key.hands_off
    pause = pausing(around.pauses, [row], around.now) if around.pauses else None
    if pause is not None:
        yield Because.PAUSED, pause.said
    if not row.places:
        yield Because.NO_PLACE, "no place is known that holds it, so a new one would reach nobody"
    elif not key.accepted:
        yield Because.NO_TARGET, f"none of its places is accepted; keyward enrol id:{row.id}"


def _days(length: timedelta) -> str:
    return (
        f"{length / timedelta(days=1):.0f} d" if length >= timedelta(days=2) else f"{length / timedelta(hours=1):.0f} h"
    )
