"""Keeps what a check told beside the snapshots, one check a scan: what changed since the one before it costs a row.

A row of `told` holds from check `first` to check `last` (NULL: still). It has words and ids, never a value.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from keyward.inventory.snapshots.thinning import thin
from keyward.model.earlier import Earlier
from keyward.model.finding import Result, Severity, Subject

if TYPE_CHECKING:
    import sqlite3

TABLES = (
    "CREATE TABLE IF NOT EXISTS checked (id INTEGER PRIMARY KEY AUTOINCREMENT, scan INTEGER NOT NULL, at REAL NOT NULL)",
    """CREATE TABLE IF NOT EXISTS told (
        finding TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER, fields TEXT NOT NULL, PRIMARY KEY (finding, first)
    ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS told_last ON told (last)",
)


@dataclass(frozen=True, slots=True)
class KeptCheck:
    """One check that was kept: its number, that of the snapshot that it rests on, and its moment (UTC)."""

    id: int
    scan: int
    at: datetime


def checks(kept: "sqlite3.Connection") -> tuple[KeptCheck, ...]:
    """All that are kept, oldest first; none in a file of an earlier release."""
    if kept.execute("SELECT 1 FROM sqlite_master WHERE name = 'checked'").fetchone() is None:
        return ()
    rows = kept.execute("SELECT id, scan, at FROM checked ORDER BY id")
    return tuple(KeptCheck(one, scan, datetime.fromtimestamp(at, UTC)) for one, scan, at in rows)


def read(kept: "sqlite3.Connection", check: int) -> dict[str, Earlier]:
    """What that check told, by the id of the finding."""
    rows = kept.execute("SELECT finding, fields FROM told WHERE first <= ?1 AND (last IS NULL OR last >= ?1)", (check,))
    return {finding: _earlier(finding, fields) for finding, fields in rows}


def is_kept(kept: "sqlite3.Connection", findings: Iterable[Earlier], scan: int) -> bool:
    """Whether the newest check rests on that scan and told just this."""
    every = checks(kept)
    return bool(every) and every[-1].scan == scan and _open(kept) == {one.id: _fields(one) for one in findings}


def keep(kept: "sqlite3.Connection", findings: Iterable[Earlier], scan: int, now: datetime) -> None:
    """Keep a check, inside a transaction of the caller; an earlier one that rests on the same scan gives way.

    Args:
        kept: the snapshots, opened to write.
        findings: everything that it told.
        scan: the number of the snapshot that it rests on.
        now: its moment (UTC).
    """
    run = kept.execute
    newest = next(reversed(checks(kept)), None)
    if newest is not None and newest.scan == scan:
        run("DELETE FROM told WHERE first = ?", (newest.id,))
        run("UPDATE told SET last = NULL WHERE last = ?", (newest.id - 1,))
        run("DELETE FROM checked WHERE id = ?", (newest.id,))
    this = run("INSERT INTO checked (scan, at) VALUES (?, ?)", (scan, now.timestamp())).lastrowid or 0
    before, current = _open(kept), {one.id: _fields(one) for one in findings}
    over = [(this - 1, one) for one, fields in before.items() if current.get(one) != fields]
    kept.executemany("UPDATE told SET last = ? WHERE finding = ? AND last IS NULL", over)
    begun = [(one, this, fields) for one, fields in current.items() if before.get(one) != fields]
    kept.executemany("INSERT INTO told VALUES (?, ?, NULL, ?)", begun)
    thin(kept, "checked", ("told",), now)


def _open(kept: "sqlite3.Connection") -> dict[str, str]:
    return dict(kept.execute("SELECT finding, fields FROM told WHERE last IS NULL").fetchall())


def _fields(one: Earlier) -> str:
    fields = (
        one.rule, one.of.value, one.subject, one.scope, one.about, one.result.value, one.severity.value, one.evidence, one.accepted,
    )  # fmt: skip
    return json.dumps(fields)


def _earlier(finding: str, text: str) -> Earlier:
    rule, of, subject, scope, about, result, severity, evidence, accepted = json.loads(text)
    kinds = Subject(of), Result(result), Severity(severity)
    return Earlier(
        finding, rule, kinds[0], subject, scope, about, kinds[1], kinds[2], tuple(evidence), accepted=bool(accepted)
    )
