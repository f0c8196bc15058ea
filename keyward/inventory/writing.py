"""What becomes of an answer: it is written into the cache, and what follows from it is asked."""

from typing import TYPE_CHECKING, cast

from keyward.inventory.asking import Answer, Done, FromIndex, Keys, Listed, Looked, Secrets, Used, Valued
from keyward.inventory.doubts import doubted_keys, doubted_secrets
from keyward.inventory.request import ProviderSource, StoreSource
from keyward.model.capability import Can
from keyward.model.credential import Credential
from keyward.model.leaf import without_keys
from keyward.model.secretinfo import SecretInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyward.inventory.cache_write import CacheWriter
    from keyward.inventory.progress import Progress
    from keyward.inventory.questions import Questions
    from keyward.model.context import Ctx
    from keyward.model.source import SourceReport


class Writing:
    """Writes the answers of one scan, inside transactions of the caller.

    Args:
        cache: where they are written.
        questions: where more is asked.
        ctx: for the time, and whether the scan was cancelled.
        host: this machine's name, for what only it can see.
    """

    def __init__(self, cache: "CacheWriter", questions: "Questions", ctx: "Ctx", host: str) -> None:
        self._cache, self._questions, self._ctx, self._host = cache, questions, ctx, host

    def write(self, progress: "Progress", answer: Answer) -> list[str]:
        """Take one answer; the ids of keys that changed."""
        match answer:
            case Done():
                progress.done(answer)
            case Listed():
                progress.listed = True
            case Keys(rows=rows):
                return self._keys(progress, rows)
            case Secrets(rows=rows, again=again):
                self._secrets(progress, rows, again=again)
            case Looked(item=item, version=version, parts=parts, lasting=lasting):
                progress.looked += 1
                self._cache.found(item, version, parts, lasting=lasting)
            case Valued(key=key, fingerprint=fingerprint):
                self._cache.value(key, fingerprint)
                self._questions.value_known(key)
            case Used(report=report):
                progress.use = report
            case FromIndex():
                return self._indexed(progress, answer)
        return []

    def _indexed(self, progress: "Progress", answer: FromIndex) -> list[str]:
        """Take what the index told. What the cache knows otherwise is asked for by itself."""
        progress.open -= 1
        if answer.rows is None:
            progress.note, progress.indexing = f"Asked by itself: {answer.why}", False
            self._questions.by_itself(progress)
            return []
        progress.note = "Read from the asset index, which is some minutes late."
        changed: list[str] = []
        if progress.side == "provider":
            keys = cast("Sequence[Credential]", answer.rows)
            doubted = doubted_keys(self._cache.connection, progress.source.id, keys)
            changed = self._keys(progress, tuple(one for one in keys if one.id not in doubted))
        else:
            secrets = cast("Sequence[SecretInfo]", answer.rows)
            doubted = doubted_secrets(self._cache.connection, progress.source.id, secrets)
            taken = tuple(one for one in secrets if str(one.ref) not in doubted)
            self._secrets(progress, taken, again=False)
        if doubted:
            self._questions.singly(progress, sorted(doubted))
        else:
            progress.listed = True
        if answer.rows or doubted:
            self._questions.use(progress)
        return changed

    def _keys(self, progress: "Progress", rows: tuple[Credential, ...]) -> list[str]:
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
        self._questions.values(progress, rows)
        return changed

    def _secrets(self, progress: "Progress", rows: tuple[SecretInfo, ...], *, again: bool) -> None:
        source = progress.source
        host = self._host if isinstance(source, StoreSource) and Can.LOCAL in source.store.can else ""
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
                self._questions.payloads(progress, info)

    def end(self, progress: "Progress") -> "tuple[SourceReport, list[str]]":
        """Close a source: how it ended, and the ids of keys that changed."""
        progress.ended = True
        changed: list[str] = []
        now, source = self._ctx.now, progress.source
        if isinstance(source, ProviderSource) and progress.items:
            if progress.use is not None:
                changed += self._cache.uses(source.id, progress.use)
            elif Can.USAGE not in source.provider.can:
                changed += self._cache.uses(source.id, None)
        report = progress.report(now, cancelled=self._ctx.cancel.is_set())
        changed += self._cache.end(report, progress.side, progress.seen, now, listed=progress.listed)
        return self._cache.report(source.id), changed
