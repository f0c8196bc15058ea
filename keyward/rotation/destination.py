"""A place that a key is to be written to although it was never there: `import KEY --to`, `rotate --to`.

The value moves to another secret by this, so the place has to be one that a person named: at the terminal, or in `[targets] allow`. What
it holds already is never overwritten, and it is never moved to a less guarded kind of store without a word.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase

from keyward.model.capability import Can, Readiness, Ready
from keyward.model.credential import Credential
from keyward.model.errors import Gone, KeywardError, NotConfigured, Refused, SourceError
from keyward.model.ids import CredentialRef, PlacementRef
from keyward.model.secretinfo import Payload, SecretInfo
from keyward.rotation.blockers import Blocker, Why
from keyward.rotation.facts import PlaceFacts
from keyward.rotation.foreign import hands_off, owner, rotator
from keyward.rotation.places import Holds, holds
from keyward.rotation.policy import Policy
from keyward.rotation.reach import Reach
from keyward.rotation.state import KeyFacts
from keyward.rotation.work import told
from keyward.stores.interface import Store

_GUARDED = ("an open file", "this user's keyring", "a secret store")


class There(StrEnum):
    """What is in the place now."""

    ABSENT = "no such secret"
    EMPTY = "a secret without a value"
    KEY = "this key"
    OTHER = "another value"
    UNREAD = "not readable"


@dataclass(frozen=True, slots=True)
class Destination:
    """The place as it is now. `version` and `token` are the present ones; `guarded` orders kinds of stores, 2 is the best.

    `pair` says that the key is an id and a secret.
    """

    place: PlacementRef
    there: There
    version: str = ""
    token: str = ""
    host: str = ""
    guarded: int = 2
    problem: str = ""
    foreign: str = ""
    hands_off: bool = False
    unsafe: str = ""
    can_make: bool = False
    pair: bool = False
    readiness: tuple[Readiness, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of its store, in words."""
        return _GUARDED[self.guarded]


def find(reach: Reach, place: PlacementRef, key: KeyFacts) -> Destination:
    """Look at the place of that key; nothing is changed.

    Raises:
        NotConfigured: its store is not available here.
        Interrupted: cancelled.
    """
    store, at = reach.store(place.secret), place.current
    host = reach.host if Can.LOCAL in store.can else ""
    can_make = Can.SECRET_STORE in store.can and Can.LOCAL not in store.can
    pair = bool(key.pair_id)
    found = Destination(at, There.ABSENT, host=host, guarded=_level(store, None), can_make=can_make, pair=pair)
    try:
        info = store.get(at.secret, reach.ctx)
    except Gone:
        return replace(found, readiness=_ready(reach, store, at, frozenset({Can.SECRET_STORE})) if can_make else ())
    except (SourceError, Refused) as error:
        return replace(found, there=There.UNREAD, problem=told(error))
    empty = info.versions is not None and not info.versions
    found = replace(
        found,
        guarded=_level(store, info),
        foreign=owner(info.labels, info.annotations) or rotator(info),
        hands_off=hands_off(info.labels, info.annotations),
        unsafe=info.unsafe,
        readiness=_ready(reach, store, at, frozenset({Can.WRITE} if empty else {Can.READ, Can.WRITE}), info),
    )
    if empty:
        return replace(found, there=There.EMPTY)
    try:
        payload = store.read(at.secret, reach.ctx)
    except (SourceError, Refused, Gone) as error:
        return replace(found, there=There.UNREAD, problem=told(error))
    return replace(found, there=_holding(reach, payload, at, key), version=payload.version, token=payload.token)


def _holding(reach: Reach, payload: Payload, at: PlacementRef, key: KeyFacts) -> There:
    if not payload.data and not at.part:
        return There.EMPTY
    return There.KEY if holds(payload, at.part, reach.fingerprints, old=key) is Holds.OLD else There.OTHER


def _level(store: Store, info: SecretInfo | None) -> int:
    if info is not None and info.plaintext:
        return 0
    return 1 if Can.LOCAL in store.can else 2


def _ready(
    reach: Reach, store: Store, at: PlacementRef, want: frozenset[Can], known: SecretInfo | None = None
) -> tuple[Readiness, ...]:
    try:
        return tuple(store.preflight(at.secret, want, reach.ctx, known))
    except KeywardError as error:
        return (Readiness(f"write {at.secret}", Ready.UNKNOWN, told(error)),)


