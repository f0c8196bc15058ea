"""What the ledger is told of the places that a scan saw."""

from datetime import datetime
from typing import TYPE_CHECKING

from keyward.inventory.relink import PLACEMENTS
from keyward.ledger.records import PlacementRow

if TYPE_CHECKING:
    import sqlite3


def placement_rows(
    connection: "sqlite3.Connection", source: str, seen: set[str], now: datetime, key: str | None = None
) -> list[PlacementRow]:
    """The placements of those secrets of the source that were seen now.

    Args:
        connection: to the cache.
        source: a store in a scope.
        seen: ids of its secrets.
        now: when they were seen, UTC.
        key: only the placements of this credential; None: all.
    """
    rows = connection.execute(f"{PLACEMENTS} WHERE s.source = ? AND (? IS NULL OR p.key = ?)", (source, key, key))
    return [
        PlacementRow(
            secret=row["secret"],
            version=row["version"],
            part=row["part"],
            credential=row["key"],
            fingerprint=row["fingerprint"],
            role=row["role"],
            version_state=row["version_state"],
            store=row["store"],
            scope=row["secret_scope"],
            host=row["host"],
            alias=row["alias"],
            found_by=row["found_by"],
            last_read=now,
        )
        for row in rows
        if row["secret"] in seen
    ]
