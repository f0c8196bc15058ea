"""Who gets a key from where: its places on every host, and the commands of this host's settings that are told of a change."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keyward.model.ids import PlacementRef
from keyward.rotation.consumers.consumer import Consumer, Consumers

if TYPE_CHECKING:
    from keyward.desk.desk import Desk


@dataclass(frozen=True, slots=True)
class WhereUsed:
    """Placements as in `keyward.inventory/1`, those of other hosts too, and what is run when one changes, by secret id."""

    places: Sequence[Mapping[str, Any]]
    consumers: Mapping[str, tuple[str, ...]]
    here: str


def where_used(desk: "Desk", key: str) -> WhereUsed:
    """Where that key (a full id) is used. Nothing is asked.

    Raises:
        UnknownKey: there is none of that id.
    """
    here = desk.parts.host
    places = [dict(one) for one in desk.keys.show(key)["key"]["placements"]]
    places += _elsewhere(desk, key, here)
    every = Consumers(
        tuple(
            Consumer(one.match, one.run, one.ready, one.refresh, one.timeout) for one in desk.parts.settings.consumers
        )
    )
    told: dict[str, dict[str, None]] = {}
    for one in places:
        ref = PlacementRef.parse(one["secret"]).secret
        for consumer in every.of(str(ref.at(part=one["part"] or "")), str(ref)):
            told.setdefault(one["secret"], {})[consumer.said] = None
    return WhereUsed(places, {secret: tuple(said) for secret, said in told.items()}, here)


def _elsewhere(desk: "Desk", key: str, here: str) -> list[dict[str, Any]]:
    """Places on other machines, as the ledger remembers them."""
    ledger = desk.books.reading()
    with ledger or nullcontext():
        rows = ledger.placements(credential=key) if ledger is not None else ()
        return [
            {
                "store": row.store,
                "scope": row.scope,
                "secret": row.secret,
                "version": row.version,
                "role": row.role,
                "version_state": row.version_state,
                "part": row.part,
                "host": row.host,
                "alias": row.alias,
                "accepted": False,
                "elsewhere": True,
            }
            for row in rows
            if row.host not in ("", here)
        ]