def blockers(
    found: Destination, key: str, places: Sequence[PlaceFacts], policy: Policy, levels: Sequence[int]
) -> Iterator[Blocker]:
    """What keeps the key from being written there.

    Args:
        found: the place.
        key: the key's id.
        places: where it is now.
        policy: who asks, what the settings allow.
        levels: how well the places where it is now are guarded.
    """
    at = str(found.place)
    yield from _there(found)
    if found.there is There.KEY and any(place.here and place.at == at for place in places):
        return  # it is a place of this key, and judged as one
    if found.hands_off:
        yield Blocker(Why.REFUSED, f"{at} carries keyward=hands-off", "Remove that label, or name another place.")
    if found.foreign and not policy.even_if_foreign:
        yield Blocker(Why.REFUSED, f"{at}: {found.foreign}", "Name another place.")
    if found.unsafe:
        yield Blocker(Why.REFUSED, f"{at} is not written: it {found.unsafe}", "Repair that, or name another place.")
    for item in found.readiness:
        if item.ready is Ready.NO:
            missing = f" (needs {item.permission})" if item.permission else ""
            yield Blocker(Why.BLOCKED, f"{at}: {item.what}: {item.why}{missing}", item.fix)
    yield from _allowed(found, key, policy, levels)


def _there(found: Destination) -> Iterator[Blocker]:
    """Whether what is there lets a new value in."""
    at = str(found.place)
    if found.there is There.UNREAD:
        yield Blocker(
            Why.BLOCKED, f"{at} cannot be read now: {found.problem}", "Make it readable, or name another place."
        )
    elif found.there is There.OTHER:
        what = f"{at} holds another value, which is never overwritten"
        yield Blocker(Why.REFUSED, what, "Name a secret that does not exist yet, or one without a version.")
    elif found.there is not There.KEY and found.pair:
        what = f"{at} would hold the secret of this key without the id that belongs to it"
        yield Blocker(Why.REFUSED, what, "Put both into one env file or JSON object yourself, and scan.")
    elif found.there is There.ABSENT and not found.can_make:
        what = f"{at} does not exist, and keyward makes nothing new in {found.kind}"
        yield Blocker(Why.REFUSED, what, "Put the key there yourself and scan, or name a secret store.")
    elif found.there is not There.KEY and found.place.part:
        what = f"{at} names a part, and a new secret holds the key alone"
        yield Blocker(Why.REFUSED, what, f"Name {found.place.secret}.")


def _allowed(found: Destination, key: str, policy: Policy, levels: Sequence[int]) -> Iterator[Blocker]:
    """Whether somebody may have meant the value to go there."""
    at = str(found.place)
    if not policy.allow_less_guarded and levels and found.guarded < max(levels):
        what = f"{at} is in {found.kind}, which is less guarded than {_GUARDED[max(levels)]}, where the key is now"
        yield Blocker(Why.PERSON, what, "Say --allow-less-guarded if that is meant.")
    named = any(fnmatchcase(name, mask) for mask in policy.allow for name in (at, str(found.place.secret)))
    same = not found.host and found.place.secret.scope == CredentialRef.parse(key).scope
    if not (policy.interactive or named or same):
        where = f"on {found.host}" if found.host else f"outside of {CredentialRef.parse(key).scope}"
        what = f"{at} is {where}, and nobody is at the terminal to mean that"
        yield Blocker(Why.PERSON, what, f'Allow it by a rule: allow = ["{found.place.secret}"] under [targets].')


def levels_of(reach: Reach, places: Sequence[PlaceFacts]) -> list[int]:
    """How well the stores of these places guard what they hold."""
    found = []
    for place in places:
        if place.current and place.here:
            try:
                secret = PlacementRef.parse(place.at).secret
                store = reach.store(secret)
                found.append(_level(store, store.get(secret, reach.ctx, versions=False)))
            except (KeywardError, NotConfigured):
                continue
    return found


def added(reach: Reach, credential: Credential, places: Sequence[PlaceFacts], policy: Policy) -> tuple[PlaceFacts, ...]:
    """The places of a key, and those that are to get it too although they never held it.

    Raises:
        NotConfigured: a store is not available here.
    """
    found = {(place.at, place.host): place for place in places}
    levels = levels_of(reach, places) if policy.to else []
    for name in policy.to:
        there = find(reach, PlacementRef.parse(name), KeyFacts.of(credential))
        at = (str(there.place), there.host)
        stops = tuple(
            (one.why.value, one.what, one.hint) for one in blockers(there, credential.id, places, policy, levels)
        )
        known = found.get(at)
        if known is not None and known.holds is Holds.OLD:
            found[at] = known if known.accepted else replace(known, accepted=True, how="accepted now by name")
        else:
            found[at] = _fresh(there, stops)
    return tuple(found.values())


def _fresh(there: Destination, stops: tuple[tuple[str, str, str], ...]) -> PlaceFacts:
    at = there.place
    return PlaceFacts(
        str(at),
        str(at.secret),
        at.part,
        at.secret.store,
        at.secret.scope,
        version=there.version,
        host=there.host,
        holds=Holds.NOTHING if there.there is not There.KEY else Holds.OLD,
        accepted=True,
        how="named now as a new place",
        form=there.there.value,
        readiness=there.readiness,
        fresh=there.there is not There.KEY,
        in_the_way=stops,
    )
