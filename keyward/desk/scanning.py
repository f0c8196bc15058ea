"""One scan from a wish to its summary: sources, consent, ledger, cache."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from keyward.desk.around import of_scan
from keyward.desk.blind import blind
from keyward.desk.data_judging import judge
from keyward.desk.declaring import keep
from keyward.desk.gaps import Gaps
from keyward.desk.sources import check, sources
from keyward.desk.wish import ScanSummary, ScanWish
from keyward.inventory.ahead import reads_ahead, unknown
from keyward.inventory.cache_write import CacheWriter
from keyward.inventory.request import ScanRequest
from keyward.inventory.scan import scan
from keyward.inventory.snapshots.take import take
from keyward.model.capability import Can
from keyward.model.errors import KeywardError
from keyward.model.ids import DECLARED
from keyward.rotation.allowed import tell_allowed

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
    tell_allowed(ledger, parts.host, parts.settings.targets.allow)
    found = sources(parts, wish, books.folders(), ctx, index=True)
    books.remember_folders(wish.folders)
    warnings = [*found.notes]
    with closing(CacheWriter(parts.paths.inventory, parts.world, warnings.append)) as cache:
        if announce is not None:
            reads, where = _ahead(cache, key.id, found.request, ctx, first=bool(wish.values))
            if reads:
                announce(reads, where)
        cache.use_key(key.id)
        declared = parts.providers.get(DECLARED)
        keep(cache, ledger, declared, ctx)  # before, so that they are found; afterwards, so that those that are gone go
        result = scan(found.request, cache, ctx, fingerprints=key, ledger=ledger)
        keep(cache, ledger, declared, ctx)
        cancelled = result.cancelled
        if (wish.context or parts.settings.scan.context) and not cancelled:
            cancelled = not of_scan(parts, cache, found.request, ctx)
        judge(parts, cache, ctx.now.date())
        reports = (*result.sources, *found.failed)
        try:
            kept = parts.paths.snapshots
            take(kept, cache, reports, result.at, warn=warnings.append, cancelled=result.cancelled)
        except KeywardError as error:  # the scan itself is done, and told
            warnings.append(str(error))
        keys, secrets, placements = (
            cache.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608  # names of our own, never outside text
            for table in _COUNTED  # constants
        )
    return ScanSummary(
        result.at,
        reports,
        keys,
        secrets,
        placements,
        reads=result.reads,
        warnings=tuple(dict.fromkeys(warnings)),
        strict=wish.strict,
        cancelled=cancelled,
        blind=blind([*(one.provider for one in found.request.providers), *(one.store for one in found.request.stores)]),
        gaps=Gaps(parts.settings.gaps, ctx.now).open(reports),
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
