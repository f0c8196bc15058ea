"""Organisations of any size for measuring: so many projects, keys and secrets, spread evenly."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from keyward.emulator.organisation.model import (
    Organisation,
    Part,
    SampleAccount,
    SampleAccountKey,
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

_SIZE = re.compile(r"(\d{1,6})x(\d{1,7})x(\d{1,7})(?:x(\d{1,7}))?")
_KEYS_OF_AN_ACCOUNT = 3
_MONITORED = 375
"""Projects in a metrics scope: some hundreds, as in large organisations."""
Counts = tuple[int, int, int, int]
"""Projects, API keys, secrets, service account keys."""
_TEAMS = ("search", "billing", "mobile", "maps", "support", "data", "growth", "platform")
_STAGES = ("prod", "stg", "dev")
_GEMINI_ONLY = {"apiTargets": [{"service": GEMINI}]}


def parse_size(size: str) -> Counts | None:
    """The numbers of a size such as `1000x10000x5000` or `1000x10000x5000x3000`; None when it is not one."""
    found = _SIZE.fullmatch(size)
    return (int(found[1]), int(found[2]), int(found[3]), int(found[4] or 0)) if found else None


def make(counts: Counts, now: datetime, seed: str) -> Organisation:
    """An organisation with these numbers of projects, keys, secrets and service account keys.

    Raises:
        ValueError: Keys or secrets, but no project to hold them.
    """
    projects, keys, secrets, account_keys = counts
    if not projects and (keys or secrets or account_keys):
        raise ValueError("keys and secrets need at least one project")
    values, others = Values(seed), Values(f"{seed}/accounts")
    made = [_project(index, counts, now, values) for index in range(projects)]
    if account_keys:
        shares = [_share(account_keys, index, projects) for index in range(projects)]
        made = [replace(one, accounts=_accounts(shares[n], now, others)) for n, one in enumerate(made)]
    return Organisation("bulk.example", now, tuple(made), watched_by=_MONITORED)


def _share(total: int, index: int, among: int) -> int:
    return total // among + (index < total % among)


def _project(index: int, counts: Counts, now: datetime, values: Values) -> SampleProject:
    among, keys, secrets, _ = counts
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


def _accounts(keys: int, now: datetime, values: Values) -> tuple[SampleAccount, ...]:
    sizes = [min(_KEYS_OF_AN_ACCOUNT, keys - done) for done in range(0, keys, _KEYS_OF_AN_ACCOUNT)]
    return tuple(
        SampleAccount(
            id=f"runner-{number:04}",
            unique_id=values.digits(21),
            name=f"Runner {number}",
            keys=tuple(_account_key(now, values) for _ in range(size)),
        )
        for number, size in enumerate(sizes)
    )


def _account_key(now: datetime, values: Values) -> SampleAccountKey:
    draw = values.random
    age = draw.uniform(1, 1400)
    used = draw.uniform(0.2, min(age, 80)) if draw.random() < 0.6 else None
    return SampleAccountKey(
        key_id=values.hex(40),
        created=(now - timedelta(days=age, seconds=1)).replace(microsecond=0),
        expires=None,
        origin="GOOGLE_PROVIDED",
        disabled="USER_INITIATED" if draw.random() < 0.1 else "",
        text="",
        uses=() if used is None else (Use(now - timedelta(days=used), draw.randrange(1, 500)),),
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
