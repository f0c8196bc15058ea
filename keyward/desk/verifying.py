"""Trying keys one after the other, with what the cache knows of their places."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from keyward.desk.judged_mark import outdated
from keyward.inventory.verify import Verifier
from keyward.model.detectors import BY_KIND
from keyward.model.errors import UnknownKey
from keyward.model.ids import SHAPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyward.desk.desk import Desk
    from keyward.model.context import Ctx
    from keyward.model.verdict import Verdict
    from keyward.providers.interface import Provider


def verify(desk: "Desk", keys: Sequence[str], ctx: "Ctx") -> "Iterator[tuple[str, Verdict]]":
    """Try each key once.

    Raises:
        UnknownKey: the cache has no such key.
        Interrupted: cancelled.
    """
    ledger, _ = desk.books.writing()  # it remembers these uses, so that they are not taken for somebody else's
    parts = desk.parts

    def provider(name: str) -> "Provider | None":
        known = BY_KIND[name].provider if name in BY_KIND else name  # keys known by their shape name that shape
        if known not in parts.providers.names and name in BY_KIND:
            known = SHAPE  # no provider of its own, but perhaps a request that tries it
        return parts.providers.get(known) if known in parts.providers.names else None

    verifier = Verifier(provider, parts.stores.get, ledger, ctx)
    cache, tried = desk.cache(), False
    try:
        for key in keys:
            credential = cache.credential(key)
            if credential is None:
                raise UnknownKey(f"There is no key {key!r} in the last scan.", hint="`keyward scan` looks again.")
            tried = True
            yield key, verifier.verify(credential, cache.placements(key))
    finally:
        cache.close()
        if tried:
            outdated(desk)
