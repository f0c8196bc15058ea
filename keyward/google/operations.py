"""Waits for long-running operations. Their bodies carry key strings: nothing of them is logged or put into an error."""

from typing import TYPE_CHECKING, Any

from keyward.google.calls import Call
from keyward.google.errors import GoogleError, GoogleFailure
from keyward.google.reader import from_status
from keyward.model.errors import Ambiguous, Interrupted

if TYPE_CHECKING:
    from keyward.google.services import Services
    from keyward.model.context import Ctx

LONGEST = 300.0
"""Seconds after which keyward looks at the world in place of the operation; they normally take a few."""

_SLOW = (2.0, 10.0)  # first and longest wait on real Google: polls count against 240 reads a minute
_QUICK = (0.05, 1.0)  # on this machine


class Operations:
    """Polls operations of one API.

    Args:
        services: executes the polls.
        api: gcloud's name of the API.
        quick: it is on this machine.
    """

    def __init__(self, services: "Services", api: str, *, quick: bool = False) -> None:
        self._services = services
        self._api = api
        self._pace = _QUICK if quick else _SLOW

    def wait(self, operation: dict[str, Any], ctx: "Ctx", *, project: str, what: str) -> dict[str, Any]:
        """Wait until it is done and return its response, which may hold a key string.

        Args:
            operation: as the call that started it answered.
            ctx: the waiting is on its clock, until its deadline.
            project: charged for the polls.
            what: what it does, for messages.

        Raises:
            GoogleFailure: it ended in an error: what it was to do was not done.
            Ambiguous: its end could not be seen.
        """
        ctx = ctx.within(LONGEST)
        pause, longest = self._pace
        while not operation.get("done"):
            name = str(operation.get("name") or "")
            if not name:
                raise Ambiguous(f"{what}: Google did not say whether it was done.", hint="Look before you repeat it.")
            if ctx.deadline is not None and ctx.now >= ctx.deadline:
                raise Ambiguous(f"{what}: it was still under way at the deadline.", hint="Look before you repeat it.")
            if not ctx.wait(pause):
                raise Interrupted(f"{what}: cancelled while it was under way.")
            pause = min(pause * 1.5, longest)
            request = self._services.api(self._api, "operations").get(name=name)
            try:
                operation = self._services.execute(request, ctx, Call(self._api, project))
            except GoogleFailure as failure:
                raise Ambiguous(
                    f"{what}: it was begun, but its end could not be seen ({failure.error}).",
                    hint="Look before you repeat it.",
                ) from None
        if "error" in operation:
            raise GoogleFailure(_ended(operation["error"]))
        response = operation.get("response")
        return response if isinstance(response, dict) else {}


def _ended(status: Any) -> GoogleError:
    return from_status(status if isinstance(status, dict) else {})
