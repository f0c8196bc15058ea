"""Organisations of any size for measuring: so many projects, keys and secrets, spread evenly."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from keyward.emulator.organisation.model import (
    Organisation,
    Part,
    SampleKey,
    SampleProject,
    SampleSecret,
    SampleVersion,
    Use,
)
from keyward.emulator.organisation.services import GEMINI
from keyward.emulator.organisation.values import Values

if TYPE_CHECKING:
    from datetime import datetime

_SIZE = re.compile(r"(\d{1,6})x(\d{1,7})x(\d{1,7})")
_TEAMS = ("search", "billing", "mobile", "maps", "support", "data", "growth", "platform")
_STAGES = ("prod", "stg", "dev")
_GEMINI_ONLY = {"apiTargets": [{"service": GEMINI}]}


def parse_size(size: str) -> tuple[int, int, int] | None:
    """Projects, keys and secrets of a size such as `1000x10000x5000`; None when it is not one."""
    found = _SIZE.fullmatch(size)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def make(counts: tuple[int, int, int], now: datetime, seed: str) -> Organisation:
    """An organisation with these numbers of projects, keys and secrets.

    Raises:
        ValueError: Keys or secrets, but no project to hold them.
    """
    projects, keys, secrets = counts
    if not projects and (keys or secrets):
        raise ValueError("keys and secrets need at least one project")
    values = Values(seed)
    made = [_project(index, counts, now, values) for index in range(projects)]
    return Organisation("bulk.example", now, tuple(made))


def _share(total: int, index: int, among: int) -> int:
    return total // among + (index < total % among)


def _project(index: int, counts: tuple[int, int, int], now: datetime, values: Values) -> SampleProject:
    among, keys, secrets = counts
    stage = _STAGES[index % len(_STAGES)]
    project = f"acme-{_TEAMS[index % len(_TEAMS)]}-{index:05}-{stage}"
    held = tuple(_key(project, number, now, values) for number in range(_share(keys, index, among)))
    return SampleProject(
        id=project,
        number=100_000_000_000 + index * 7919,
        name=project,
        folder="",
        created=now - timedelta(days=1500),
        labels={"env": stage},
        denied=frozenset(),
        off=frozenset(),
        keys=held,
        secrets=tuple(_secret(project, number, held, now, values) for number in range(_share(secrets, index, among))),
    )


def _key(project: str, number: int, now: datetime, values: Values) -> SampleKey:
    draw = values.random
    uid, age = values.uid(), draw.uniform(1, 1400)
    used = draw.uniform(0.05, min(age, 80)) if draw.random() < 0.7 else None
    days = () if used is None else (min(used + 3, age), min(used + 1, age), used)
    return SampleKey(
        project=project,
        uid=uid,
        key_id=uid,
        value=values.key_string(bound=False),
        name=f"key {number:03}",
        created=now - timedelta(days=age, seconds=1),
        restrictions=_GEMINI_ONLY if draw.random() < 0.8 else {},
        annotations={},
        account="",
        deleted=None,
        leaked=False,
        service=GEMINI,
        uses=tuple(Use(now - timedelta(days=day), draw.randrange(1, 500)) for day in days),
    )


def _secret(project: str, number: int, keys: tuple[SampleKey, ...], now: datetime, values: Values) -> SampleSecret:
    draw = values.random
    created = now - timedelta(days=draw.uniform(1, 1400))
    parts: tuple[Part, ...] = ()
    if not keys or draw.random() < 0.3:
        payload, shape = values.password(), "plain"
    else:
        key = keys[number % len(keys)]
        created = max(created, key.created)
        payload, shape, path = draw.choice(
            [
                (key.value, "plain", ""),
                (f"GEMINI_API_KEY={key.value}\nDEBUG=false\n", "dotenv", "GEMINI_API_KEY"),
                (f'{{"gemini": {{"apiKey": "{key.value}"}}}}', "json", "gemini.apiKey"),
            ]
        )
        parts = (Part(key.uid, path),)
    version = SampleVersion(1, created + timedelta(seconds=5), "ENABLED", payload.encode(), shape, parts)
    return SampleSecret(project, f"secret-{number:03}", created, {}, {}, {}, (version,))
