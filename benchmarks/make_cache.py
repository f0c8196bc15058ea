"""Writes a scan cache with so many made-up keys into a KEYWARD_HOME, through the writer that scans use.

python benchmarks/make_cache.py KEYS KEYWARD_HOME
"""

import argparse
import random
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from keyward.inventory.cache_open import remove
from keyward.inventory.cache_write import CacheWriter
from keyward.inventory.link import Found
from keyward.model.credential import Credential, Kind, Restrictions, State
from keyward.model.ids import CredentialRef, SecretRef
from keyward.model.secretinfo import SecretInfo, Version
from keyward.model.source import SourceReport, SourceStatus
from keyward.model.usage import LastUse, UseStatus

_APIS = ("generativelanguage", "maps-backend", "translate", "vision", "youtube", "bigquery")
_WORDS = ("web", "mobile", "batch", "ingest", "search", "billing", "maps", "chat", "legacy", "report", "demo")


def _use(rng: random.Random, now: datetime) -> LastUse:
    status = rng.choice([UseStatus.USED, UseStatus.USED, UseStatus.NOT_SEEN, UseStatus.NEVER, UseStatus.DENIED])
    at = now - timedelta(hours=rng.randrange(1_000)) if status is UseStatus.USED else None
    return LastUse(status, at, 42, "Cloud Monitoring", timedelta(days=1), timedelta(minutes=30))


def _key(rng: random.Random, project: str, number: int, now: datetime) -> Credential:
    uid = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    apis = tuple(f"{api}.googleapis.com" for api in rng.sample(_APIS, rng.randrange(3)))
    return Credential(
        ref=CredentialRef("google-api-keys", project, (uid,)),
        kind=Kind.AUTH_KEY if rng.random() < 0.1 else Kind.API_KEY,
        state=State.RESTORABLE if rng.random() < 0.03 else State.ACTIVE,
        resource=f"projects/{rng.randrange(10**11, 10**12)}/locations/global/keys/{uid}",
        uid=uid,
        name=f"bench-key-{number:07}" if number == 1 or rng.random() < 0.9 else None,
        created=now - timedelta(days=rng.randrange(1_500), seconds=rng.randrange(86_400)),
        restrictions=Restrictions(apis, rng.choice([None, None, "ip", "referrer"])),
        etag=f'W/"{rng.getrandbits(64):x}"',
        fingerprint=f"{rng.getrandbits(256):064x}",
        last_use=_use(rng, now),
        issuer=project,
    )


def _project(cache: CacheWriter, rng: random.Random, project: str, numbers: range, now: datetime) -> None:
    keys = [_key(rng, project, number, now) for number in numbers]
    cache.keys(f"google-api-keys:{project}", keys, now)
    secrets = []
    for one in keys[: len(keys) // 2]:
        ref = SecretRef("gsm", (project, f"secret-{rng.getrandbits(40):x}"), project)
        created = now - timedelta(days=rng.randrange(900))
        versions = (Version("2", created=created), Version("1", created=created))
        secrets.append(SecretInfo(ref, created, current="2", versions=versions, immutable_versions=True))
        cache.found(str(ref), "2", [Found("", "google-api-key", one.fingerprint or "")], lasting=True)
    cache.secrets(secrets, "")
    for side, plugin, items in (("provider", "google-api-keys", keys), ("store", "gsm", secrets)):
        seen = {one.id if isinstance(one, Credential) else str(one.ref) for one in items}
        report = SourceReport(f"{plugin}:{project}", SourceStatus.OK, items=len(items), looked=len(items), at=now)
        cache.end(report, side, seen, now, listed=True)


def _shares(keys: int, projects: int) -> Iterator[range]:
    """The numbers of the keys of each project, from 1."""
    for project in range(projects):
        yield range(keys * project // projects + 1, keys * (project + 1) // projects + 1)


def make(path: Path, keys: int, *, world: str = "google", seed: int = 1, now: datetime | None = None) -> None:
    """Write the cache.

    Args:
        path: the file; removed first when it is there.
        keys: how many.
        world: what it is stamped with.
        seed: of everything that is made up.
        now: the present that it is made for; None takes this machine's.
    """
    rng, now = random.Random(seed), now or datetime.now(UTC)
    remove(path)
    cache = CacheWriter(path, world, print)
    cache.use_key("benchmark")
    projects = max(1, min(1_000, keys // 10))
    for project, numbers in enumerate(_shares(keys, projects)):
        with cache.batch():
            _project(cache, rng, f"acme-{project:04}-{_WORDS[project % len(_WORDS)]}", numbers, now)
    with cache.batch():
        cache.relink(frozenset(), dict, now)
        cache.order()
    cache.close()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("keys", type=int)
    parser.add_argument("home", type=Path, help="what KEYWARD_HOME will be")
    parser.add_argument("--world", default="google")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    file = given.home.absolute() / "cache" / "inventory.db"
    begun = time.monotonic()
    make(file, given.keys, world=given.world, seed=given.seed)
    print(f"{file}: {given.keys} keys, {file.stat().st_size / 1e6:.1f} MB, {time.monotonic() - begun:.1f} s")


if __name__ == "__main__":
    main()
