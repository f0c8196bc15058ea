"""How far the reading of one source has come, and how it ended."""

from dataclasses import dataclass, field
from datetime import datetime

from keyward.inventory.asking import Done
from keyward.inventory.request import ProviderSource, StoreSource
from keyward.model.errors import Gone, Interrupted, KeywardError, Refused, SourceError
from keyward.model.source import SourceReport, SourceStatus
from keyward.model.usage import UsageReport

_WORDS = {status.value: status for status in SourceStatus}


@dataclass(slots=True)
class Progress:
    """One source while it is read.

    `open` counts questions without an answer. `looked` and `not_looked` count payloads; `blind` are those of the latter that nobody can
    read now (disabled versions). `odd` counts rows that could not be understood, `unread` values that should have been readable,
    `telling` secrets left out because their name holds a key.
    `indexing` says that an index is asked, or answered; `note` how the source was asked, where there is a choice.
    """

    source: ProviderSource | StoreSource
    open: int = 0
    items: int = 0
    looked: int = 0
    not_looked: int = 0
    blind: int = 0
    odd: int = 0
    unread: int = 0
    telling: int = 0
    listed: bool = False
    ended: bool = False
    indexing: bool = False
    note: str = ""
    seen: set[str] = field(default_factory=set)
    trouble: KeywardError | None = None
    unread_trouble: KeywardError | None = None
    use: UsageReport | None = None

    @property
    def side(self) -> str:
        """Which of the two."""
        return "provider" if isinstance(self.source, ProviderSource) else "store"

    @property
    def complete(self) -> bool:
        """Whether everything that can be looked at was: what was not found is not there. An index is late, so it never proves that."""
        return self.listed and not self.indexing and self.not_looked == self.blind and not self.odd and not self.telling

    def done(self, done: Done) -> None:
        """Take the end of one question."""
        self.open -= 1
        if done.error is None or done.what == "usage":
            return
        if done.what == "list":
            self.trouble = done.error
            return
        if self.side == "store":
            self.not_looked += 1
        if isinstance(done.error, Refused | Gone):
            self.blind += self.side == "store"
            return
        self.unread += 1
        self.unread_trouble = self.unread_trouble or done.error

    def report(self, now: datetime, *, cancelled: bool) -> SourceReport:
        """How it ended."""
        status, told, details = SourceStatus.OK, self.trouble, []
        if told is not None:
            status = _WORDS.get(getattr(told, "status", ""), SourceStatus.FAILED)
            details.append(str(told))
            if status is SourceStatus.FAILED and self.items:
                status = SourceStatus.PARTIAL
        elif self.unread_trouble is not None:
            status, told = SourceStatus.PARTIAL, self.unread_trouble
            details.append(f"{self.unread} values could not be read: {told}")
        if self.odd:
            status = SourceStatus.PARTIAL if status is SourceStatus.OK else status
            details.append(f"{self.odd} entries could not be understood.")
        if self.telling:
            status = SourceStatus.PARTIAL if status is SourceStatus.OK else status
            details.append(f"Left out because a key stands in the name: {self.telling}. Rename them.")
        if isinstance(told, Interrupted) or (
            cancelled and (self.open or not self.listed) and status is SourceStatus.OK
        ):
            status, details = SourceStatus.CANCELLED, ["The scan was cancelled."]
        elif self.note:
            details.append(self.note)
        source = told if isinstance(told, SourceError) else None
        return SourceReport(
            self.source.id,
            status,
            " ".join(details),
            source.permission if source else "",
            source.api if source else "",
            self.items,
            self.looked,
            self.not_looked,
            now,
        )
