"""The keys of the cache as columns, for lists and filters."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from keyward.inventory.cache_schema import LIST
from keyward.model.finding import UNJUDGED, UNKNOWN
from keyward.model.query_rows import Columns

if TYPE_CHECKING:
    from keyward.inventory.cache import CacheReader

_FINDINGS = f"""
    iif(findings IS NULL, '{UNJUDGED}', findings || iif(doubts = 0, '', iif(findings = '', '{UNKNOWN}', char(10) || '{UNKNOWN}')))
"""
_COLUMNS = f"""
    SELECT ordinal, id, coalesce(name, ''), provider, scope, kind, state, created, first_seen, use_status, used, window_days,
           expires, places, haystack, stores, secrets, restricted, source, stale, data, {_FINDINGS}
    FROM key
"""  # noqa: S608  # words of our own, never outside text
_READ = f"{_COLUMNS} WHERE ordinal > ? ORDER BY ordinal LIMIT ?"
_READ_SOME = f"{_COLUMNS} WHERE id IN ({{}})"
_STATUS = "SELECT id, status FROM source"
_AT_ONCE = 500
"""Ids in one statement: every SQLite takes that many."""
_NAMES = (
    "id", "name", "provider", "scope", "kind", "state", "created", "first_seen", "last_used_status", "last_used_at",
    "last_used_window", "expires", "places", "haystack",
)  # fmt: skip
_ALL = -1
_SOURCE = 18
"""Where the source stands in a row."""


def chunks(cache: "CacheReader", first: int, more: int) -> Iterator[Columns]:
    """A first window full of keys, then so many at a time."""
    words = _Words(cache.rows(_STATUS))
    after, size = 0, first
    while rows := list(cache.rows(_READ, (after, size))):
        yield words.columns(rows)
        if len(rows) < size:
            return
        after, size = rows[-1][0], more


def columns(cache: "CacheReader", keys: Iterable[str] | None = None) -> Columns:
    """All keys, or those of these ids in their order. A few cost a few look-ups, however many there are in the cache."""
    if keys is None:
        return _Words(cache.rows(_STATUS)).columns(list(cache.rows(_READ, (0, _ALL))))
    wanted = list(dict.fromkeys(keys))
    found = {row[1]: row for row in _some(cache, _READ_SOME, wanted)}
    rows = [found[key] for key in wanted if key in found]
    sources = sorted({str(row[_SOURCE]) for row in rows})
    return _Words(_some(cache, f"{_STATUS} WHERE id IN ({{}})", sources)).columns(rows)


def _some(cache: "CacheReader", statement: str, ids: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Rows of the statement, whose braces take the ids."""
    for at in range(0, len(ids), _AT_ONCE):
        these = ids[at : at + _AT_ONCE]
        yield from cache.rows(statement.format(", ".join("?" * len(these))), these)


class _Words:
    """Few different texts stand in many rows: each is taken apart once."""

    def __init__(self, status: Iterable[tuple[str, str]]) -> None:
        self._status = dict(status)
        self._lists: dict[str, tuple[str, ...]] = {"": ()}

    def columns(self, rows: list[tuple[object, ...]]) -> Columns:
        by_column = list(map(list, zip(*rows, strict=True))) or [[] for _ in range(len(_NAMES) + 8)]
        plain = dict(zip(_NAMES, by_column[1:], strict=False))
        stores, secrets, restricted, source, stale, data, findings = by_column[len(_NAMES) + 1 :]
        return Columns(
            **plain,
            stores=self._split(stores),
            secrets=self._split(secrets),
            restrictions=[None if one is None else self._of(str(one)) for one in restricted],
            findings=self._split(findings),
            data=self._split(data),
            source_status=["stale" if old else self._status.get(at, "") for at, old in zip(source, stale, strict=True)],
        )

    def _split(self, texts: list[object]) -> list[tuple[str, ...]]:
        return [self._of(str(text)) for text in texts]

    def _of(self, text: str) -> tuple[str, ...]:
        found = self._lists.get(text)
        if found is None:
            found = self._lists[text] = tuple(text.split(LIST))
        return found
