"""How often each API may be asked, counted per API, kind and project that is charged."""

import threading
from collections import deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from keyward.model.errors import Interrupted
from keyward.model.events import QuotaWait

if TYPE_CHECKING:
    from keyward.model.context import Ctx

LIMITS = {
    ("apikeys", "read"): 240,
    ("apikeys", "write"): 120,
    ("cloudresourcemanager", "read"): 600,
    ("cloudresourcemanager", "write"): 600,
    ("iam", "read"): 6000,
    ("iam", "write"): 600,
    ("secretmanager", "read"): 600,
    ("secretmanager", "write"): 600,
    ("secretmanager", "access"): 90_000,
}
"""Requests per minute and project, from Google's quota pages; what is not here is not held back."""

_MINUTE = timedelta(minutes=1)


class _Bucket:
    """The moments of the last minute's requests: never more than the limit in any sixty seconds, whichever way Google counts them."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.sent: deque[datetime] = deque()
        self.closed_until: datetime | None = None

    def free_at(self, now: datetime) -> datetime:
        if self.closed_until is not None and now < self.closed_until <= now + _MINUTE * 60:
            return self.closed_until
        if self.limit is None:
            return now
        while self.sent and not now - _MINUTE < self.sent[0] <= now:
            self.sent.popleft()
        return now if len(self.sent) < self.limit else self.sent[0] + _MINUTE

    def take(self, now: datetime) -> None:
        if self.limit is not None:
            self.sent.append(now)


class Quotas:
    """Lets requests through as fast as the quotas allow; shared by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}

    def take(self, api: str, kind: str, project: str, ctx: "Ctx") -> None:
        """Wait until a request may go out, and count it. Tells the listener of each wait.

        Raises:
            Interrupted: cancelled while waiting.
        """
        while True:
            ctx.check()
            with self._lock:
                bucket = self._bucket(api, kind, project)
                now = ctx.now
                until = bucket.free_at(now)
                if until <= now:
                    bucket.take(now)
                    return
            ctx.report(QuotaWait(f"{api}.googleapis.com", until))
            if not ctx.wait((until - now).total_seconds()):
                raise Interrupted("Cancelled while waiting for quota.")

    def close(self, api: str, kind: str, project: str, until: datetime) -> None:
        """Let nothing through until then: Google said that the quota is used up."""
        with self._lock:
            bucket = self._bucket(api, kind, project)
            bucket.closed_until = max(until, bucket.closed_until or until)

    def _bucket(self, api: str, kind: str, project: str) -> _Bucket:
        key = (api, kind, project)
        if key not in self._buckets:
            self._buckets[key] = _Bucket(LIMITS.get((api, kind)))
        return self._buckets[key]
