"""Everywhere that a key's value was ever seen: what somebody has to look at when it leaked."""

from collections.abc import Iterator, Sequence

from keyward.ledger.interface import Ledger
from keyward.rotation.facts import PlaceFacts
from keyward.rotation.places import place_of


def seen(ledger: Ledger, credential: str, places: Sequence[PlaceFacts]) -> Iterator[str]:
    """Every place, a line each: its version, host and alias, and whether it is there still. Old versions and removed copies count too."""
    told = set()
    for row in sorted(
        ledger.placements(credential=credential, include_gone=True), key=lambda row: (row.secret, row.version)
    ):
        place = place_of(row)
        told.add((str(place.current), row.host))
        facts = [
            row.role,
            row.version_state,
            f"alias {row.alias}" if row.alias else "",
            f"on {row.host}" if row.host else "",
        ]
        since = f"first seen {row.first_seen:%Y-%m-%d}" if row.first_seen else ""
        gone = f"gone since {row.gone:%Y-%m-%d}" if row.gone else ""
        yield f"{place}: {', '.join(fact for fact in (*facts, since, gone) if fact)}"
    for one in places:
        if (one.at, one.host) not in told:
            on = f", on {one.host}" if one.host else ""
            yield f"{one.at}: found just now{on}"
