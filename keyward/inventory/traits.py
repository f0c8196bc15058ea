"""What is seen at a part of a payload while it is read, and what is known of it afterwards."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from keyward.model.detector import Check
from keyward.model.detectors import BY_KIND, imitates
from keyward.model.ids import PlacementRef, SecretRef
from keyward.model.made_up import stands_for
from keyward.model.parts_base64 import BASE64
from keyward.model.trait import Noted, Trait, in_query

if TYPE_CHECKING:
    from keyward.inventory.cache import CacheReader
    from keyward.model.parts import Part

_DOCUMENTS = (b"{", b"-----BEGIN ")
"""How values begin whose readers pass over white space around them."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_NOTED = """
    SELECT s.store, s.locator, s.scope, p.version, p.name, p.kind, p.traits FROM part p JOIN secret s ON s.id = p.item
    WHERE p.traits != '' AND p.key_id = (SELECT value FROM meta WHERE name = 'fingerprint_key_id')
    ORDER BY p.item, p.version, p.name
"""


def traits(part: "Part", payload: bytes, *, alone: bool) -> tuple[Trait, ...]:
    """What is wrong with that part as it is written in the payload; `alone` says that the payload has no named parts."""
    return tuple(_traits(part, payload, alone=alone))


def _traits(part: "Part", payload: bytes, *, alone: bool) -> Iterator[Trait]:
    value = part.value.reveal()
    if alone and not part.name and _blanks(part, value, payload):
        yield Trait.BLANKS
    detector = BY_KIND.get(part.kind)
    if detector is None:
        name = part.name.rpartition("/")[2]
        # A whole payload that is more than one value has no shape, and stands for nothing.
        if imitates(value, name) or stands_for(value, name):
            yield Trait.MADE_UP
    elif detector.is_secret:
        # What people choose themselves has no shape that a generator would keep to.
        if not detector.chosen and detector.check(value) is Check.FAILS:
            yield Trait.UNFIT
        if in_query(payload, part.start):
            yield Trait.IN_QUERY


def _blanks(part: "Part", value: bytes, payload: bytes) -> bool:
    """Whether the payload is one value with white space around it that its readers do not take off themselves."""
    if value.startswith(_DOCUMENTS) or part.encoding.endswith(BASE64) or len(value.split()) != 1:
        return False
    begins = len(_BYTE_ORDER_MARK) if payload.startswith(_BYTE_ORDER_MARK) else 0
    return (part.start, part.end) != (begins, len(payload))


def of_place(words: str) -> str:
    """Those of the words (as `Found` has them) that are still true when another value is put into the same place."""
    return " ".join(one for one in words.split() if not Trait(one).of_value)


def noted(cache: "CacheReader") -> dict[str, list[Noted]]:
    """Every part in the cache at which something was seen, by the id of its secret."""
    found: dict[str, list[Noted]] = defaultdict(list)
    for store, locator, scope, version, name, kind, words in cache.rows(_NOTED):
        secret = SecretRef(store, tuple(json.loads(locator)), scope)
        one = Noted(PlacementRef(secret, version, name), kind, frozenset(map(Trait, words.split())))
        found[str(secret)].append(one)
    return found
