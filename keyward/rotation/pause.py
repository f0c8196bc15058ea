"""Pauses: what a person stopped on all hosts. They are facts in the ledger, so they hold wherever that is shared.

A pause must mean the same on every host and at every time, so its query rests only on what a key always carries with it.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Protocol

from keyward.ledger.records import PlacementRow
from keyward.model.errors import QueryError, UsageError
from keyward.model.ids import CredentialRef
from keyward.model.query import Query, parse
from keyward.model.query_rows import QueryRow
from keyward.model.text import clean

PREFIX = "pause:"
PAUSED = "paused by "
"""How the reason of a rotation that a pause stopped begins."""

FIELDS = ("age", "created", "id", "kind", "project", "provider", "scope", "secret", "store")
"""What a pause may rest on."""


class Facts(Protocol):
    """A ledger, as far as it is asked for pauses."""

    def metas(self, prefix: str) -> dict[str, str]:
        """Every fact whose name begins like that."""
        ...


@dataclass(frozen=True, slots=True)
class Pause:
    """What was stopped: the keys of `query`, all when it is empty; by whom, from which host, why, and when (UTC)."""

    id: str
    query: str
    actor: str
    host: str
    reason: str
    at: datetime

    @property
    def said(self) -> str:
        """The pause in words."""
        return f"{PAUSED}{self.actor} on {self.at:%Y-%m-%d}: {self.reason}"

    @property
    def fact(self) -> tuple[str, str]:
        """Name and value of the ledger's fact."""
        return PREFIX + self.id, json.dumps({**asdict(self), "at": self.at.isoformat()}, sort_keys=True)

    def holds(self, row: QueryRow, now: datetime) -> bool:
        """Whether that key is paused by this. A pause that this keyward does not understand holds for every key."""
        try:
            return not self.query or parse(self.query).compile(now)(row)
        except QueryError:
            return True


def check(text: str) -> Query:
    """Read what is to be paused.

    Raises:
        UsageError: it cannot be read, or rests on something that is not the same everywhere.
    """
    query = parse(text)
    for term in query.terms:
        if term.field not in FIELDS:
            what = f"{term.field}: is not the same on every host" if term.field else f"{text!r} holds bare text"
            raise UsageError(f"{what}, so a pause cannot rest on it.", hint=f"Use one of {', '.join(FIELDS)}.")
    return query


def pauses(ledger: Facts) -> tuple[Pause, ...]:
    """Every pause that holds, oldest first. One that cannot be read pauses everything."""
    found = [_read(name.removeprefix(PREFIX), value) for name, value in ledger.metas(PREFIX).items()]
    return tuple(sorted(found, key=lambda pause: (pause.at, pause.id)))


def _read(name: str, value: str) -> Pause:
    try:
        said = json.loads(value)
        actor, host, reason = (clean(str(said[word])) for word in ("actor", "host", "reason"))
        return Pause(name, str(said["query"]), actor, host, reason, datetime.fromisoformat(said["at"]))
    except (KeyError, TypeError, ValueError):
        return Pause(name, "", "somebody", "", "this keyward cannot read why", datetime.fromtimestamp(0, UTC))


def pausing(found: Iterable[Pause], rows: Sequence[QueryRow], now: datetime) -> Pause | None:
    """The first pause that holds for one of these keys."""
    return next((pause for pause in found if any(pause.holds(row, now) for row in rows)), None)


def row_of(key: str, kind: str, created: datetime | None, placements: Iterable[PlacementRow]) -> QueryRow:
    """A key as pauses see it, from what every host knows of it."""
    ref, places = CredentialRef.parse(key), list(placements)
    return QueryRow(
        key,
        provider=ref.provider,
        scope=ref.scope,
        kind=kind,
        created=None if created is None else created.timestamp(),
        stores=tuple(dict.fromkeys(place.store for place in places)),
        secrets=tuple(dict.fromkeys(place.secret for place in places)),
    )
