"""Where checklists stand: which list was begun for what, how much of it people stated, and when the first of that ends. Nothing is judged."""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from keyward.checklists.item import Checklist, Kind, Subject, SubjectKind
from keyward.checklists.statements import State, stated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keyward.desk.desk import Desk
    from keyward.ledger.records import AttestationRow


@dataclass(frozen=True, slots=True)
class Place:
    """A list at a subject; without one whoever runs it has to say for what.

    `stated` of the `asked` items that a person states hold now; `ends` is when the first of all statements ends (UTC; past: has ended).
    """

    checklist: Checklist
    subject: str
    stated: int
    asked: int
    ends: datetime | None


def places(desk: "Desk") -> "Sequence[Place]":
    """Every list, first where it was begun, the soonest to end before the others; then for what it can be run.

    Raises:
        SettingsError: a user's list cannot be used.
    """
    rows, now = desk.checklists.rows(), desk.parts.clock.now()
    begun, rest = list[Place](), list[Place]()
    for one in desk.checklists.library.lists:
        known = dict.fromkeys(_begun(one, rows))
        begun += [_place(one, subject, rows, now) for subject in known]
        usual = one.subject or (f"machine:{desk.parts.host}" if SubjectKind.MACHINE in one.about else "")
        if usual not in known:
            rest.append(_place(one, usual, rows, now) if usual else Place(one, "", 0, _asked(one), None))
    return [*sorted(begun, key=lambda place: (place.ends is None, place.ends or now)), *rest]


def _begun(one: Checklist, rows: "Sequence[AttestationRow]") -> "Iterator[str]":
    """Subjects of which somebody stated something in this list, or of an item of it in no list."""
    kinds = {kind.value for kind in one.about}
    for row in rows:
        kind, _, name = row.scope.partition(":")
        if row.checklist in ("", one.id) and one.item(row.item) is not None and kind in kinds and "*" not in name:
            yield row.scope


def _asked(one: Checklist) -> int:
    return sum(item.kind is not Kind.AUTO and not item.off for item in one.items)


def _place(one: Checklist, subject: str, rows: "Sequence[AttestationRow]", now: datetime) -> Place:
    kind, _, name = subject.partition(":")
    of = Subject(SubjectKind(kind), name)
    said = [stated(item, of, rows, now) for item in one.items if item.kind is not Kind.AUTO and not item.off]
    ends = [told.row.expires for told in said if told.row is not None]
    return Place(one, subject, sum(told.state is State.VALID for told in said), len(said), min(ends, default=None))


def names(desk: "Desk", checklist: Checklist) -> "Sequence[str]":
    """Subjects that are known and that the list can be run for: projects of the last scan, providers of the catalog, this machine."""
    found = list[str]()
    if SubjectKind.PROJECT in checklist.about:
        from keyward.desk.checking import projects

        with closing(desk.cache()) as cache:
            found += [f"project:{one}" for one in projects(desk, [source.id for source in cache.sources()])]
    if SubjectKind.PROVIDER in checklist.about:
        from keyward.providers import catalog

        found += [f"provider:{one}" for one in catalog.ids()]
    if SubjectKind.MACHINE in checklist.about:
        found.append(f"machine:{desk.parts.host}")
    return found
