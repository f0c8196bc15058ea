"""Asks every source at once, writes what comes as it comes, and links it (DESIGN.md section 9).

Threads ask; the thread that called writes the cache, links, and tells what changed. A source that fails keeps its earlier rows. No value
is read twice where it cannot have changed, and none without consent.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, cast

from keyward.inventory import asking
from keyward.inventory.asking import Answer, Done, FromIndex, Keys, Listed, Looked, Secrets, Used, Valued
from keyward.inventory.doubts import doubted_keys, doubted_secrets
from keyward.inventory.progress import Progress
from keyward.inventory.relink import earliest
from keyward.inventory.request import ProviderSource, ScanRequest, ScanResult, StoreSource
from keyward.inventory.seen import placement_rows
from keyward.inventory.workers import Workers
from keyward.ledger.records import Seen
from keyward.model.capability import Can
from keyward.model.credential import Credential
from keyward.model.events import Finished, RowsChanged, ScanStarted, SourceDone, SourceProgress
from keyward.model.leaf import without_keys
from keyward.model.secretinfo import SecretInfo, VersionState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from keyward.inventory.cache_write import CacheWriter
    from keyward.ledger.interface import Ledger
    from keyward.model.context import Ctx
    from keyward.model.fingerprint import FingerprintKey
    from keyward.model.source import SourceReport

__all__ = ["ProviderSource", "ScanRequest", "ScanResult", "StoreSource", "scan"]

_LOOK = 0.1
"""Seconds between looks at whether the scan was cancelled."""
_PATIENCE = 2.0
"""Seconds that a cancelled scan waits for calls under way."""
_MOST = 500
"""Answers written in one transaction."""
_GATHER = 0.02
"""Seconds for which answers are gathered before they are written: one transaction for many, and the threads that ask are woken less."""
_LINK_EVERY = 0.5
_LINK_SHARE = 30.0
"""Links are made again while the scan goes on, at most that often (seconds) and for at most a thirtieth of the time."""


def scan(
    request: ScanRequest,
    cache: "CacheWriter",
    ctx: "Ctx",
    *,
    fingerprints: "FingerprintKey | None" = None,
    ledger: "Ledger | None" = None,
) -> ScanResult:
    """Ask all sources of the request.

    Args:
        request: what to ask.
        cache: where what is found is written.
        ctx: hears `ScanStarted`, `RowsChanged`, `SourceDone`, `Finished`; its `cancel` ends the scan with what is there.
        fingerprints: the ledger's fingerprint key; None reads no value.
        ledger: learns which places hold keys.

    Raises:
        KeywardError: the cache or the ledger cannot be written. A source that fails is part of the result.
    """
    return _Scan(request, cache, ctx, fingerprints, ledger).run()


class _Scan:
    """One scan; its state belongs to the thread that called."""

    def __init__(
        self,
        request: ScanRequest,
        cache: "CacheWriter",
        ctx: "Ctx",
        fingerprints: "FingerprintKey | None",
        ledger: "Ledger | None",
    ) -> None:
        self._workers = Workers(request.workers)
        self._request, self._cache, self._ctx = (
            request,
            cache,
            replace(ctx, wait=self._wait_aside(ctx.wait), roots=request.roots),
        )
        self._fingerprints, self._ledger = fingerprints, ledger
        sources: list[StoreSource | ProviderSource] = [*request.stores, *request.providers]
        self._sources = {one.id: Progress(one) for one in sources}
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._reports: dict[str, SourceReport] = {}
        self._known: set[tuple[str, str]] = set()
        self._again: set[str] = set()
        self._reads = 0
        self._linked = float("-inf")
        self._link_cost = 0.0
        self._unlinked = False

    def run(self) -> ScanResult:
        self._ctx.report(ScanStarted(tuple(self._sources)))
        if self._fingerprints is not None:
            self._cache.use_key(self._fingerprints.id)
        self._known = self._cache.looked()
        try:
            self._ask_indexes()
            for progress in self._sources.values():
                self._begin(progress)
            self._follow()
        finally:
            self._workers.stop(0.0)
        return self._finish()

    # Asking

    def _wait_aside(self, wait: Callable[[float], bool]) -> Callable[[float], bool]:
        """A source that waits for its quota does not hold up the others."""

        def waits(seconds: float) -> bool:
            with self._workers.aside():
                return wait(seconds)

        return waits

    def _ask(self, progress: Progress, what: str, work: Callable[[asking.Put], None]) -> None:
        progress.open += 1
        put = self._answers.put
        self._workers.submit(asking.run(progress.source.id, what, put, partial(work, put)))

    def _ask_indexes(self) -> None:
        """One question for all sources of a provider or store that has an index; each waits for its part of the answer."""
        groups: dict[str, list[Any]] = {}
        for progress in self._sources.values() if self._request.roots else ():
            source = progress.source
            plugin = source.store if isinstance(source, StoreSource) else source.provider
            if Can.INDEX in plugin.can:
                progress.open += 1
                progress.indexing = True
                groups.setdefault(f"{progress.side}:{plugin.name}", []).append(source)
        for group in groups.values():
            self._workers.submit(partial(asking.ask_index, group, self._request.roots, self._ctx, self._answers.put))

    def _list(self, progress: Progress) -> None:
        source, ctx = progress.source, self._ctx
        if isinstance(source, StoreSource):
            self._ask(progress, "list", partial(asking.list_secrets, source, ctx))
        else:
            self._ask(progress, "list", partial(asking.list_keys, source, ctx))

    def _begin(self, progress: Progress) -> None:
        """Ask for list and use at once; where an index is asked first, use waits until it is known that there is anything."""
        if not progress.indexing:
            self._list(progress)
            self._ask_use(progress)

    def _ask_use(self, progress: Progress) -> None:
        source = progress.source
        if not isinstance(source, StoreSource) and self._request.usage and Can.USAGE in source.provider.can:
            self._ask(progress, "usage", partial(asking.ask_use, source, self._ctx))

    def _ask_values(self, progress: Progress, rows: tuple[Credential, ...]) -> None:
        source = progress.source
        if not isinstance(source, ProviderSource) or not source.values or Can.READ_VALUE not in source.provider.can:
            return
        for one in rows:
            if one.live and self._fingerprints is not None and (one.id, "") not in self._known:
                self._reads += 1
                work = partial(asking.read_value, source, one.ref, self._fingerprints, self._ctx)
                self._ask(progress, "value", work)

    def _ask_payloads(self, progress: Progress, info: SecretInfo) -> None:
        source = progress.source
        assert isinstance(source, StoreSource)  # noqa: S101  # only stores have secrets
        consent = source.values and self._fingerprints is not None
        if info.versions is None and consent and str(info.ref) not in self._again:
            self._again.add(str(info.ref))
            self._ask(progress, "versions", partial(asking.ask_again, source, info, self._ctx))
            return
        for version, readable in _payloads(info):
            if info.immutable_versions and (str(info.ref), version) in self._known:
                progress.looked += 1
            elif consent and readable and self._fingerprints is not None:
                self._reads += Can.LOCAL not in source.store.can
                work = partial(asking.read_payload, source, (info, version), self._fingerprints, self._ctx)
                self._ask(progress, "read", work)
            else:
                progress.not_looked += 1
                progress.blind += not readable

    # Writing

    def _follow(self) -> None:
        """Take answers until every source has ended, or the scan was cancelled."""
        while any(not progress.ended for progress in self._sources.values()):
            if self._ctx.cancel.is_set():
                self._workers.stop(_PATIENCE)
                while arrived := tuple(self._arrived(0.0)):
                    self._take(arrived)
                return
            self._take(tuple(self._arrived(_LOOK)))

    def _arrived(self, patience: float) -> Iterator[Answer]:
        try:
            yield self._answers.get(timeout=patience) if patience else self._answers.get_nowait()
            if patience:
                time.sleep(_GATHER)
            for _ in range(_MOST):
                yield self._answers.get_nowait()
        except Empty:
            return

    def _take(self, answers: tuple[Answer, ...]) -> None:
        """Write what came, in one transaction; then tell."""
        if not answers:
            return
        changed: list[str] = []
        ended: list[SourceReport] = []
        came: Counter[str] = Counter()
        with self._cache.batch():
            for answer in answers:
                came[answer.source] += isinstance(answer, Done)
                progress = self._sources[answer.source]
                changed += self._write(progress, answer)
                if progress.open == 0 and not progress.ended:
                    ended.append(self._end(progress, changed))
            changed += self._link()
        for source, number in came.items():
            progress = self._sources[source]
            if not progress.ended:
                told = SourceProgress(source, progress.items, number, progress.open, progress.listed)
                self._ctx.report(told)
        self._tell(changed, ended)

    def _write(self, progress: Progress, answer: Answer) -> list[str]:
        match answer:
            case Done():
                progress.done(answer)
            case Listed():
                progress.listed = True
            case Keys(rows=rows):
                return self._write_keys(progress, rows)
            case Secrets(rows=rows, again=again):
                self._write_secrets(progress, rows, again=again)
            case Looked(item=item, version=version, parts=parts, lasting=lasting):
                progress.looked += 1
                self._cache.found(item, version, parts, lasting=lasting)
            case Valued(key=key, fingerprint=fingerprint):
                self._cache.value(key, fingerprint)
                self._known.add((key, ""))
            case Used(report=report):
                progress.use = report
            case FromIndex():
                return self._write_indexed(progress, answer)
        return []

    def _write_indexed(self, progress: Progress, answer: FromIndex) -> list[str]:
        """Take what the index told. What the cache knows otherwise is asked for by itself."""
        progress.open -= 1
        if answer.rows is None:
            progress.note, progress.indexing = f"Asked by itself: {answer.why}", False
            self._list(progress)
            self._ask_use(progress)
            return []
        progress.note = "Read from the asset index, which is some minutes late."
        changed: list[str] = []
        if progress.side == "provider":
            keys = cast("Sequence[Credential]", answer.rows)
            doubted = doubted_keys(self._cache.connection, progress.source.id, keys)
            changed = self._write_keys(progress, tuple(one for one in keys if one.id not in doubted))
        else:
            secrets = cast("Sequence[SecretInfo]", answer.rows)
            doubted = doubted_secrets(self._cache.connection, progress.source.id, secrets)
            taken = tuple(one for one in secrets if str(one.ref) not in doubted)
            self._write_secrets(progress, taken, again=False)
        if doubted:
            self._ask(progress, "list", partial(asking.ask_singly, progress.source, sorted(doubted), self._ctx))
        else:
            progress.listed = True
        if answer.rows or doubted:
            self._ask_use(progress)
        return changed

    def _write_keys(self, progress: Progress, rows: tuple[Credential, ...]) -> list[str]:
        changed = []
        for one in rows:
            try:
                with self._cache.one():
                    changed += self._cache.keys(progress.source.id, [one], self._ctx.now)
            except (ValueError, TypeError, OverflowError):  # one odd key never hides its neighbours
                progress.odd += 1
                continue
            progress.items += one.id not in progress.seen
            progress.seen.add(one.id)
        self._ask_values(progress, rows)
        return changed

    def _write_secrets(self, progress: Progress, rows: tuple[SecretInfo, ...], *, again: bool) -> None:
        source = progress.source
        host = self._request.host if isinstance(source, StoreSource) and Can.LOCAL in source.store.can else ""
        for info in rows:
            if any(without_keys(name) != name for name in info.ref.locator):
                progress.telling += 1  # its name is a key, and would stand everywhere that ids stand
                continue
            try:
                with self._cache.one():
                    self._cache.secrets([info], host)
            except (ValueError, TypeError, OverflowError):
                progress.odd += 1
                continue
            progress.items += str(info.ref) not in progress.seen
            progress.seen.add(str(info.ref))
            if not again:
                self._ask_payloads(progress, info)

    def _end(self, progress: Progress, changed: list[str]) -> "SourceReport":
        progress.ended = True
        now, source = self._ctx.now, progress.source
        if isinstance(source, ProviderSource) and progress.items:
            if progress.use is not None:
                changed += self._cache.uses(source.id, progress.use)
            elif Can.USAGE not in source.provider.can:
                changed += self._cache.uses(source.id, None)
        report = progress.report(now, cancelled=self._ctx.cancel.is_set())
        changed += self._cache.end(report, progress.side, progress.seen, now, listed=progress.listed)
        self._reports[source.id] = report = self._cache.report(source.id)
        self._unlinked = True
        return report

    def _link(self, *, last: bool = False) -> list[str]:
        """Link again, unless that was done a moment ago."""
        begun = time.monotonic()
        if not last and (not self._unlinked or begun - self._linked < max(_LINK_EVERY, _LINK_SHARE * self._link_cost)):
            return []
        waiting = [one.source for one in self._sources.values() if not (last or one.ended)]
        providers = frozenset(one.provider.name for one in waiting if isinstance(one, ProviderSource))
        changed = self._cache.relink(providers, self._first_seen, self._ctx.now)
        self._linked, self._unlinked = time.monotonic(), False
        self._link_cost = self._linked - begun
        return changed

    def _first_seen(self) -> "dict[str, datetime]":
        """When keys were first seen, as the ledger remembers it: a cache that was made anew does not make them younger."""
        if self._ledger is None:
            return {}
        return earliest([(row.credential, row.first_seen) for row in self._ledger.placements(include_gone=True)])

    # The end

    def _finish(self) -> ScanResult:
        cancelled = self._ctx.cancel.is_set()
        changed: list[str] = []
        with self._cache.batch():
            ended = [self._end(one, changed) for one in self._sources.values() if not one.ended]
            changed += self._link(last=True)
            self._cache.order()
        self._remember()
        self._tell(changed, ended)
        self._ctx.report(Finished("scan", "cancelled" if cancelled else "done"))
        return ScanResult(self._ctx.now, tuple(self._reports[one] for one in self._sources), self._reads, cancelled)

    def _remember(self) -> None:
        """Tell the ledger which places hold keys."""
        if self._ledger is None:
            return
        now, seen = self._ctx.now, []
        for progress in self._sources.values():
            source = progress.source
            if isinstance(source, StoreSource) and progress.items + progress.listed:
                host = self._request.host if Can.LOCAL in source.store.can else ""
                rows = placement_rows(self._cache.connection, source.id, progress.seen, now)
                seen.append(Seen(source.id, host, tuple(rows), progress.complete))
        self._ledger.see_all(seen, now)

    def _tell(self, changed: list[str], ended: "list[SourceReport]") -> None:
        if changed:
            self._ctx.report(RowsChanged(tuple(dict.fromkeys(changed))))
        for report in ended:
            self._ctx.report(SourceDone(report))


def _payloads(info: SecretInfo) -> list[tuple[str | None, bool]]:
    """(version, whether it can be read) of everything that the secret holds; destroyed versions hold nothing."""
    if info.versions is None:
        return [(info.current, True)]
    return [
        (one.id, one.state is VersionState.ENABLED) for one in info.versions if one.state is not VersionState.DESTROYED
    ]
