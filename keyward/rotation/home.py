"""The home store: where a rotation keeps what its provider shows only once (DESIGN.md section 7, "Staging")."""

from collections.abc import Iterator, Sequence

from keyward.model.capability import Can, Ready
from keyward.model.errors import KeywardError, NotConfigured
from keyward.model.ids import SecretRef, quote
from keyward.rotation.facts import Home, PlaceFacts
from keyward.rotation.policy import Policy
from keyward.rotation.reach import Reach
from keyward.rotation.slot import name_of
from keyward.rotation.work import told

KEYRING = "keyring:keyward/*"
"""This user's keyring: the home where no target's store can be one."""

_ANY = "*"
_NEEDED = frozenset({Can.SECRET_STORE})


def slot_in(pattern: str, rotation: str) -> str:
    """The id of a rotation's pending secret in that home."""
    return f"{pattern[: -len(_ANY)]}{quote(name_of(rotation), safe='-')}"


def find_home(reach: Reach, policy: Policy, places: Sequence[PlaceFacts]) -> Home:
    """The home that the settings name; else the store beside a target, which guards no worse; else the keyring."""
    why = "no place of this key is in a store that can keep a pending secret, and this user has no keyring"
    patterns = (policy.home,) if policy.home else (*_beside(reach, places), KEYRING)
    others = (one for one in places if not one.here and one.current and not policy.waives(*one.names))
    hosts = tuple(dict.fromkeys(place.host for place in others))
    for pattern in dict.fromkeys(patterns):
        home = _checked(reach, pattern, hosts)
        if home.pattern or policy.home:
            return home
        why = home.why or why
    return Home(why=why)


def _beside(reach: Reach, places: Sequence[PlaceFacts]) -> Iterator[str]:
    for place in places:
        if place.accepted and place.current and place.here and place.store in reach.stores:
            head, slash, _ = place.secret.rpartition("/")
            if (
                slash
                and Can.SECRET_STORE in reach.stores[place.store].can
                and Can.LOCAL not in reach.stores[place.store].can
            ):
                yield f"{head}/{_ANY}"


def _checked(reach: Reach, pattern: str, hosts: Sequence[str]) -> Home:
    """The home, if a secret can be made there, and these other hosts can read it."""
    try:
        if not pattern.endswith(f"/{_ANY}"):
            raise NotConfigured(f"rotation.home {pattern!r} does not end in /*.", hint="Such as gsm:PROJECT/*.")
        ref = SecretRef.parse(slot_in(pattern, "check"))
        store = reach.store(ref)
        if Can.SECRET_STORE not in store.can:
            return Home(why=f"{store.name} cannot keep a pending secret")
        if hosts and Can.LOCAL in store.can:
            return Home(why=f"{pattern} is on {reach.host} alone, and {' and '.join(hosts)} has to read it too")
        readiness = tuple(store.preflight(ref, _NEEDED, reach.ctx))
    except KeywardError as error:
        return Home(why=f"{pattern}: {told(error)}")
    missing = [item for item in readiness if item.ready is Ready.NO]
    if missing:
        return Home(why=f"{pattern}: {missing[0].what}: {missing[0].why}", readiness=readiness)
    return Home(pattern, readiness=readiness)
