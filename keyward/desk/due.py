"""What is due, from cache and ledger: nothing is asked, nothing heavy is loaded."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from keyward.model.calendar import Calendar
from keyward.model.query import parse
from keyward.model.query_rows import QueryRow
from keyward.rotation.due import Circumstances, Due, KeyNow, Standing, due, soonest
from keyward.rotation.foreign import hands_off
from keyward.rotation.limits import Choice, Limits, choose
from keyward.rotation.pause import Pause, pauses
from keyward.rotation.policy import Retire
from keyward.rotation.rules import Rule, matched
from keyward.rotation.tries import Try, tries

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from keyward.desk.desk import Desk
    from keyward.inventory.cache import CacheReader
    from keyward.ledger.records import PlacementRow, RotationRow
    from keyward.model.query_rows import Columns
    from keyward.wiring import Parts

_HELD = "SELECT key, secret, target FROM placement WHERE role = 'current'"
_OLD = "SELECT id FROM key WHERE coalesce(created, first_seen) <= ?"
_LABELS = "SELECT more FROM secret WHERE id = ?"
_FIELDS = tuple(item.name for item in fields(QueryRow))


@dataclass(frozen=True, slots=True)
class Books:
    """What the ledger says that matters here: open rotations, accepted places, pauses, starts that failed, and where keys are kept.

    `placements` are only there when something is paused. `empty` says that nothing was ever rotated or accepted.
    """

    rows: tuple["RotationRow", ...] = ()
    accepted: frozenset[str] = frozenset()
    pauses: tuple[Pause, ...] = ()
    tries: Mapping[str, Try] = field(default_factory=dict)
    placements: tuple["PlacementRow", ...] = ()
    empty: bool = True


@dataclass(frozen=True, slots=True)
class Outlook:
    """How all keys stand at `now` (UTC), and what a run would start now.

    `scanned_at` is how old that knowledge is; `rules` how many there are; `closed_until` the end of the blackout that is on.
    """

    now: "datetime"
    keys: tuple[Due, ...]
    choice: Choice
    books: Books
    rules: int
    scanned_at: "datetime | None" = None
    closed_until: "datetime | None" = None

    @property
    def due(self) -> tuple[Due, ...]:
        """The keys that are due."""
        return tuple(key for key in self.keys if key.standing is Standing.DUE)


def outlook(desk: "Desk", *, every: bool = True, soon: bool = False, books: Books | None = None) -> Outlook:
    """How the keys of the last scan stand.

    Args:
        desk: parts and books.
        every: all keys; else only those with an accepted place, which is all that a run can start.
        soon: of those only the ones that are old enough to be due now.
        books: what the ledger says, when that was read already.

    Raises:
        AnotherWorld: cache or ledger belong to other endpoints.
    """
    books = books or read_books(desk)
    settings, now = desk.parts.settings, desk.parts.clock.now()
    known = rules(desk.parts)
    closed = Calendar.parse(settings.rotation.blackout).closed_until(now) if settings.rotation.blackout else None
    found: tuple[Due, ...] = ()
    scanned = None
    if known or every:
        with closing(desk.cache()) as cache:
            scanned = cache.scanned_at
            around = Circumstances(now, books.pauses, under_way(books.rows), books.tries, settings.rotation.jitter)
            old = _old(cache, known, now) if soon else None
            if old is None or old:
                accepted = _accepted(cache, books.accepted, settings.targets.allow, old)
                found = _stand(cache, known, accepted, around, every=every)
    limits = Limits(
        settings.rotation.max_per_run, settings.rotation.max_per_project, settings.rotation.stop_after_failures
    )
    chosen = choose([key for key in found if key.standing is Standing.DUE], limits, closed)
    return Outlook(now, found, chosen, books, len(known), scanned, closed)


def read_books(desk: "Desk") -> Books:
    """What the ledger says; nothing is made."""
    ledger = desk.books.reading()
    if ledger is None:
        return Books()
    with ledger:
        rows = sorted(ledger.rotations(open_only=True), key=lambda row: row.id)
        accepted = frozenset(ledger.targets())
        ran = ledger.meta(RAN) is not None or bool(rows) or bool(accepted)
        found = pauses(ledger)
        places = tuple(ledger.placements()) if found else ()
        return Books(tuple(rows), accepted, found, tries(ledger), places, not (ran or ledger.rotations()))


RAN = "unattended_since"
"""The ledger's fact that says since when unattended runs use it: one that lost everything would not have it."""


