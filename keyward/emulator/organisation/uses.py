"""Forty-two days of use for a key: hourly for the last week, daily before."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from keyward.emulator.organisation.model import Use

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from datetime import datetime

RECORD = timedelta(days=42)
"""How far back Monitoring remembers."""

_HOURLY = timedelta(days=7)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_BEFORE = timedelta(days=100)
"""Use before the record is planted as well, so that the record's limit is seen to be one."""


def uses(pattern: str, created: datetime, until: datetime, draw: random.Random) -> tuple[Use, ...]:
    """What a key was used for, oldest first.

    Args:
        pattern: `none`, `growing`, `busy`, `daily`, `office` (weekdays 8 to 17 UTC), `nightly`, `weekly`, `failing`
            (refused requests only), `stopped N` (daily until N days ago) or `once N` (N days ago).
        created: No use before.
        until: No use after: now, or the deletion.
        draw: Randomness.

    Raises:
        KeyError: There is no such pattern.
    """
    word, _, argument = pattern.partition(" ")
    if word == "none":
        return ()
    if word == "once":
        return (Use(until - float(argument) * _DAY, draw.randrange(1, 6)),)
    end = until - (float(argument) * _DAY if argument else timedelta(minutes=draw.randrange(35, 60)))
    start = max(created, until - (_BEFORE if word == "stopped" else RECORD)) + _HOUR
    return tuple(_walk(word, start, end, until, draw))


def _walk(word: str, start: datetime, end: datetime, until: datetime, draw: random.Random) -> Iterator[Use]:
    each_day = {
        "growing": draw.randrange(200, 500),
        "busy": draw.randrange(500, 3000),
        "daily": draw.randrange(3, 30),
        "office": draw.randrange(40, 300),
        "nightly": draw.randrange(50, 400),
        "weekly": draw.randrange(5, 60),
        "failing": draw.randrange(10, 90),
        "stopped": draw.randrange(5, 200),
    }[word]
    moment = start
    while moment < end:
        hourly = until - moment < _HOURLY and word in {"growing", "busy", "office"}
        age = (until - moment) / RECORD
        count = each_day * (1 + 6 * max(0.0, 1 - age) ** 2 if word == "growing" else 1) * draw.uniform(0.6, 1.4)
        if hourly:
            count *= _share(word, moment) / 24
        if _awake(word, moment) and count >= 1:
            yield Use(moment, int(count), 403 if word == "failing" else 200)
            if word == "busy" and count > 100:
                yield Use(moment, int(count / 100), 429)
        moment += _HOUR if hourly else _DAY
    if end > start and word not in {"office", "nightly", "weekly"}:
        yield Use(end, draw.randrange(1, 9), 403 if word == "failing" else 200)


def _awake(word: str, moment: datetime) -> bool:
    if word == "office":
        return moment.weekday() < 5
    return word != "weekly" or moment.weekday() == 1


def _share(word: str, moment: datetime) -> float:
    """How much of an even day falls into this hour."""
    if word == "office":
        return 2.4 if 8 <= moment.hour < 18 else 0.0
    return 1.6 if 7 <= moment.hour < 22 else 0.1
