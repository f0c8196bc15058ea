"""When a failed call is tried again, and after how long."""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyward.google.errors import GoogleError
    from keyward.model.context import Ctx


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long: full jitter below `first * 2 ** attempt`, at most `longest` seconds between two tries.

    A wait that the server names is kept exactly, up to `longest_named`.
    """

    tries: int = 5
    throttled_tries: int = 20
    first: float = 0.5
    longest: float = 16.0
    longest_named: float = 90.0

    def pause(self, error: "GoogleError", attempt: int, *, idempotent: bool, ctx: "Ctx") -> float | None:
        """Seconds until the next try, or None when it should not be tried again.

        Args:
            error: what came back.
            attempt: how many tries there were.
            idempotent: whether doing it twice is the same as doing it once. Otherwise only what certainly was not done is tried again:
                a request that was throttled, or never sent.
            ctx: its deadline is kept.
        """
        again = error.transient if idempotent else error.throttled or not error.sent
        if not again or attempt >= (self.throttled_tries if error.throttled else self.tries):
            return None
        if error.retry_after is not None:
            if error.retry_after > self.longest_named:
                return None
            # A little later than asked, so that 32 workers do not come back in the same moment.
            seconds = error.retry_after + random.uniform(0, min(1.0, self.first))  # noqa: S311  # jitter
        else:
            seconds = random.uniform(0, min(self.longest, self.first * 2**attempt))  # noqa: S311  # jitter
        if ctx.deadline is not None and ctx.now + timedelta(seconds=seconds) > ctx.deadline:
            return None
        return seconds
