"""Facts around keys and secrets as rows of the cache, and back. They are asked on demand, and each keeps the time of its asking."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from keyward.inventory.rows import dump
from keyward.model.about import About, Known, What

if TYPE_CHECKING:
    from keyward.inventory.cache import CacheReader
    from keyward.inventory.cache_write import CacheWriter

_FACTS = "SELECT subject, what, status, texts, detail, at FROM about"


def keep(cache: "CacheWriter", found: Iterable[About]) -> None:
    """Remember these facts in place of what was known before of the same; inside a batch."""
    cache.connection.executemany(
        "INSERT OR REPLACE INTO about VALUES (?, ?, ?, ?, ?, ?)",
        [
            (one.subject, one.what.value, one.status.value, dump(one.values), one.detail, one.at.timestamp())
            for one in found
        ],
    )


def known(cache: "CacheReader", subjects: Iterable[str]) -> Iterator[About]:
    """What is remembered of these subjects, in their order."""
    for subject in subjects:
        yield from map(_fact, cache.rows(f"{_FACTS} WHERE subject = ? ORDER BY what", (subject,)))


def every(cache: "CacheReader") -> Iterator[About]:
    """Everything that is remembered."""
    return map(_fact, cache.rows(f"{_FACTS} ORDER BY subject, what"))


def _fact(row: tuple[str, str, str, str, str, float]) -> About:
    subject, what, status, texts, detail, at = row
    return About(subject, What(what), Known(status), tuple(json.loads(texts)), datetime.fromtimestamp(at, UTC), detail)
