"""Sends a call to Google the way all calls are sent: quota first, patience after, and the right project charged."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from keyward.google.errors import GoogleFailure
from keyward.google.quota import Budget
from keyward.google.reader import read
from keyward.google.retry import Patience
from keyward.model.errors import Interrupted

if TYPE_CHECKING:
    from keyward.google.quota import Quotas
    from keyward.model.context import Ctx

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """What is about to be sent.

    `api` is gcloud's name (`apikeys`), `project` the one asked about (empty when none is), `kind` the quota it counts against (`read`,
    `write`, `access`), `idempotent` whether doing it twice is the same as doing it once, `caller` who asks, for errors.
    """

    api: str
    project: str = ""
    kind: str = "read"
    idempotent: bool = True
    caller: str = ""


class Calls:
    """Sends calls; shared by all threads.

    Args:
        quotas: the buckets.
        home: the project charged where the project asked about refuses; empty when there is none.
        patience: how often and how long failures are tried again.
    """

    def __init__(self, quotas: "Quotas", home: str = "", patience: Patience | None = None) -> None:
        self.quotas = quotas
        self.home = home
        self._patience = patience or Patience()
        self._away: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def run(self, send: Callable[[str], T], ctx: "Ctx", call: Call) -> T:
        """Send it, once more under the home project where the project asked about has the API off or denies its quota.

        Args:
            send: does it once; gets the project to charge, empty for that of the credentials.
            ctx: cancellation, clock, deadline; its quota project is the home project where it names one.
            call: what it is.

        Raises:
            GoogleFailure: it failed, with what came back.
            Interrupted: cancelled.
        """
        home = ctx.quota_project or self.home
        here = (call.api, call.project)
        with self._lock:
            charged = home if here in self._away or not call.project else call.project
        try:
            return self._patiently(send, ctx, call, charged)
        except GoogleFailure as failure:
            if not (failure.error.disabled or failure.error.quota_denied) or charged == home:
                raise
            first = failure
        try:
            result = self._patiently(send, ctx, call, home)
        except GoogleFailure as second:
            # The project's own answer is the one to mend, unless the home project got further.
            raise first if second.error.disabled or second.error.quota_denied or not home else second from None
        with self._lock:
            self._away.add(here)
        return result

    def _patiently(self, send: Callable[[str], T], ctx: "Ctx", call: Call, charged: str) -> T:
        budget, began = Budget(call.api, call.kind, charged), ctx.now
        tries = refusals = 0
        while True:
            sent = self.quotas.take(budget, ctx)
            error = None
            try:
                ctx.check()
                return send(charged)
            except Exception as exception:
                error = read(exception)
                if error is None:
                    raise
            finally:
                if error is None or not error.throttled:
                    self.quotas.answered(budget, ctx.now)
            if error.throttled:
                refusals += 1
                since = max(began, self.quotas.let_through(budget) or began)
                seconds = self._patience.throttled(error, refusals, since=since, ctx=ctx)
                # Where the call itself gives up, the others still learn that they have to wait.
                self.quotas.refused(budget, sent, ctx.now, seconds or 0.0, error.per_minute)
            else:
                tries += 1
                seconds = self._patience.pause(error, tries, idempotent=call.idempotent, ctx=ctx)
            if seconds is None:
                raise GoogleFailure(replace(error, caller=call.caller) if call.caller else error) from None
            if not error.throttled and not ctx.wait(seconds):
                raise Interrupted("Cancelled while waiting to try again.")
