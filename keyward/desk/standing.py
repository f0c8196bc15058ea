"""Where things stand, from cache and ledger; nothing is asked."""

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

from keyward.desk.wish import Status

if TYPE_CHECKING:
    from keyward.desk.desk import Desk


def status(desk: "Desk") -> Status:
    """Coverage of the last scan and all open rotations.

    Raises:
        AnotherWorld: cache or ledger belong to other endpoints.
        LedgerBroken: the ledger cannot be read.
    """
    with closing(desk.cache()) as cache:
        scanned_at, keys = cache.scanned_at, cache.counts()[0]
        missing = tuple(one for one in cache.sources() if not one.covered)
    rows = desk.rotations(open_only=True)
    return Status(
        world=desk.parts.world,
        scanned_at=scanned_at,
        keys=keys,
        missing=missing,
        open=dict(sorted(Counter(row.state.value for row in rows).items())),
        waiting=tuple(
            (row.id, row.credential, row.waiting_on.value, row.why, row.due)
            for row in sorted(rows, key=lambda row: row.id)
        ),
    )
