"""How often each API may be asked, counted per API, kind and project that is charged."""

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from keyward.google.bucket import Bucket
from keyward.google.errors import GoogleError, GoogleFailure
from keyward.model.errors import Interrupted
from keyward.model.events import QuotaWait

if TYPE_CHECKING:
    from keyward.model.context import Ctx

LIMITS = {
    ("apikeys", "read"): 240,
    ("apikeys", "write"): 120,
    ("cloudasset", "read"): 100,
    ("cloudresourcemanager", "read"): 600,
    ("cloudresourcemanager", "write"): 600,
    ("iam", "read"): 6000,
    ("iam", "write"): 600,
    ("logging", "read"): 60,
    ("secretmanager", "read"): 600,
    ("secretmanager", "write"): 600,
    ("secretmanager", "access"): 90_000,
}
"""Requests per minute and project, from Google's quota pages; what is not here is held back only after Google refused."""

_WORTH_TELLING = timedelta(seconds=1)
_NEWS = timedelta(seconds=5)
"""A wait is told once for all who wait; again when it has become that much longer."""


class Budget(NamedTuple):
    """What is counted together: the API (gcloud's name), the kind (`read`, `write`, `access`), the project that is charged."""

    api: str
    kind: str
    project: str


class Quotas:
    """Lets requests through as fast as the quotas allow; shared by all threads. What it learns holds for this run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[Budget, Bucket] = {}

    def take(self, budget: Budget, ctx: "Ctx") -> datetime:
        """Wait until a request may go out, and count it. Tells the listener of each wait of a second or more.

        Returns:
            When it went out, which names it in `refused`; that or `answered` must follow.

        Raises:
            Interrupted: cancelled while waiting.
            GoogleFailure: the quota is used up until after the deadline; nothing was sent.
        """
        while True:
            ctx.check()
            with self._lock:
                bucket = self._bucket(budget)
                now = ctx.now
                until = bucket.free_at(now)
                if until <= now:
                    return bucket.take(now)
                news = _news(bucket, ctx.report, now, until)
            if ctx.deadline is not None and until > ctx.deadline:
                raise GoogleFailure(_too_late(budget, until))
            if news:
                ctx.report(QuotaWait(f"{budget.api}.googleapis.com", until, budget.project))
            if not ctx.wait((until - now).total_seconds()):
                raise Interrupted("Cancelled while waiting for quota.")

    def answered(self, budget: Budget, now: datetime) -> None:
        """A request that went out was not refused for its number, whatever else became of it."""
        with self._lock:
            self._bucket(budget).answered(now)

    def refused(self, budget: Budget, sent: datetime, now: datetime, seconds: float, named: int | None) -> None:
        """Google said that the quota is used up: nothing goes through for so many seconds, and fewer a minute from then on."""
        with self._lock:
            self._bucket(budget).refused(sent, now, now + timedelta(seconds=seconds), named)

    def let_through(self, budget: Budget) -> datetime | None:
        """When Google last answered a request of that budget with anything but that its quota is used up."""
        with self._lock:
            return self._bucket(budget).let_through

    def limit(self, budget: Budget) -> int | None:
        """How many requests a minute are sent at present; None: as many as there are."""
        with self._lock:
            return self._bucket(budget).limit

    def _bucket(self, budget: Budget) -> Bucket:
        if budget not in self._buckets:
            self._buckets[budget] = Bucket(LIMITS.get((budget.api, budget.kind)))
        return self._buckets[budget]


def _news(bucket: Bucket, listener: object, now: datetime, until: datetime) -> bool:
    if until - now < _WORTH_TELLING:
        return False
    if bucket.told is not None and bucket.told[0] == listener and bucket.told[1] <= until < bucket.told[1] + _NEWS:
        return False
    bucket.told = listener, until
    return True


def _too_late(budget: Budget, until: datetime) -> GoogleError:
    where = f" of {budget.project}" if budget.project else ""
    message = (
        f"the quota for {budget.kind} requests{where} is used up until {until:%H:%M:%S} UTC, later than this may take"
    )
    return GoogleError(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", message, sent=False)
