"""One scan from a wish to its summary: sources, consent, ledger, cache."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from keyward.desk.sources import check, sources
from keyward.desk.wish import ScanSummary, ScanWish
from keyward.inventory.ahead import reads_ahead, unknown
from keyward.inventory.cache_write import CacheWriter
from keyward.inventory.request import ScanRequest
from keyward.inventory.scan import scan
from keyward.model.capability import Can

if TYPE_CHECKING:
    from keyward.desk.books import Books
    from keyward.model.context import Ctx
    from keyward.wiring import Parts

Announce = Callable[[int, int], None]
"""Hears, before any is made, how many audited reads of values at most, and in how many sources."""


def run(parts: "Parts", books: "Books", wish: ScanWish, ctx: "Ctx", announce: Announce | None = None) -> ScanSummary:
    """Scan.

    Args:
        parts: the real parts.
        books: ledger and fingerprint key; both are made when they are not there.
        wish: what to scan.
        ctx: clock, cancellation and listener.
        announce: hears how many audited reads are about to be made.

    Raises:
        KeywardError: nothing could be scanned at all.
    """
    wish = check(wish)
    ledger, key = books.writing()
    found = sources(parts, wish, books.folders(), ctx)
    books.remember_folders(wish.folders)
    warnings = [*found.notes]
    with closing(CacheWriter(parts.paths.inventory, parts.world, warnings.append)) as cache:
        if announce is not None:
            reads, where = _ahead(cache, key.id, found.request, ctx, first=bool(wish.values))
            if reads:
                announce(reads, where)
        result = scan(found.request, cache, ctx, fingerprints=key, ledger=ledger)
        keys, secrets, placements = (
            cache.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608  # names of our own, never outside text
            for table in _COUNTED  # constants
        )
    return ScanSummary(
        result.at,
        (*result.sources, *found.failed),
        keys,
        secrets,
        placements,
        reads=result.reads,
        warnings=tuple(dict.fromkeys(warnings)),
        strict=wish.strict,
        cancelled=result.cancelled,
    )


_COUNTED = ("key", "secret", "placement")


def _ahead(cache: CacheWriter, key_id: str, request: ScanRequest, ctx: "Ctx", *, first: bool) -> tuple[int, int]:
    """How many audited reads there will be at most, and in how many sources.

    With `first`, sources never seen before are listed for that, without reading a value: consent for one run wants to know its size.
    """
    asked = replace(
        request,
        providers=tuple(
            replace(one, values=False) for one in request.providers if one.values and Can.READ_VALUE in one.provider.can
        ),
        stores=tuple(
            replace(one, values=False) for one in request.stores if one.values and Can.LOCAL not in one.store.can
        ),
        usage=False,
    )
    ids = [*(one.id for one in asked.providers), *(one.id for one in asked.stores)]
    new = set(unknown(cache.connection, ids))
    if new and first:
        listing = replace(
            asked,
            providers=tuple(one for one in asked.providers if one.id in new),
            stores=tuple(one for one in asked.stores if one.id in new),
        )
        scan(listing, cache, replace(ctx, report=lambda _: None))
        ctx.check()
    return reads_ahead(cache.connection, key_id, request), len(ids)
