"""Single requests, told to who wants to see them: where to, how it ended, how long it took. Never a value, a token or a body."""

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from keyward.model.events import CallMade

if TYPE_CHECKING:
    from keyward.model.context import Ctx

NO_ANSWER = "no answer"
RPC = "RPC"


class Timed:
    """One request under way.

    Args:
        ctx: who hears of it.
        method: HTTP's, or `RPC`.
        uri: the address, or the name of the remote procedure and of what it is about.
        host: who is asked, where the address does not say.
    """

    def __init__(self, ctx: "Ctx", method: str, uri: str, host: str = "") -> None:
        self._ctx, self._method, self._uri, self._host = ctx, method, uri, host
        self._began = time.perf_counter()

    def ended(self, status: object = NO_ANSWER) -> None:
        """It was answered with that status, or not at all. Nobody hears of it who does not want to."""
        if not self._ctx.calls:
            return
        from keyward.model.redact import redact  # only where somebody looks

        took = time.perf_counter() - self._began
        host, path = (self._host, self._uri) if self._method == RPC else _parts(self._uri)
        # Nothing that keyward sends has a value in its address. Should that ever be otherwise, it is not seen here.
        self._ctx.report(CallMade(self._ctx.now, self._method, host, redact(path), str(status), round(took * 1000)))


def _parts(uri: str) -> tuple[str, str]:
    """Host and path; of what is asked for only the names."""
    place = urlsplit(uri)
    names = "&".join(dict.fromkeys(pair.partition("=")[0] for pair in place.query.split("&") if pair))
    return place.hostname or "", f"{place.path or '/'}{f'?{names}' if names else ''}"
