"""Whether what the list says of findings still holds. Light: it is asked before every list."""

import json
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from keyward import __version__

if TYPE_CHECKING:
    from datetime import datetime

    from keyward.desk.desk import Desk
    from keyward.inventory.cache import CacheReader
    from keyward.wiring import Parts

META = "judged"
"""Where the cache keeps the mark."""

READ, SETTINGS, DAY = "read", "settings", "day"
STALE = {
    READ: "something was read or changed since",
    SETTINGS: "the settings are other ones now",
    DAY: "that was another day",
}
"""Why it does not hold any more, in words."""

_DAY = 86_400


def mark(parts: "Parts", at: "datetime", written: int) -> str:
    """When everything was judged (UTC), how often the cache had been written to then, and what it was judged with besides."""
    return json.dumps([at.timestamp(), written, _settings(parts)])


def standing(cache: "CacheReader", parts: "Parts") -> tuple[float, str] | None:
    """When the keys in the cache were last judged (seconds since 1970), and why that does not hold any more: empty while it does.

    None: never.
    """
    found = next((row[0] for row in cache.rows("SELECT value FROM meta WHERE name = ?", (META,))), None)
    if found is None:
        return None
    at, written, settings = json.loads(found)
    if written != cache.written:
        return at, READ
    if settings != _settings(parts):
        return at, SETTINGS
    return at, "" if at // _DAY == parts.clock.now().timestamp() // _DAY else DAY


def outdated(desk: "Desk") -> None:
    """The ledger has something new that rules ask for, so what lists say of findings may be otherwise now."""
    from keyward.inventory.cache_write import CacheWriter  # only who changes something pays for it
    from keyward.model.errors import KeywardError

    parts = desk.parts
    with suppress(KeywardError), closing(CacheWriter(parts.paths.inventory, parts.world, desk.warn)) as cache:
        cache.outdated()


def _settings(parts: "Parts") -> str:
    said = parts.settings
    owned = (said.policies, said.exceptions, said.production, said.environments, said.scan.owner_labels)
    return repr((__version__, owned, said.data, said.attestations, said.statements))
