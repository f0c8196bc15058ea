"""What the world answers to one request, and what must never come of one."""

from collections.abc import Iterator
from typing import NamedTuple

from tests.rotation.explore.world import (
    FOREIGN,
    GONE,
    OFF,
    OLD,
    ON,
    Budget,
    Key,
    World,
    advanced,
    rotation,
)


class Violation(AssertionError):
    """A promise was broken."""


class Held(Exception):  # as in the ledger
    """The lease was lost."""


class Rules(NamedTuple):
    """What is explored: class, whether an audit log proves, whether lists lag, and deliberate mistakes."""

    crash: str
    proof: bool = True
    lag: bool = False
    flaws: frozenset[str] = frozenset()


QUIET = frozenset({"slot", "own", "key", "suspects", "list", "material", "row"})
"""Looks that change nothing: with no other process at work they need no place of their own in the order of things."""


def answers(
    world: World, op: tuple, mine: bool, budget: Budget, rules: Rules
) -> Iterator[tuple[World, object, Budget]]:
    """Every way in which the world may answer; `mine` says whether the asker has the newest lease.

    Raises:
        Held: the lease was lost.
        Violation: a promise was broken.
    """
    what, *more = op
    if what in _CHANGES:
        for done, answer in _CHANGES[what](world, mine, rules, *more):
            yield done, answer, budget
            if budget.lost and answer not in ("conflict", "spent", "adopted") and what != "wipe":
                less = budget._replace(lost=budget.lost - 1)
                lost = ("lost", 0) if what == "create" else "lost"
                yield done, lost, less
                yield world, lost, less
    else:
        done, answer = _LOOKS[what](world, mine, rules, *more)
        yield done, answer, budget


# changes -----------------------------------------------------------------------------------------------------------------------


def _create(world, mine, rules, name, made_of):
    if rules.crash == "A" and name != "random":
        for number, key in enumerate(world.keys):
            if key.who == "keyward" and key.made_of == name:
                yield (world, ("adopted", number)) if key.state == ON else (world, ("spent", 0))
                return
    marks = 2 if "marker copied" in rules.flaws else 1
    number = len(world.keys)
    key = Key(
        ON,
        made_of=name if rules.crash == "A" else made_of,
        listed=not rules.lag,
        late=not (mine and world.valid),
        marks=marks,
    )
    if number > 5:
        raise Violation("keys without end")
    yield world._replace(keys=(*world.keys, key)), ("ok", number)


def _act(world, mine, rules, number, state):
    key = world.keys[number]
    if key.state == state or (key.state == GONE and not (rules.crash == "A" and state == ON)):
        yield world, "ok"
        return
    if number == OLD and state in (OFF, GONE):
        if not (mine and world.valid):
            world = world._replace(late_end=True)
        elif rotation(world.row).cutover is None:
            raise Violation("the old key was ended before the cut-over")
        if world.used == "known" and not world.late_end:
            raise Violation("a key that was seen in use was ended")
    if key.who == "stranger":
        raise Violation("a stranger's key was ended")
    yield ended(world, number, state), "ok"


def ended(world, number, state):
    """The world after a key changed its state; places that were edited and not read since are nobody's fault."""
    keys = tuple(key._replace(state=state) if index == number else key for index, key in enumerate(world.keys))
    places = world.places
    if state != ON:
        places = tuple(
            place._replace(edit="excused")
            if place.value == number and (place.edit == "fresh" or world.late_end)
            else place
            for place in places
        )
    return world._replace(keys=keys, places=places)


def _write(world, mine, rules, number, version, value, side):  # noqa: PLR0917  # a request, spelled out
    place = world.places[number]
    if place.version != version:
        yield world, "conflict"
        return
    if place.value == FOREIGN:
        raise Violation("somebody else's value was overwritten")
    if side < place.side:
        raise Violation("what stood beside the key was lost")
    row = rotation(world.row)
    # Frozen for longer than its lease between its last check and this request, while a person turned the rotation round.
    too_late = not mine and (bool(row.failure) or row.closed)
    wrote = place._replace(value=value, version=version + 1, edit="excused" if too_late else "")
    yield world._replace(places=(*world.places[:number], wrote, *world.places[number + 1 :])), "ok"


def _put(world, mine, rules, expected, slot):
    if world.slot != expected:
        yield world, "conflict"
    else:
        yield world._replace(slot=slot), "ok"


def _wipe(world, mine, rules):
    yield world._replace(slot=None), "ok"


_CHANGES = {"create": _create, "act": _act, "write": _write, "put": _put, "wipe": _wipe}


# looks -------------------------------------------------------------------------------------------------------------------------


def _commit(world, mine, rules, row, event, leak):  # noqa: PLR0917  # a request, spelled out
    if not mine and "no fence" not in rules.flaws:
        raise Held
    now = advanced(row, event)
    return world._replace(row=now, leak=world.leak or leak), now


def _guard(world, mine, rules, fresh):
    if "no fence" in rules.flaws:
        return world, "ok"
    if not mine or (fresh and not world.valid):
        raise Held  # it is another one's, or this one stood still for longer than its lease since it said what it will do
    return world._replace(valid=True), "ok"


def _live(world, keep):
    return tuple(
        number for number, key in enumerate(world.keys) if number and key.state == ON and key.listed and keep(key)
    )


def _own(world, mine, rules, made_of):
    ours = {
        "A": lambda key: key.who == "keyward" and "random ids" not in rules.flaws,
        "B": lambda key: bool(made_of) and key.made_of == made_of,
        "C": lambda key: key.who == "keyward",
        "D": lambda key: rules.proof and key.who == "keyward",
        "E": lambda key: False,
    }
    return world, _live(world, ours[rules.crash])


def _suspects(world, mine, rules, baseline):
    if rules.crash != "D" or (rules.proof and "sweeps strangers" not in rules.flaws):
        return world, ()
    return world, tuple(number for number in _live(world, lambda key: True) if str(number) not in baseline)


def _list(world, mine, rules):
    return world, (OLD, *_live(world, lambda key: True))


def _read(world, mine, rules, number):
    place = world.places[number]
    if place.edit == "fresh" and mine:  # what a fenced process sees reaches nobody
        known = place._replace(edit="known")
        world = world._replace(places=(*world.places[:number], known, *world.places[number + 1 :]))
    return world, place._replace(edit="", remembered=0)


def _use(world, mine, rules):
    return (world._replace(used="known") if world.used and mine else world), bool(world.used)


def _material(world, mine, rules):
    return world._replace(materials=world.materials + 1), world.materials + 1


_LOOKS = {
    "commit": _commit,
    "guard": _guard,
    "own": _own,
    "suspects": _suspects,
    "list": _list,
    "read": _read,
    "use": _use,
    "material": _material,
    "key": lambda world, mine, rules, number: (world, world.keys[number].state),
    "slot": lambda world, mine, rules: (world, world.slot),
    "too late": lambda world, mine, rules, surely: (
        world._replace(for_doctor=world.for_doctor or surely or rules.lag),
        "ok",
    ),
    "row": lambda world, mine, rules: (world, world.row),
}
