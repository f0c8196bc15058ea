"""The earlier check that a check is compared with, and the keeping of this one for later. Nothing here makes a check fail."""

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyward.desk.comparing import moment_of
from keyward.files import shown
from keyward.hygiene.since import Since, as_kept, compare
from keyward.inventory.snapshots import checks, file
from keyward.inventory.snapshots.compare import snapshots
from keyward.model.errors import KeywardError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from datetime import datetime

    from keyward.hygiene.judging import Judged
    from keyward.hygiene.since import Now
    from keyward.inventory.snapshots.checks import KeptCheck
    from keyward.model.earlier import Earlier
    from keyward.wiring import Parts


@dataclass(frozen=True, slots=True)
class _Base:
    """What this check is compared with."""

    at: "datetime"
    told: "Mapping[str, Earlier]"
    note: str


def compared(parts: "Parts", judged: "Judged", now: "Now", since: str) -> Since | None:
    """The comparison with an earlier check; None where none is kept.

    Args:
        parts: the real parts.
        judged: what is told now.
        now: what that rests on.
        since: a length of time, a date or a moment; empty: the last check that rests on an earlier scan.

    Raises:
        UsageError: `since` cannot be read.
        KeywardError: what is kept cannot be read.
    """
    wanted = moment_of(since, parts.clock.now()) if since else None
    kept = file.to_read(parts.paths.snapshots, parts.world)
    if kept is None:
        return None
    with closing(kept):
        base = _base(kept, wanted)
    return None if base is None else compare(base.at, base.told, judged.findings, now, base.note)


def keep(parts: "Parts", judged: "Judged") -> str:
    """Keep what was told, one check a scan; says why that could not be done, else empty."""
    told = tuple(as_kept(judged.findings))
    try:
        reading = file.to_read(parts.paths.snapshots, parts.world)
        if reading is None:
            return ""  # no scan was kept, so there is nothing that it could belong to
        with closing(reading):
            scan = _scan(reading)
            if not scan or checks.is_kept(reading, told, scan):
                return ""
        return _write(parts, told, scan)
    except KeywardError as error:
        return f"This check was not kept for a later one to be compared with: {error}"


def _write(parts: "Parts", told: "tuple[Earlier, ...]", scan: int) -> str:
    import sqlite3

    said: list[str] = []
    with closing(file.to_write(parts.paths.snapshots, parts.world, said.append)) as kept:
        try:
            kept.execute("BEGIN IMMEDIATE")
            checks.keep(kept, told, scan, parts.clock.now())
            kept.execute("COMMIT")
        except sqlite3.Error as error:
            raise KeywardError(f"{shown(parts.paths.snapshots)} takes nothing: {error}.") from None
    return " ".join(said)


def _base(kept: "sqlite3.Connection", wanted: "datetime | None") -> _Base | None:
    scan = _scan(kept)
    earlier = [one for one in checks.checks(kept) if one.scan < scan]
    if not earlier:
        return None
    chosen, note = _chosen(earlier, wanted)
    return _Base(chosen.at, checks.read(kept, chosen.id), note)


def _chosen(earlier: "list[KeptCheck]", wanted: "datetime | None") -> "tuple[KeptCheck, str]":
    if wanted is None:
        return earlier[-1], ""
    before = [one for one in earlier if one.at <= wanted]
    if before:
        return before[-1], ""
    return earlier[0], "No check is kept from then; it is the oldest later one."


def _scan(kept: "sqlite3.Connection") -> int:
    """The number of the last scan that was kept, 0 where there is none."""
    every = snapshots(kept)
    return every[-1].id if every else 0
