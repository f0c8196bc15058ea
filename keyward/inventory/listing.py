"""The document `keyward.inventory/1` (DESIGN.md section 12), written as text piece by piece from what the cache has ready."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from keyward.inventory.cache import CacheReader

SCHEMA = "keyward.inventory/1"
_DAY = 86_400.0
_KEYS = """
    SELECT k.id, d.head, coalesce(k.created, k.first_seen), d.tail, d.placements, k.fingerprint IS NOT NULL OR k.places > 0, k.places
    FROM key k JOIN detail d ON d.ordinal = k.ordinal
"""
_SOURCES = "SELECT id, status, detail, permission, api, stale_since FROM source ORDER BY id"
_LOOKED = "SELECT coalesce(sum(looked), 0), coalesce(sum(not_looked), 0) FROM source WHERE side = 'store'"


def inventory(
    cache: "CacheReader",
    now: "datetime",
    *,
    keys: Sequence[str] | None = None,
    secrets: bool = True,
    accepted: Collection[str] = frozenset(),
    findings: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[str]:
    """The document in pieces; joined they are one line of JSON.

    Args:
        cache: what the scans found.
        now: the present, from which ages are counted.
        keys: ids of the keys to list, in that order; None: all.
        secrets: whether to list secrets too.
        accepted: targets of the ledger, as place ids without a version.
        findings: rule ids by key.
    """
    import json  # noqa: PLC0415  # its encoder is all that is needed

    dump = json.JSONEncoder(ensure_ascii=False).encode
    scanned = cache.scanned_at
    yield f'{{"schema": "{SCHEMA}", "world": {dump(cache.world)}, '
    yield f'"scanned_at": {dump(_stamp(scanned.timestamp() if scanned is not None else None))}, "sources": ['
    separator = ""
    for row in cache.rows(_SOURCES):
        yield separator + dump(_source(row))
        separator = ", "
    yield '], "keys": ['
    yield from _keys(cache, now.timestamp(), keys, _Extras(cache, accepted, findings or {}))
    yield '], "secrets": ['
    if secrets:
        yield from _secrets(cache, now.timestamp())
    yield "]}"


class _Extras:
    """What the cache does not know of a key: accepted targets, findings."""

    def __init__(self, cache: "CacheReader", accepted: Collection[str], findings: Mapping[str, Sequence[str]]) -> None:
        import json  # noqa: PLC0415

        self._json: Any = json
        self._accepted = accepted
        self._findings = findings
        self._cache = cache
        self._with: set[str] = set()
        for target in accepted:
            self._with.update(row[0] for row in cache.rows("SELECT key FROM placement WHERE target = ?", (target,)))

    def placements(self, key: str, ready: str) -> str:
        """The placements of a key, with those that a person accepted marked."""
        if key not in self._with:
            return ready
        order = "SELECT target FROM placement WHERE key = ? ORDER BY secret, version, part"
        targets = [row[0] for row in self._cache.rows(order, (key,))]
        placements = self._json.loads(ready)
        for placement, target in zip(placements, targets, strict=True):
            placement["accepted"] = target in self._accepted
        return str(self._json.dumps(placements, ensure_ascii=False))

    def findings(self, key: str) -> str:
        """The findings of a key."""
        found = self._findings.get(key)
        return str(self._json.dumps(list(found))) if found else "[]"


def _keys(cache: "CacheReader", now: float, keys: Sequence[str] | None, extras: _Extras) -> Iterator[str]:
    looked, not_looked = next(cache.rows(_LOOKED), (0, 0))
    known = f', "placements_looked": {{"read": {looked}, "not_read": {not_looked}}}, "findings": '
    unknown = f', "placements_looked": {{"read": 0, "not_read": {looked + not_looked}}}, "findings": '
    separator = ""
    for key, head, since, tail, placements, recognisable, _ in _rows(cache, keys):
        age = max(0, int((now - since) // _DAY))
        ready = extras.placements(key, placements) if placements != "[]" else placements
        looks = known if recognisable else unknown
        yield f"{separator}{head}{age}{tail}{ready}{looks}{extras.findings(key)}}}"
        separator = ", "


def _rows(cache: "CacheReader", keys: Sequence[str] | None) -> Iterator[Any]:
    if keys is None:
        yield from cache.rows(f"{_KEYS} ORDER BY k.ordinal")
        return
    for key in keys:
        yield from cache.rows(f"{_KEYS} WHERE k.id = ?", (key,))


def _secrets(cache: "CacheReader", now: float) -> Iterator[str]:
    import json  # noqa: PLC0415

    holds: dict[str, list[str]] = {}
    for secret, key in cache.rows("SELECT DISTINCT secret, key FROM placement ORDER BY secret, key"):
        holds.setdefault(secret, []).append(key)
    separator = ""
    for secret, head, created, tail in cache.rows("SELECT id, head, created, tail FROM secret ORDER BY id"):
        age = "null" if created is None else max(0, int((now - created) // _DAY))
        yield f"{separator}{head}{age}{tail}{json.dumps(holds.get(secret, []), ensure_ascii=False)}}}"
        separator = ", "


def _source(row: Sequence[Any]) -> dict[str, object]:
    source, status, detail, permission, api, stale = row
    return {
        "id": source,
        "status": status,
        "detail": detail or None,
        "permission": permission or None,
        "api": api or None,
        "stale_since": _stamp(stale),
    }


def _stamp(at: float | None) -> str | None:
    from keyward.inventory.times import stamp  # noqa: PLC0415  # one or a few times a document

    return stamp(at)
