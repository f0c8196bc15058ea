"""Values that stand in several places: told by their fingerprints, so values that could be guessed are never among them."""

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from keyward.model.ids import PlacementRef, SecretRef
from keyward.model.trait import Twins

if TYPE_CHECKING:
    from keyward.inventory.cache import CacheReader

# A piece of something larger (`~@`), what lies inside of a key, and a payload that has named parts are no values of their own.
_TWINS = """
    WITH own AS (
        SELECT p.fingerprint, s.store, s.locator, s.scope, p.item, p.version, p.name FROM part p JOIN secret s ON s.id = p.item
        WHERE p.key_id = (SELECT value FROM meta WHERE name = 'fingerprint_key_id') AND p.version = s.current
          AND p.fingerprint != '' AND p.inside IS NULL AND instr(p.name, '~@') = 0 AND (
            p.name != '' OR NOT EXISTS (
              SELECT 1 FROM part o WHERE (o.key_id, o.item, o.version) = (p.key_id, p.item, p.version) AND o.inside IS NULL
                AND o.name != '' AND instr(o.name, '~@') != 1
            )
          )
    )
    SELECT fingerprint, fingerprint IN (SELECT fingerprint FROM placement), store, locator, scope, version, name FROM own
    WHERE fingerprint IN (SELECT fingerprint FROM own GROUP BY fingerprint HAVING count(*) > 1)
    ORDER BY fingerprint, item, name
"""


def twins(cache: "CacheReader") -> dict[str, list[Twins]]:
    """Every value that stands in more than one place, by the id of each secret that it stands in."""
    same: dict[tuple[str, bool], list[PlacementRef]] = defaultdict(list)
    for fingerprint, known, store, locator, scope, version, name in cache.rows(_TWINS):
        secret = SecretRef(store, tuple(json.loads(locator)), scope)
        same[fingerprint, bool(known)].append(PlacementRef(secret, version, name))
    found: dict[str, list[Twins]] = defaultdict(list)
    for (_, known), places in same.items():
        for secret_id in dict.fromkeys(str(place.secret) for place in places):
            found[secret_id].append(Twins(tuple(places), known))
    return found
