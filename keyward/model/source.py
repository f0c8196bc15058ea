"""Coverage: what was asked, and how the asking ended."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SourceStatus(StrEnum):
    """How the reading of one source ended (DESIGN.md section 9)."""

    OK = "ok"
    PARTIAL = "partial"
    DENIED = "denied"
    DISABLED = "disabled"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class SourceReport:
    """One source (`<provider or store>:<scope>`) and its end.

    `looked` and `not_looked` count payloads whose values were and were not read; `stale_since` (UTC) is set when the rows shown are
    from an earlier scan.
    """

    id: str
    status: SourceStatus
    detail: str = ""
    permission: str = ""
    api: str = ""
    items: int = 0
    looked: int = 0
    not_looked: int = 0
    at: datetime | None = None
    stale_since: datetime | None = None

    @property
    def found(self) -> int | None:
        """How many entries came; None where none came and the source was not read whole: there may be some."""
        return self.items if self.items or self.status is SourceStatus.OK else None

    @property
    def covered(self) -> bool:
        """Whether this counts as seen: an API that is switched off hides nothing that works (unless `--strict`)."""
        return self.status in (SourceStatus.OK, SourceStatus.DISABLED)