def rules(parts: "Parts") -> tuple[Rule, ...]:
    """The rules of the settings, in their order."""
    return tuple(
        Rule(
            number,
            parse(one.match),
            one.max_age,
            one.grace,
            one.soak,
            one.quiet,
            one.retire_by,
            None if one.retire is None else Retire(one.retire),
        )
        for number, one in enumerate(parts.settings.rules, 1)
    )


def under_way(rows: Sequence["RotationRow"]) -> dict[str, str]:
    """The keys that belong to an open rotation, as the old key or as its successor, with its id and the hosts that it waits for."""
    found = {}
    for row in rows:
        hosts, since = row.data.get("awaits"), str(row.data.get("awaited_since"))[:16].replace("T", " ")
        waits = (
            f" ({', '.join(map(str, hosts))} awaited since {since} UTC)" if isinstance(hosts, list) and hosts else ""
        )
        found[row.credential] = row.id + waits
        new = row.data.get("new")
        if isinstance(new, dict) and new.get("id"):
            found[str(new["id"])] = row.id + waits
    return found


def _old(cache: "CacheReader", known: Sequence[Rule], now: "datetime") -> frozenset[str]:
    """The keys that are old enough for the strictest rule, jitter included: most runs find none of them due."""
    age = min((rule.max_age for rule in known), default=None)
    if age is None:
        return frozenset()
    return frozenset(key for (key,) in cache.rows(_OLD, ((now - soonest(age)).timestamp(),)))


def _accepted(
    cache: "CacheReader", targets: frozenset[str], allow: Sequence[str], only: frozenset[str] | None
) -> dict[str, tuple[str, ...]]:
    """The secrets with an accepted place, of each key that has one; with `only` just of these keys."""
    found: dict[str, list[str]] = {}
    for key, secret, target in cache.rows(_HELD):
        if only is not None and key not in only:
            continue
        if target in targets or any(fnmatchcase(name, mask) for mask in allow for name in (target, secret)):
            found.setdefault(key, []).append(secret)
    return {key: tuple(secrets) for key, secrets in found.items()}


def _stand(
    cache: "CacheReader",
    known: Sequence[Rule],
    accepted: Mapping[str, tuple[str, ...]],
    around: Circumstances,
    *,
    every: bool,
) -> tuple[Due, ...]:
    columns = cache.columns() if every else cache.columns(sorted(accepted))
    rule_of = matched(known, columns, around.now)
    keys = [
        KeyNow(_row(columns, at), rule_of.get(at), accepted.get(columns.id[at], ()))
        for at in range(len(columns.id))
        if every or at in rule_of
    ]
    # Labels are looked up only where they can matter.
    stand = zip(keys, list(due(keys, around)), strict=True)
    wished = _wishes(cache)
    return tuple(
        _again(key, one, wished(key), around) if one.standing is not Standing.NEVER else one for key, one in stand
    )


def _again(key: KeyNow, one: Due, wish: str, around: Circumstances) -> Due:
    return next(due([replace(key, hands_off=wish)], around)) if wish else one


def _row(columns: "Columns", at: int) -> QueryRow:
    return QueryRow(**{name: getattr(columns, name)[at] for name in _FIELDS})


def _wishes(cache: "CacheReader") -> "Callable[[KeyNow], str]":
    """Who asked for hands off: the key itself, or one of the secrets that hold it."""

    def wish(key: KeyNow) -> str:
        credential = cache.credential(key.row.id)
        if credential is not None and hands_off({}, credential.annotations):
            return "the key carries keyward=hands-off"
        return next(_labelled(cache, key.accepted), "")

    return wish


def _labelled(cache: "CacheReader", secrets: Sequence[str]) -> Iterator[str]:
    for secret in secrets:
        for (more,) in cache.rows(_LABELS, (secret,)):
            said = json.loads(more)
            if hands_off(said.get("labels", {}), said.get("annotations", {})):
                yield f"{secret} carries keyward=hands-off"
