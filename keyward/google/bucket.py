"""What one API lets through for one project: the published limit at first, then what Google's refusals teach."""

from collections import deque
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)
_SANE = MINUTE * 60
"""A closing that lies further ahead was made before the clock was set back."""
_PROBE = timedelta(seconds=1)
"""After how long those who wait for a probe look again."""
_FLOOR = 10
"""A limit is never learnt to be less than a tenth of the published one, nor less than this where none is published. More than Google
lets through does no harm: after a refusal one request goes ahead of the others."""


class Bucket:
    """The requests of the last minute: never more than the limit in any sixty seconds, whichever way Google counts them.

    After a refusal everybody waits; then one request goes alone, and the others follow when it got through. The limit falls to what got
    through in the last minute, by half at most, and grows by a quarter after each full minute without a refusal, up to the published one
    (or the one that Google named). Callers hold the lock of `Quotas`.

    Args:
        published: requests a minute; None holds nothing back until Google refuses.
    """

    def __init__(self, published: int | None) -> None:
        self.limit = published
        self.let_through: datetime | None = None
        self.told: tuple[object, datetime] | None = None
        self._most = published
        self._sent: deque[datetime] = deque()
        self._under_way = 0
        self._closed_until: datetime | None = None
        self._probe: datetime | None = None
        self._changed: datetime | None = None

    def free_at(self, now: datetime) -> datetime:
        """When the next request may go out; `now` or before is at once."""
        if self._closed_until is not None and now < self._closed_until <= now + _SANE:
            return self._closed_until
        if self._probe is not None and now - MINUTE < self._probe <= now:
            return now + _PROBE
        self._forget(now)
        if self.limit is None or len(self._sent) < self.limit:
            return now
        self._grow(now)
        return now if len(self._sent) < self.limit else self._sent[0] + MINUTE

    def take(self, now: datetime) -> datetime:
        """Count a request that goes out now; what is returned names it in `refused`."""
        if self._closed_until is not None:
            self._closed_until, self._probe = None, now
        self._sent.append(now)
        self._under_way += 1
        return now

    def answered(self, now: datetime) -> None:
        """One of them came to an end in another way than by a refusal for its number."""
        self._under_way -= 1
        self._probe = None
        self.let_through = now

    def refused(self, sent: datetime, now: datetime, until: datetime, named: int | None) -> None:
        """The one that went out then was one too many: nothing more before `until`. `named` is the limit a minute that it named."""
        self._under_way -= 1
        self._probe = None
        if sent in self._sent:
            self._sent.remove(sent)
        self._closed_until = max(until, self._closed_until or until)
        if self._changed is None or sent > self._changed:  # the others of the same moment say nothing new
            self._changed = now
            if named is not None and (self._most is None or named < self._most):
                self._most = named
                if self.limit is not None and named < self.limit:
                    self.limit = named
                    return
            self._learn(now)

    def _learn(self, now: datetime) -> None:
        self._forget(now)
        floor = _FLOOR if self._most is None else max(1, self._most // 10)
        learnt = max(len(self._sent) - self._under_way, floor)
        self.limit = learnt if self.limit is None else min(self.limit, max(learnt, self.limit // 2))

    def _forget(self, now: datetime) -> None:
        while self._sent and not now - MINUTE < self._sent[0] <= now:
            self._sent.popleft()

    def _grow(self, now: datetime) -> None:
        """More again, when the limit is used up and nothing was refused for a minute."""
        if self.limit is None or self._changed is None or now - self._changed < MINUTE:
            return
        grown = self.limit + max(1, self.limit // 4)
        self.limit = grown if self._most is None else min(self._most, grown)
        self._changed = now
