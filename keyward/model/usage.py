"""Last use: what is known, and which kind of not known."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
    `leaves_out_off` says that keys which are switched off are missing from it, whether they were used or not. `periods` bounds the
    record key by key where it differs, and a key without a period is not in the record; None: `since` and `until` hold for all.
    `second` is another record of the same keys that reaches further back and knows less; it adds to what is said of the last use, and
    to nothing else.
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
    leaves_out_off: bool = False
    periods: Mapping[str, tuple[datetime, datetime]] | None = None
    second: "UsageReport | None" = None

    def last_use(self, local_id: str, created: datetime | None, *, off: bool = False) -> LastUse:
        """What is known of one key, in the most honest word; `off`: the key is switched off now."""
        own = self._told(local_id, created, off=off)
        return own if self.second is None else _together(own, self.second.last_use(local_id, None, off=off))

    def _told(self, local_id: str, created: datetime | None, *, off: bool) -> LastUse:
        """What this record alone says."""
        since, until = (self.since, self.until) if self.periods is None else self.periods.get(local_id, (None, None))
        if self.status is not UseStatus.USED:
            return LastUse(self.status, source=self.source, detail=self.detail)
        if since is None or until is None:
            return LastUse(UseStatus.UNSUPPORTED, source=self.source, detail="it does not know this key")
        known = LastUse(
            UseStatus.NOT_SEEN,
            # Whole days: a window is never said to be longer than it is.
            window_days=(self.until - since) // timedelta(days=1),
            source=self.source,
            precision=self.precision,
            lag=max(self.lag, self.until - until),
            detail=self.detail,
        )
        seen = [bucket.end for bucket in self.by_key.get(local_id, ()) if bucket.count > 0]
        if seen:
            return replace(known, status=UseStatus.USED, at=max(seen))
        return self._unseen(known, created, (since, until), off=off)

    def _unseen(
        self, known: LastUse, created: datetime | None, period: tuple[datetime, datetime], *, off: bool
    ) -> LastUse:
        """What it says of a key that it has no use of."""
        if off and self.leaves_out_off:
            return LastUse(UseStatus.UNSUPPORTED, source=self.source, detail="the record leaves out keys that are off")
        if not self.complete:
            return LastUse(UseStatus.FAILED, source=self.source, detail=self.detail or "the record is incomplete")
        if created is not None and period[0] <= created <= period[1]:
            return replace(known, status=UseStatus.NEVER)
        return known


def _together(first: LastUse, second: LastUse) -> LastUse:
    """The later of two uses; where neither record has one, what the finer one says, which the other can only reach back for."""
    if first.at is not None and second.at is not None:
        # A day that the finer record has a use in proves nothing later than that use.
        return second if second.at - second.precision >= first.at else first
    if second.status is UseStatus.USED:
        known = first.status in {UseStatus.NOT_SEEN, UseStatus.NEVER}
        return second if known else replace(second, detail=f"it may have been used since: {_short(first)}")
    if first.status in {UseStatus.USED, UseStatus.NEVER}:
        return first
    if first.status is not UseStatus.NOT_SEEN or second.status is not UseStatus.NOT_SEEN:
        return replace(first, detail="; ".join(one for one in (first.detail, _short(second)) if one))
    if (second.window_days or 0) <= (first.window_days or 0):
        return first
    detail = f"beyond {first.window_days} d only {second.source}, {second.detail}".rstrip(", ")
    return replace(first, window_days=second.window_days, source=f"{first.source}, {second.source}", detail=detail)


def _short(found: LastUse) -> str:
    """A record's word beside another's."""
    said = f"not seen in {found.window_days} d" if found.status is UseStatus.NOT_SEEN else found.status.value
    return f"{found.source}: {said}" + (f" ({found.detail})" if found.detail else "")
