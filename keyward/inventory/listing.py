"""The document `keyward.inventory/1` (DESIGN.md section 12), written as text piece by piece from what the cache has ready."""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from keyward.inventory.cache import CacheReader
    from keyward.model.gap import Gap

SCHEMA = "keyward.inventory/1"
_PIECE = 500
_KNOWN, _UNKNOWN = "?2", "?3"
# SQLite puts the pieces together: that takes half the time of doing it row by row in Python.
_AGE = "max(0, CAST((?1 - {0}) / 86400 AS INTEGER))"
_HEAD = f"d.head || {_AGE.format('coalesce(k.created, k.first_seen)')} || d.tail"
_LOOKS = f"iif(k.fingerprint IS NOT NULL OR k.places > 0, {_KNOWN}, {_UNKNOWN})"
# Words of our own, in lower case: nothing in them has to be escaped.
_DATA = """', "data": ["' || replace(k.data, char(10), '", "') || '"]}'"""
_FROM = "FROM key k JOIN detail d ON d.ordinal = k.ordinal"
_RULES = """iif(k.findings = '', '[]', '["' || replace(k.findings, char(10), '", "') || '"]')"""
_FOUND = f"""iif(k.findings IS NULL, 'null, "rules_unknown": null', {_RULES} || ', "rules_unknown": ' || k.doubts)"""
_REST = f"{_LOOKS} || {_FOUND} || {_DATA}"
_KEYS = f"SELECT k.id, {_HEAD} || d.placements || {_REST} {_FROM}"
_PIECES = f"SELECT {_HEAD}, d.placements, {_REST} {_FROM} WHERE k.id = ?4"
_HOLDS = "SELECT DISTINCT key FROM placement WHERE secret = s.id ORDER BY key"
# An id has no character that JSON would escape.
_KEY_LIST = f"""'[' || coalesce((SELECT '"' || group_concat(key, '", "') || '"' FROM ({_HOLDS})), '') || ']'"""  # noqa: S608  # from above
_SECRET_AGE = f"iif(created IS NULL, 'null', {_AGE.format('created')})"
_SECRET = f"SELECT head || {_SECRET_AGE} || tail || {_KEY_LIST} || '}}' FROM secret s"  # noqa: S608  # from above
_SOURCES = """
    SELECT json_object(
        'id', id, 'status', status, 'detail', nullif(detail, ''), 'permission', nullif(permission, ''), 'api', nullif(api, ''),
        'stale_since', strftime('%Y-%m-%dT%H:%M:%SZ', stale_since, 'unixepoch')
    ), id FROM source ORDER BY id
"""
_LOOKED = "SELECT coalesce(sum(looked), 0), coalesce(sum(not_looked), 0) FROM source WHERE side = 'store'"


def inventory(
    cache: "CacheReader",
    now: "datetime",
    *,
    keys: Sequence[str] | None = None,
    secrets: bool = True,
    accepted: Collection[str] = frozenset(),
    judged: "tuple[float, str] | None" = None,
    gaps: "Mapping[str, Gap] | None" = None,
) -> Iterator[str]:
    """The document in pieces; joined they are one line of JSON.

    Args:
        cache: what the scans found.
        now: the present, from which ages are counted.
        keys: ids of the keys to list, in that order; None: all.
        secrets: whether to list secrets too.
        accepted: targets of the ledger, as place ids without a version.
        judged: when the rules were last asked (seconds since 1970), and why that does not hold any more; None: never.
        gaps: accepted gaps by source.
    """
    import json  # its encoder is all that is needed

    dump = json.JSONEncoder(ensure_ascii=False).encode
    scanned = cache.scanned_at
    yield f'{{"schema": "{SCHEMA}", "world": {dump(cache.world)}, '
    yield f'"scanned_at": {dump(_stamp(scanned.timestamp() if scanned is not None else None))}, '
    asked = None if judged is None else {"at": _stamp(judged[0]), "stale": judged[1] or None}
    yield f'"judged": {dump(asked)}, "sources": ['
    yield from _joined(_source(row[0], row[1], gaps or {}, dump) for row in cache.rows(_SOURCES))
    yield '], "keys": ['
    yield from _joined(_keys(cache, now.timestamp(), keys, _Extras(cache, accepted)))
    yield '], "secrets": ['
    if secrets:
        yield from _joined(row[0] for row in cache.rows(f"{_SECRET} ORDER BY id", (now.timestamp(),)))
    yield "]}"


def secret(cache: "CacheReader", name: str, now: "datetime") -> dict[str, Any] | None:
    """The entry of one secret; None when there is none of that id."""
    import json

    row = next(cache.rows(f"{_SECRET} WHERE id = ?2", (now.timestamp(), name)), None)
    return None if row is None else json.loads(row[0])


def _source(text: str, source: str, gaps: "Mapping[str, Gap]", dump: "Callable[[object], str]") -> str:
    """The entry of a source, with the gap that somebody accepted."""
    gap = gaps.get(source)
    if gap is None:
        return text
    return f'{text[:-1]}, "gap": {dump({"owner": gap.owner, "until": gap.until.isoformat(), "why": gap.why or None})}}}'


class _Extras:
    """What the cache does not know of a key: accepted targets."""

    def __init__(self, cache: "CacheReader", accepted: Collection[str]) -> None:
        self._accepted, self._cache = accepted, cache
        self.keys: set[str] = set()
        for target in accepted:
            self.keys.update(row[0] for row in cache.rows("SELECT key FROM placement WHERE target = ?", (target,)))

    def text(self, key: str, values: Sequence[object]) -> str:
        """The entry of one of those keys."""
        import json

        head, ready, rest = next(self._cache.rows(_PIECES, (*values, key)))
        order = "SELECT target FROM placement WHERE key = ? ORDER BY secret, version, part"
        placements = json.loads(ready)
        for placement, (target,) in zip(placements, self._cache.rows(order, (key,)), strict=True):
            placement["accepted"] = target in self._accepted
        return f"{head}{json.dumps(placements, ensure_ascii=False)}{rest}"


def _keys(cache: "CacheReader", now: float, keys: Sequence[str] | None, extras: _Extras) -> Iterator[str]:
    looked, not_looked = next(cache.rows(_LOOKED), (0, 0))
    looks = ', "placements_looked": {{"read": {0}, "not_read": {1}}}, "findings": '
    values = (now, looks.format(looked, not_looked), looks.format(0, looked + not_looked))
    for key, text in _rows(cache, values, keys):
        yield extras.text(key, values) if key in extras.keys else text


def _rows(cache: "CacheReader", values: Sequence[object], keys: Sequence[str] | None) -> Iterator[Any]:
    if keys is None:
        yield from cache.rows(f"{_KEYS} ORDER BY k.ordinal", values)
        return
    for key in keys:
        yield from cache.rows(f"{_KEYS} WHERE k.id = ?4", (*values, key))


def _joined(texts: Iterator[str]) -> Iterator[str]:
    """The texts with commas between them, many in one piece."""
    separator = ""
    while piece := ", ".join(islice(texts, _PIECE)):
        yield separator + piece
        separator = ", "


def _stamp(at: float | None) -> str | None:
    from keyward.inventory.times import stamp  # one or a few times a document

    return stamp(at)
