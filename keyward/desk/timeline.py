"""What happened to one key, as far as anybody noted it: its provider, scans, rotations, people."""

from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from keyward.desk.acts_done import acts_done, touched
from keyward.inventory.times import moment
from keyward.rotation.state import from_row

if TYPE_CHECKING:
    from keyward.desk.desk import Desk
    from keyward.inventory.cache import CacheReader
    from keyward.ledger.records import RotationRow
    from keyward.model.credential import Credential

_CHANGES = "SELECT at, what, before, after FROM change WHERE key = ?"
_WHAT = {
    "state": "state",
    "restricted": "restrictions",
    "name": "name",
    "expires": "end",
    "identity": "account that it acts as",
}
_DONE = {"reveal": "value shown", "copy-value": "value copied"}


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened, or (in the future) will: `at` is UTC, `by` who did it or who says so."""

    at: datetime
    what: str
    detail: str = ""
    by: str = ""


def timeline(desk: "Desk", key: str) -> tuple[Moment, ...]:
    """What is known to have happened to that key (a full id), newest first. Nothing is asked."""
    with closing(desk.cache()) as cache:
        credential = cache.credential(key)
        found = list(_changes(cache, key))
    if credential is not None:
        found += _own(credential)
    for row in desk.record.rotations():
        if key in touched(row):
            found += _rotation(row, key)
    found += [
        Moment(
            line.at, _DONE.get(line.step, line.step) + ("" if line.ok else ": failed"), line.evidence or line.what, who
        )
        for line in acts_done(desk, key)
        if line.at is not None and line.kind == "outcome"
        for who in (f"{line.actor} on {line.host}",)
    ]
    found += _places(desk, key)
    return tuple(sorted(found, key=lambda one: one.at, reverse=True))


def _own(one: "Credential") -> Iterator[Moment]:
    """What its provider says of it."""
    said = one.ref.provider
    named = (
        (one.created, "made", "", said),
        (one.first_seen, "first seen", "by a scan", "keyward"),
        (one.deleted, "deleted", one.state_why, said),
        (one.restorable_until, "can be restored until", "", said),
        (one.expires, "end", "", said),
    )
    yield from (Moment(at, what, detail, by) for at, what, detail, by in named if at is not None)
    if one.last_use.at is not None:
        within = one.last_use.precision.total_seconds()
        detail = f"some time in the {within / 3600:g} h before" if within else ""
        yield Moment(one.last_use.at, "last seen in use", detail, one.last_use.source)


def _changes(cache: "CacheReader", key: str) -> Iterator[Moment]:
    """What scans found different; the moment is the scan's, the change was some time before."""
    for at, what, before, after in cache.rows(_CHANGES, (key,)):
        when = moment(at)
        if when is None:
            continue
        if what == "gone":
            yield Moment(when, "no longer listed", f"was {before}", "found by a scan")
        elif what == "restricted":
            yield Moment(when, _restricted(before, after), _listed(after), "found by a scan")
        elif what in _WHAT:
            yield Moment(when, f"{_WHAT[what]} changed", f"{before or 'none'} -> {after or 'none'}", "found by a scan")


def _restricted(before: str, after: str) -> str:
    if not before:
        return "restricted"
    return "restrictions changed" if after else "restrictions removed"


def _listed(text: str) -> str:
    return ", ".join(one for one in text.split("\n") if one) or "any API, any client"


def _rotation(row: "RotationRow", key: str) -> Iterator[Moment]:
    rotation, by = from_row(row), f"{row.actor} on {row.host}"
    new = rotation.new.id if rotation.new is not None else ""
    if new == key:
        if row.created is not None:
            yield Moment(row.created, "made by a rotation", f"{row.id}, in place of {row.credential}", by)
        return
    named = (
        (row.created, "rotation began", row.id),
        (rotation.cutover, "rotated", f"{row.id}: every place holds {new}" if new else row.id),
        (rotation.revoked, "retired", row.id),
        (rotation.dead, "proved dead", rotation.confirmed),
    )
    yield from (Moment(at, what, detail, by) for at, what, detail in named if at is not None)


def _places(desk: "Desk", key: str) -> Iterator[Moment]:
    """When places with it were first seen, and when they were gone."""
    ledger = desk.books.reading()
    with ledger or nullcontext():
        for row in ledger.placements(credential=key, include_gone=True) if ledger is not None else ():
            place = f"{row.secret}{f'#{row.part}' if row.part else ''}" + (f" on {row.host}" if row.host else "")
            version = f", version {row.version}" if row.store == "gsm" and row.version else ""
            if row.first_seen is not None:
                yield Moment(row.first_seen, "seen in a place", f"{place}{version}", "found by a scan")
            if row.gone is not None:
                yield Moment(row.gone, "gone from a place", f"{place}{version}", "found by a scan")
