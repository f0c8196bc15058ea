"""When a failed call is tried again, and after how long."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyward.google.errors import GoogleError
    from keyward.model.context import Ctx


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long: full jitter below `first * 2 ** attempt`, at most `longest` seconds between two tries.

    A wait that the server names is kept exactly, up to `longest_named`. A used up quota is waited for as long as it lets anything through:
    only `throttled_for` seconds in which nothing got through are an error.
    """

    tries: int = 5
    first: float = 0.5
    longest: float = 16.0
    longest_named: float = 90.0
    throttled_for: float = 600.0

    def pause(self, error: "GoogleError", attempt: int, *, idempotent: bool, ctx: "Ctx") -> float | None:
        """Seconds until the next try, or None when it should not be tried again.

        Args:
            error: what came back; not that a quota is used up.
            attempt: how many tries there were.
            idempotent: whether doing it twice is the same as doing it once. Otherwise only what certainly was not done is tried again:
                a request that was never sent.
            ctx: its deadline is kept.
        """
        again = error.transient and (idempotent or not error.sent)
        return self._pause(error, attempt, ctx) if again and attempt < self.tries else None

    def throttled(self, error: "GoogleError", attempt: int, *, since: datetime, ctx: "Ctx") -> float | None:
        """The same for a used up quota: nothing was done, so that every request may be tried again.

        Args:
            error: what came back.
            attempt: how many of these refusals there were.
            since: when something got through last, or when the call began.
            ctx: its deadline is kept.
        """
        if error.lasting or (ctx.now - since).total_seconds() > self.throttled_for:
            return None
        return self._pause(error, attempt, ctx)

    def _pause(self, error: "GoogleError", attempt: int, ctx: "Ctx") -> float | None:
        if error.retry_after is not None:
            if error.retry_after > self.longest_named:
                return None
            # A little later than asked, so that 32 workers do not come back in the same moment.
            seconds = error.retry_after + random.uniform(0, min(1.0, self.first))  # noqa: S311  # jitter
        else:
            # No more doublings than it takes to come to the longest: a patient call counts many attempts.
            seconds = random.uniform(0, min(self.longest, self.first * 2 ** min(attempt, 16)))  # noqa: S311  # jitter
        if ctx.deadline is not None and ctx.now + timedelta(seconds=seconds) > ctx.deadline:
            return None
        return seconds
