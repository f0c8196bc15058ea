"""Last use: what is known, and which kind of not known."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class UseStatus(StrEnum):
    """Unknown is not zero: each word is another state of knowledge.

    NEVER is said only where the record covers the key's whole life; otherwise it is NOT_SEEN in so many days.
    """

    USED = "used"
    NEVER = "never"
    NOT_SEEN = "not_seen"
    DENIED = "denied"
    UNSUPPORTED = "unsupported"
    FAILED = "failed"
    NOT_SCANNED = "not_scanned"


@dataclass(frozen=True, slots=True)
class LastUse:
    """When a credential was last seen in use.

    `at` is UTC, set only for USED, and is the end of the bucket seen: the true moment is up to `precision` earlier.
    `window_days` is how far back the record reaches, `lag` how long a use can stay invisible, `source` who said so.
    """

    status: UseStatus
    at: datetime | None = None
    window_days: int | None = None
    source: str = ""
    precision: timedelta = timedelta(0)
    lag: timedelta = timedelta(0)
    detail: str = ""

    def __post_init__(self) -> None:
        if (self.status is UseStatus.USED) != (self.at is not None):
            raise ValueError("a moment belongs to USED, and only to USED")


NOT_SCANNED = LastUse(UseStatus.NOT_SCANNED)
UNSUPPORTED = LastUse(UseStatus.UNSUPPORTED)


@dataclass(frozen=True, slots=True)
class UseBucket:
    """Calls counted in one bucket of time (UTC, half-open), for one service and response class such as `2xx`."""

    start: datetime
    end: datetime
    count: int
    service: str = ""
    response: str = ""


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Usage of a whole scope from one question.

    `by_key` maps the provider's local id (for Google API keys the uid) to its buckets, newest first; a key that is not in it was not
    seen. `since` and `until` bound the record in UTC. When `status` is not USED the record could not be read and says why.
    """

    status: UseStatus
    since: datetime
    until: datetime
    by_key: dict[str, tuple[UseBucket, ...]]
    source: str = ""
    precision: timedelta = timedelta(0)
    lag: timedelta = timedelta(0)
    complete: bool = True
    detail: str = ""

    def last_use(self, local_id: str, created: datetime | None) -> LastUse:
        """What this record says of one key, in the most honest word."""
        # Whole days: a window is never said to be longer than it is.
        days = (self.until - self.since) // timedelta(days=1)
        known = {
            "window_days": days,
            "source": self.source,
            "precision": self.precision,
            "lag": self.lag,
            "detail": self.detail,
        }
        if self.status is not UseStatus.USED:
            return LastUse(self.status, source=self.source, detail=self.detail)
        seen = [bucket.end for bucket in self.by_key.get(local_id, ()) if bucket.count > 0]
        if seen:
            return LastUse(UseStatus.USED, max(seen), **known)  # type: ignore[arg-type]  # one mapping serves three calls
        if not self.complete:
            return LastUse(UseStatus.FAILED, source=self.source, detail=self.detail or "the record is incomplete")
        if created is not None and self.since <= created <= self.until:
            return LastUse(UseStatus.NEVER, **known)  # type: ignore[arg-type]  # one mapping serves three calls
        return LastUse(UseStatus.NOT_SEEN, **known)  # type: ignore[arg-type]  # one mapping serves three calls
