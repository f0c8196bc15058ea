"""Where things stand, from cache and ledger; nothing is asked."""

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

from keyward.desk import memory
from keyward.desk.due import outlook
from keyward.desk.run_lines import turn_of
from keyward.desk.wish import LastRun, Status, Waiting
from keyward.rotation.ladder import awaited
from keyward.rotation.state import from_row

if TYPE_CHECKING:
    from keyward.desk.desk import Desk
    from keyward.desk.due import Outlook
    from keyward.ledger.records import RotationRow


def status(desk: "Desk") -> Status:
    """Coverage of the last scan, all open rotations, what is due, what is stopped, and the last unattended run.

    Raises:
        AnotherWorld: cache or ledger belong to other endpoints.
        LedgerBroken: the ledger cannot be read.
    """
    with closing(desk.cache()) as cache:
        scanned_at, keys = cache.scanned_at, cache.counts()[0]
        gaps = desk.gaps()
        missing = tuple(one for one in cache.sources(missing=True) if gaps.of(one) is None)
    view = outlook(desk, every=False)
    return Status(
        world=desk.parts.world,
        scanned_at=scanned_at,
        keys=keys,
        missing=missing,
        open=dict(sorted(Counter(row.state.value for row in view.books.rows).items())),
        waiting=tuple(_waiting(desk, view, row) for row in view.books.rows),
        due=len(view.due),
        next_due=min(
            ((key.key, key.at) for key in view.keys if key.at is not None and key.at > view.now),
            key=lambda one: one[1],
            default=None,
        ),
        pauses=tuple(f"{pause.query or 'everything'}: {pause.said} ({pause.id})" for pause in view.books.pauses),
        closed_until=view.closed_until,
        last_run=_last_run(desk),
    )


def _waiting(desk: "Desk", view: "Outlook", row: "RotationRow") -> Waiting:
    rotation, turn = from_row(row), turn_of(desk, view, row)
    waits = awaited(rotation, row.updated or view.now, host=desk.parts.host)
    return Waiting(
        row.id,
        row.credential,
        row.state.value,
        row.waiting_on.value,
        row.why,
        turn.at,
        rotation.failures,
        turn.person,
        awaits=waits.hosts if waits else (),
        awaited_since=waits.since if waits else None,
        overdue=waits is not None and waits.overdue(view.now),
    )


def _last_run(desk: "Desk") -> LastRun | None:
    last = memory.load(desk.parts.paths.state, desk.parts.world)
    return None if last.last_run is None else LastRun(last.last_run, last.result, last.exit_code, last.heartbeat)
