"""What a scan asks next: of a source, an index, about a key, about a secret. Threads do the asking; their answers wait in a queue."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from keyward.inventory import asking
from keyward.inventory.request import ProviderSource, ScanRequest, StoreSource
from keyward.inventory.workers import Workers
from keyward.model.capability import Can
from keyward.model.secretinfo import SecretInfo, VersionState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keyward.inventory.asking import Answer
    from keyward.inventory.progress import Progress
    from keyward.model.context import Ctx
    from keyward.model.credential import Credential
    from keyward.model.fingerprint import FingerprintKey


class Questions:
    """The questions of one scan. No value is read twice where it cannot have changed, and none without consent.

    Args:
        request: what to ask.
        ctx: for every question.
        fingerprints: the ledger's fingerprint key; None reads no value.
        known: (key or secret, version) of values that are known and never change.

    Attributes:
        answers: what was answered and not taken yet.
        reads: how many values of a cloud were asked for, each of which its audit log may show.
    """

    def __init__(
        self, request: ScanRequest, ctx: "Ctx", fingerprints: "FingerprintKey | None", known: set[tuple[str, str]]
    ) -> None:
        self.answers: SimpleQueue[Answer] = SimpleQueue()
        self.reads = 0
        self._workers = Workers(request.workers)
        self._request, self._fingerprints, self._known = request, fingerprints, known
        self._ctx = replace(ctx, wait=self._wait_aside(ctx.wait), roots=request.roots)
        self._again: set[str] = set()

    def _wait_aside(self, wait: Callable[[float], bool]) -> Callable[[float], bool]:
        """A source that waits for its quota does not hold up the others."""

        def waits(seconds: float) -> bool:
            with self._workers.aside():
                return wait(seconds)

        return waits

    def stop(self, patience: float) -> None:
        """Ask nothing more, and wait so many seconds in all for what is being asked."""
        self._workers.stop(patience)

    def _ask(self, progress: "Progress", what: str, work: Callable[[asking.Put], None]) -> None:
        progress.open += 1
        put = self.answers.put
        self._workers.submit(asking.run(progress.source.id, what, put, partial(work, put)))

    # Of sources

    def begin(self, sources: "Iterable[Progress]") -> None:
        """Ask for lists and use at once; where an index is asked first, both wait until that has answered."""
        every = list(sources)
        self._ask_indexes(every)
        for progress in every:
            if not progress.indexing:
                self.by_itself(progress)

    def _ask_indexes(self, sources: "Iterable[Progress]") -> None:
        """One question for all sources of a provider or store that has an index; each waits for its part of the answer."""
        groups: dict[str, list[Any]] = {}
        for progress in sources if self._request.roots else ():
            source = progress.source
            plugin = source.store if isinstance(source, StoreSource) else source.provider
            if Can.INDEX in plugin.can:
                progress.open += 1
                progress.indexing = True
                groups.setdefault(f"{progress.side}:{plugin.name}", []).append(source)
        for group in groups.values():
            self._workers.submit(partial(asking.ask_index, group, self._request.roots, self._ctx, self.answers.put))

    def by_itself(self, progress: "Progress") -> None:
        """Ask one source for all that it lists, and for its use."""
        source, ctx = progress.source, self._ctx
        if isinstance(source, StoreSource):
            self._ask(progress, "list", partial(asking.list_secrets, source, ctx))
        else:
            self._ask(progress, "list", partial(asking.list_keys, source, ctx))
        self.use(progress)

    def singly(self, progress: "Progress", ids: list[str]) -> None:
        """Ask one source for these keys or secrets only, one by one."""
        self._ask(progress, "list", partial(asking.ask_singly, progress.source, ids, self._ctx))

    def use(self, progress: "Progress") -> None:
        """Ask when its keys were used, if anybody knows."""
        source = progress.source
        if not isinstance(source, StoreSource) and self._request.usage and Can.USAGE in source.provider.can:
            self._ask(progress, "usage", partial(asking.ask_use, source, self._ctx))

    # Of values

    def value_known(self, key: str) -> None:
        """The value of that key need not be read any more."""
        self._known.add((key, ""))

    def values(self, progress: "Progress", rows: "tuple[Credential, ...]") -> None:
        """Read the values of these keys, so that secrets can be searched for them."""
        source = progress.source
        if not isinstance(source, ProviderSource) or not source.values or Can.READ_VALUE not in source.provider.can:
            return
        for one in rows:
            if one.live and self._fingerprints is not None and (one.id, "") not in self._known:
                self.reads += 1
                work = partial(asking.read_value, source, one.ref, self._fingerprints, self._ctx)
                self._ask(progress, "value", work)

    def payloads(self, progress: "Progress", info: SecretInfo) -> None:
        """Read what a secret holds; what is not read is counted."""
        source = progress.source
        assert isinstance(source, StoreSource)  # noqa: S101  # only stores have secrets
        consent = source.values and self._fingerprints is not None
        if info.versions is None and consent and str(info.ref) not in self._again:
            self._again.add(str(info.ref))
            self._ask(progress, "versions", partial(asking.ask_again, source, info, self._ctx))
            return
        for version, readable in _held(info):
            if info.immutable_versions and (str(info.ref), version) in self._known:
                progress.looked += 1
            elif consent and readable and self._fingerprints is not None:
                self.reads += Can.LOCAL not in source.store.can
                work = partial(asking.read_payload, source, (info, version), self._fingerprints, self._ctx)
                self._ask(progress, "read", work)
            else:
                progress.not_looked += 1
                progress.blind += not readable


def _held(info: SecretInfo) -> list[tuple[str | None, bool]]:
    """(version, whether it can be read) of everything that the secret holds; destroyed versions hold nothing."""
    if info.versions is None:
        return [(info.current, True)]
    return [
        (one.id, one.state is VersionState.ENABLED) for one in info.versions if one.state is not VersionState.DESTROYED
    ]
