"""Whether what the list says of data handling still holds. Light: it is asked before every list."""

from datetime import date
from typing import TYPE_CHECKING

from keyward import __version__

if TYPE_CHECKING:
    from keyward.inventory.cache import CacheReader
    from keyward.wiring import Parts

META = "data"
"""Where the cache keeps the mark."""


def mark(parts: "Parts", until: date) -> str:
    """What the words were judged with besides facts, and the last day on which they hold."""
    settings = parts.settings
    return f"{until.isoformat()} {(__version__, settings.data, settings.attestations, settings.statements)!r}"


def holds(cache: "CacheReader", parts: "Parts") -> bool:
    """Whether settings and day are such that the words in the cache hold; of an empty cache they do."""
    found = next((row[0] for row in cache.rows("SELECT value FROM meta WHERE name = ?", (META,))), None)
    if found is None:
        return cache.world is None
    until = date.fromisoformat(found[:10])
    return bool(found == mark(parts, until)) and parts.clock.now().date() <= until
