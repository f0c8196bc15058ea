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
            _announce(cache, key.id, found.request, wish, ctx, announce)
        result = scan(found.request, cache, ctx, fingerprints=key, ledger=ledger)
        counts = [cache.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _COUNTED]  # noqa: S608
    return ScanSummary(
        result.at,
        (*result.sources, *found.failed),
        *counts,
        reads=result.reads,
        warnings=tuple(dict.fromkeys(warnings)),
        strict=wish.strict,
        cancelled=result.cancelled,
    )


_COUNTED = ("key", "secret", "placement")


def _announce(
    cache: CacheWriter, key_id: str, request: ScanRequest, wish: ScanWish, ctx: "Ctx", announce: Announce
) -> None:
    """Count the reads first. Sources never seen before are listed for that, without reading a value, when the consent is this run's."""
    asked = ScanRequest(
        tuple(
            replace(one, values=False) for one in request.providers if one.values and Can.READ_VALUE in one.provider.can
        ),
        tuple(replace(one, values=False) for one in request.stores if one.values and Can.LOCAL not in one.store.can),
        usage=False,
        workers=request.workers,
        host=request.host,
    )
    ids = [one.id for one in (*asked.providers, *asked.stores)]
    new = set(unknown(cache.connection, ids))
    if new and wish.values:
        first = replace(
            asked,
            providers=tuple(one for one in asked.providers if one.id in new),
            stores=tuple(one for one in asked.stores if one.id in new),
        )
        scan(first, cache, replace(ctx, report=lambda _: None))
        ctx.check()
    reads = reads_ahead(cache.connection, key_id, request)
    if reads:
        announce(reads, len(ids))
