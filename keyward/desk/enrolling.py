"""Enrolment: which keys fall under which rule, and which of their places become targets. Nothing is rotated."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyward.desk.due import rules
from keyward.desk.wish import Changes
from keyward.ledger.records import TargetRow
from keyward.model.capability import Can
from keyward.model.ids import PlacementRef
from keyward.model.query import parse
from keyward.rotation.places import Holds
from keyward.rotation.rules import matched
from keyward.rotation.tries import tries

if TYPE_CHECKING:
    from keyward.desk.desk import Desk
    from keyward.rotation.facts import PlaceFacts
    from keyward.rotation.plan import KeyPlan
    from keyward.rotation.rules import Rule


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a key, as it is now: whether it is a target already, could become one, and if not why."""

    at: str
    accepted: str = ""
    new: bool = False
    why_not: str = ""

    @property
    def open(self) -> bool:
        """Whether it only waits to be accepted."""
        return not self.accepted and not self.why_not


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One key: the rule that it falls under, its places, and what else keeps it from being rotated."""

    key: str
    name: str
    rule: "Rule | None"
    places: tuple[Place, ...]
    in_the_way: tuple[str, ...] = ()


def enrolments(desk: "Desk", query: str) -> tuple[Enrolment, ...]:
    """How the keys of a query stand; each is read again, with all its places. Changes nothing."""
    now = desk.parts.clock.now()
    with closing(desk.cache()) as cache:
        columns = cache.columns()
    chosen = parse(query).columns(columns, range(len(columns.id)), now)
    rule_of = matched(rules(desk.parts), columns, now)
    if not chosen:
        return ()
    plan = desk.rotating.plan([columns.id[at] for at in chosen], Changes())
    return tuple(
        Enrolment(key.id, columns.name[at], rule_of.get(at), _places(key), _in_the_way(key))
        for at, key in zip(chosen, plan.keys, strict=True)
    )


def accept(desk: "Desk", places: Sequence[str], keys: Sequence[str], how: str) -> None:
    """Accept these places as targets, and let starts of these keys that failed be tried again at once."""
    ledger, _ = desk.books.writing()
    now = desk.parts.clock.now()
    rows = []
    for at in places:
        store = desk.parts.stores.get(PlacementRef.parse(at).secret.store)
        host = desk.parts.host if Can.LOCAL in store.can else ""
        rows.append(TargetRow(at, desk.parts.actor, now, how, (host,)))
    ledger.accept(rows)
    failed = tries(ledger)
    for key in keys:
        if key in failed:
            ledger.set_meta(failed[key].fact[0], None)


def _places(key: "KeyPlan") -> tuple[Place, ...]:
    return tuple(
        Place(place.said, place.how if place.accepted else "", place.new, _why_not(place)) for place in key.places
    )


def _why_not(place: "PlaceFacts") -> str:
    if not place.here:
        return f"on host {place.host}; enrol it there"
    if place.holds is None:
        return place.problem or "it cannot be read now"
    if place.holds is not Holds.OLD:
        return f"it holds {place.holds.value}"
    if place.hands_off:
        return "it carries keyward=hands-off"
    return place.foreign or place.unsafe


def _in_the_way(key: "KeyPlan") -> tuple[str, ...]:
    """What no acceptance of a place would change."""
    places = {place.at for place in key.places}
    return tuple(one.what for one in key.blockers if not any(at in one.what for at in places))
