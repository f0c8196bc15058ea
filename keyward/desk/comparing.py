"""Which two scans are compared, from what a person wrote."""

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from keyward.inventory.snapshots import file
from keyward.inventory.snapshots.compare import Diff, Snapshot, compare, snapshots
from keyward.model.errors import UsageError
from keyward.settings.values import duration

if TYPE_CHECKING:
    from keyward.wiring import Parts


@dataclass(frozen=True, slots=True)
class Compared:
    """The comparison, or None when there are no two scans to compare; `kept` are all scans that are kept, oldest first.

    `note` says when the scan that was wanted is not kept and another one stands in for it.
    """

    diff: Diff | None
    kept: tuple[Snapshot, ...]
    note: str = ""


def run(parts: "Parts", since: str, silent: timedelta) -> Compared:
    """Compare the last scan with an earlier one.

    Args:
        parts: the real parts.
        since: the number of a snapshot, a length of time, a date or a moment; empty: the scan before the last.
        silent: how long a key must be unused to be silent.

    Raises:
        UsageError: `since` cannot be read, or names a snapshot that is not kept.
        KeywardError: the snapshots cannot be read.
    """
    connection = file.to_read(parts.paths.snapshots, parts.world)
    if connection is None:
        return Compared(None, ())
    with closing(connection):
        kept = tuple(snapshots(connection))
        chosen, note = _chosen(kept, since, parts.clock.now())
        if chosen is None:
            return Compared(None, kept, note)
        return Compared(compare(connection, chosen, kept[-1], silent), kept, note)


def _chosen(kept: tuple[Snapshot, ...], since: str, now: datetime) -> tuple[Snapshot | None, str]:
    if since.isascii() and since.isdigit():
        for one in kept:
            if one.id == int(since):
                return one, ""
        have = f"{kept[0].id} to {kept[-1].id}, not all of them" if kept else "none"
        raise UsageError(f"There is no snapshot {since}.", hint=f"Kept are {have}; a date or 7d picks one by time.")
    if not since:
        return (kept[-2] if len(kept) > 1 else None), ""
    at = moment_of(since, now)
    earlier = [one for one in kept[:-1] if one.at <= at]
    if earlier:
        return earlier[-1], ""
    first = kept[0] if len(kept) > 1 else None
    return first, "" if first is None else f"No scan is kept from then; the oldest later one is number {first.id}."


def moment_of(since: str, now: datetime) -> datetime:
    """The moment (UTC) that a person means by a length of time before now, a date or a moment.

    Raises:
        UsageError: it is none of these.
    """
    try:
        return now - duration(since)
    except (ValueError, OverflowError):
        pass
    try:
        at = datetime.fromisoformat(since)
    except ValueError:
        raise UsageError(
            f"{since!r} is no length of time or date.",
            hint="Write --since 7d, --since 2026-11-01 or --since 2026-11-01T12:00Z; `keyward diff` takes the number of a snapshot too.",
        ) from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
