"""How many values a scan would read, as far as the cache tells: said before it is done."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from keyward.model.capability import Can

if TYPE_CHECKING:
    import sqlite3

    from keyward.inventory.request import ScanRequest

_KEYS = """
    SELECT count(*) FROM key WHERE source = ? AND state IN ('active', 'unknown')
      AND NOT EXISTS (SELECT 1 FROM looked WHERE key_id = ? AND item = key.id AND version = '')
"""
_SECRETS = "SELECT id, versions FROM secret WHERE source = ?"
_LOOKED = "SELECT item, version FROM looked WHERE key_id = ? AND lasting = 1"


def reads_ahead(connection: "sqlite3.Connection", key_id: str, request: "ScanRequest") -> int:
    """Audited reads of values that the request would make at most; sources that the cache does not know count nothing.

    Args:
        connection: to the cache.
        key_id: the fingerprint key in use; empty when there is none yet.
        request: the scan.
    """
    import json

    keys = sum(
        connection.execute(_KEYS, (one.id, key_id)).fetchone()[0]
        for one in request.providers
        if one.values and Can.READ_VALUE in one.provider.can
    )
    known = {tuple(row) for row in connection.execute(_LOOKED, (key_id,))}
    payloads = 0
    for source in request.stores:
        if source.values and Can.LOCAL not in source.store.can:
            for secret, versions in connection.execute(_SECRETS, (source.id,)):
                listed = json.loads(versions) if versions is not None else [[None, "enabled"]]
                payloads += sum(one[1] == "enabled" and (secret, one[0]) not in known for one in listed)
    return int(keys) + payloads


def unknown(connection: "sqlite3.Connection", sources: Iterable[str]) -> list[str]:
    """Those of the sources that the cache has never seen."""
    seen = {row[0] for row in connection.execute("SELECT id FROM source")}
    return [one for one in sources if one not in seen]
