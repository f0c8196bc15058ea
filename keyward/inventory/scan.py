"""Asks every source at once, writes what comes as it comes, and links it (DESIGN.md section 9).

Threads ask (`questions`); the thread that called writes the cache (`writing`), links, and tells what changed. A source that fails keeps
its earlier rows.
"""

import time
from collections import Counter
from collections.abc import Iterator
from queue import Empty
from typing import TYPE_CHECKING

from keyward.inventory.asking import Answer, Done
from keyward.inventory.progress import Progress
from keyward.inventory.questions import Questions
from keyward.inventory.relink import earliest
from keyward.inventory.request import ProviderSource, ScanRequest, ScanResult, StoreSource
from keyward.inventory.seen import placement_rows
from keyward.inventory.writing import Writing
from keyward.ledger.records import Seen
from keyward.model.capability import Can
from keyward.model.events import Finished, RowsChanged, ScanStarted, SourceDone, SourceProgress

if TYPE_CHECKING:
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
    asked: tuple[StoreSource | ProviderSource, ...] = (*request.stores, *request.providers)
    sources = {one.id: Progress(one) for one in asked}
    ctx.report(ScanStarted(tuple(sources)))
    if fingerprints is not None:
        cache.use_key(fingerprints.id)
    questions = Questions(request, ctx, fingerprints, cache.looked())
    return _Scan(sources, questions, cache, ctx, request.host, ledger).run()


class _Scan:
    """One scan; its state belongs to the thread that called."""

    def __init__(  # noqa: PLR0917  # made in one place, just above
        self,
        sources: dict[str, Progress],
        questions: Questions,
        cache: "CacheWriter",
        ctx: "Ctx",
        host: str,
        ledger: "Ledger | None",
    ) -> None:
        self._sources, self._questions, self._host = sources, questions, host
        self._cache, self._ctx, self._ledger = cache, ctx, ledger
        self._writing = Writing(cache, questions, ctx, host)
        self._reports: dict[str, SourceReport] = {}
        self._linked = float("-inf")
        self._link_cost = 0.0
        self._unlinked = False

    def run(self) -> ScanResult:
        try:
            self._questions.begin(self._sources.values())
            self._follow()
        finally:
            self._questions.stop(0.0)
        return self._finish()

    # Answers

    def _follow(self) -> None:
        """Take answers until every source has ended, or the scan was cancelled."""
        while any(not progress.ended for progress in self._sources.values()):
            if self._ctx.cancel.is_set():
                self._questions.stop(_PATIENCE)
                while arrived := tuple(self._arrived(0.0)):
                    self._take(arrived)
                return
            self._take(tuple(self._arrived(_LOOK)))

    def _arrived(self, patience: float) -> Iterator[Answer]:
        answers = self._questions.answers
        try:
            yield answers.get(timeout=patience) if patience else answers.get_nowait()
            if patience:
                time.sleep(_GATHER)
            for _ in range(_MOST):
                yield answers.get_nowait()
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
                changed += self._writing.write(progress, answer)
                if progress.open == 0 and not progress.ended:
                    ended.append(self._end(progress, changed))
            changed += self._link()
        for source, number in came.items():
            progress = self._sources[source]
            if not progress.ended:
                told = SourceProgress(source, progress.items, number, progress.open, progress.listed)
                self._ctx.report(told)
        self._tell(changed, ended)

    def _end(self, progress: Progress, changed: list[str]) -> "SourceReport":
        report, other = self._writing.end(progress)
        changed += other
        self._reports[report.id] = report
        self._unlinked = True
        return report

    def _tell(self, changed: list[str], ended: "list[SourceReport]") -> None:
        if changed:
            self._ctx.report(RowsChanged(tuple(dict.fromkeys(changed))))
        for report in ended:
            self._ctx.report(SourceDone(report))

    # Links

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
        reports = tuple(self._reports[one] for one in self._sources)
        return ScanResult(self._ctx.now, reports, self._questions.reads, cancelled)

    def _remember(self) -> None:
        """Tell the ledger which places hold keys."""
        if self._ledger is None:
            return
        now, seen = self._ctx.now, []
        for progress in self._sources.values():
            source = progress.source
            if isinstance(source, StoreSource) and progress.items + progress.listed:
                host = self._host if Can.LOCAL in source.store.can else ""
                rows = placement_rows(self._cache.connection, source.id, progress.seen, now)
                seen.append(Seen(source.id, host, tuple(rows), progress.complete))
        self._ledger.see_all(seen, now)
