"""What is different between two scans, and what cannot be known because one of them did not see it."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from keyward.inventory.cache_schema import LIST
from keyward.inventory.snapshots.take import FIELDS, NOT_SCANNED, seen
from keyward.inventory.times import DAY, moment, stamp
from keyward.model.source import SourceStatus
from keyward.model.usage import UseStatus

if TYPE_CHECKING:
    import sqlite3

_HOLDS = "first <= ?1 AND (last IS NULL OR last >= ?1)"
_WHOLE = frozenset({SourceStatus.OK.value, SourceStatus.DISABLED.value})


class What(StrEnum):
    """How a key differs.

    FOUND is a key that the earlier scan may only have missed: its source was not seen as a whole then.
    """

    NEW = "new"
    FOUND = "found"
    GONE = "gone"
    CHANGED = "changed"
    NEWLY_USED = "newly_used"
    NEWLY_SILENT = "newly_silent"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One scan that was kept: its number, when it ended (UTC), how many keys were known, whether it was stopped."""

    id: int
    at: datetime
    keys: int
    cancelled: bool


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after, as text; None is nothing."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """One difference of one key."""

    what: What
    key: str
    name: str | None
    kind: str
    scope: str
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class NotSeen:
    """A source that one of the two scans did not see as a whole: how it stood in each, and how many keys are known of it now."""

    source: str
    earlier: str
    later: str
    keys: int


@dataclass(frozen=True, slots=True)
class Diff:
    """Two scans compared.

    `use_unknown` counts keys in both whose use one of the scans could not tell; `silent` is how long a key must be unused to be silent.
    """

    earlier: Snapshot
    later: Snapshot
    silent: timedelta
    changes: tuple[Change, ...]
    not_seen: tuple[NotSeen, ...]
    use_unknown: int


def snapshots(connection: "sqlite3.Connection") -> list[Snapshot]:
    """Every scan that is kept, oldest first."""
    rows = connection.execute("SELECT id, at, keys, cancelled FROM snapshot ORDER BY id")
    return [Snapshot(one, moment(at), keys, bool(cancelled)) for one, at, keys, cancelled in rows]  # type: ignore[arg-type]  # `at` is never NULL


def compare(connection: "sqlite3.Connection", earlier: Snapshot, later: Snapshot, silent: timedelta) -> Diff:
    """What the later scan knew otherwise than the earlier one."""
    before, after = _Known.at(connection, earlier), _Known.at(connection, later)
    changes = sorted(_changes(before, after, silent), key=lambda one: (list(What).index(one.what), one.key))
    per_source = Counter(key["source"] for key in after.keys.values())
    sources = sorted(before.sources.keys() | after.sources.keys())
    pairs = [(one, before.sources.get(one, NOT_SCANNED), after.sources.get(one, NOT_SCANNED)) for one in sources]
    not_seen = tuple(
        NotSeen(one, then, now, per_source[one]) for one, then, now in pairs if not _WHOLE.issuperset((then, now))
    )
    both = before.keys.keys() & after.keys.keys()
    unknown = sum(before.silent(one, silent) is None or after.silent(one, silent) is None for one in both)
    return Diff(earlier, later, silent, tuple(changes), not_seen, unknown)


@dataclass(frozen=True, slots=True)
class _Known:
    """What one scan knew."""

    snapshot: Snapshot
    keys: Mapping[str, Mapping[str, Any]]
    uses: Mapping[str, tuple[str, float | None, int | None]]
    sources: Mapping[str, str]

    @classmethod
    def at(cls, connection: "sqlite3.Connection", snapshot: Snapshot) -> "_Known":
        def rows(what: str) -> Iterator[Any]:
            return connection.execute(f"SELECT {what} WHERE {_HOLDS}", (snapshot.id,))  # statements of our own

        return cls(
            snapshot,
            {key: json.loads(fields) for key, fields in rows("id, fields FROM state JOIN key USING (n)")},
            {row[0]: row[1:] for row in rows("id, status, used, window_days FROM use JOIN key USING (n)")},
            dict(rows("id, status FROM source")),
        )

    def silent(self, key: str, length: timedelta) -> bool | None:
        """Whether the key was not used for that long; None when nobody can say."""
        status, used, window = self.uses.get(key, (UseStatus.NOT_SCANNED.value, None, None))
        if status == UseStatus.NEVER.value:
            return True
        if status == UseStatus.NOT_SEEN.value:
            return True if window is not None and timedelta(days=window) >= length else None
        if used is None:
            return None
        return self.snapshot.at.timestamp() - used > length.total_seconds() + DAY  # uses are kept by the day


def _changes(before: _Known, after: _Known, silent: timedelta) -> Iterator[Change]:
    for key in before.keys.keys() - after.keys.keys():
        yield _change(What.GONE, key, before.keys[key])
    for key, now in after.keys.items():
        then = before.keys.get(key)
        if then is None:
            made = now["created"]
            certain = seen(now["source"], before.sources) or (
                made is not None and made > before.snapshot.at.timestamp()
            )
            yield _change(What.NEW if certain else What.FOUND, key, now)
            continue
        fields = tuple(
            FieldChange(name, _text(name, then[name]), _text(name, now[name]))
            for name in FIELDS
            if then[name] != now[name]
        )
        if fields:
            yield _change(What.CHANGED, key, now, fields)
        was, is_now = before.silent(key, silent), after.silent(key, silent)
        if None not in (was, is_now) and was != is_now:
            yield _change(What.NEWLY_SILENT if is_now else What.NEWLY_USED, key, now)


def _change(what: What, key: str, fields: Mapping[str, Any], changed: tuple[FieldChange, ...] = ()) -> Change:
    return Change(what, key, fields["name"], fields["kind"], fields["scope"], changed)


def _text(name: str, value: object) -> str | None:
    if name == "expires":
        return stamp(value if isinstance(value, float | int) else None)
    return None if value is None else ", ".join(str(value).split(LIST))
