"""Facts around keys and secrets as rows of the cache, and back. They are asked on demand, and each keeps the time of its asking."""

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from keyward.inventory.rows import dump
from keyward.inventory.times import moment
from keyward.model.about import About, Known, What

if TYPE_CHECKING:
    from keyward.inventory.cache import CacheReader
    from keyward.inventory.cache_write import CacheWriter


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
        statement = "SELECT what, status, texts, detail, at FROM about WHERE subject = ? ORDER BY what"
        for what, status, texts, detail, at in cache.rows(statement, (subject,)):
            asked = moment(at)
            if asked is not None:
                yield About(subject, What(what), Known(status), tuple(json.loads(texts)), asked, detail)
