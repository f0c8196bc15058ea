"""Tries a key with the one harmless request that the catalog names for its vendor, and reads the answer.

The key goes into a header, never into the URL; what comes back is looked at for a few names and not kept: it may tell balances or
names of people.
"""

import http.client
import json
import ssl
import threading
from typing import TYPE_CHECKING, Any

from keyward.google.told import Timed
from keyward.model.errors import NotAllowed
from keyward.model.redact import redact
from keyward.model.text import clean
from keyward.model.verdict import Verdict, VerdictKind
from keyward.providers.guided.where import Place, Where

if TYPE_CHECKING:
    from collections.abc import Collection

    from keyward.model.context import Ctx
    from keyward.model.secret import Secret
    from keyward.providers.catalog.entry import Probe

TIMEOUT = 15.0
"""Seconds for a connection, and for each answer."""

_TRIES = 2
_BUSY = 429
_FOR_NOW = (402, 403)
_MALFORMED = "not asked: a key has no spaces, line ends or special characters"


class Prober:
    """Asks vendors. It may be used from several threads.

    Args:
        where: where each is asked.
    """

    def __init__(self, where: Where) -> None:
        self._where = where
        self._mine = threading.local()

    def place(self, probe: "Probe") -> Place:
        """Where keys are tried.

        Raises:
            NotAllowed: a variable names a place that may not be trusted.
        """
        return self._where.of(probe)

    def verify(self, value: "Secret", probe: "Probe", label: str, ctx: "Ctx") -> Verdict:
        """What the key is worth. Never raises for an answer, or for the lack of one."""
        raw, now = value.reveal(), ctx.now
        if not raw or not raw.isascii() or not raw.decode("ascii").isprintable() or b" " in raw:
            return Verdict(VerdictKind.DEAD, _MALFORMED, now, "MALFORMED")
        try:
            place = self._where.of(probe)
        except NotAllowed as error:
            return Verdict(VerdictKind.UNPROVED, f"not asked: {error.message}", now, "NOT-ALLOWED")
        ctx.check()
        status, body, trouble = self._ask(value, probe, place, ctx)
        kind, meaning = judge(probe, label, status, body)
        said = f"{status}" if status else f"no answer ({redact(clean(trouble, 200), [value])})"
        return Verdict(kind, f"{probe.method} {place.host}/{probe.path}: {said}, {meaning}", ctx.now, str(status or ""))

    def _ask(self, value: "Secret", probe: "Probe", place: Place, ctx: "Ctx") -> tuple[int, bytes, str]:
        import httplib2  # slow to load

        key = value.reveal_text()
        headers = {
            "accept": "application/json",
            "user-agent": "keyward",
            **probe.more,
            probe.header: f"{probe.scheme} {key}".strip(),
        }
        trouble, uri = "", f"{place.base}/{probe.path}"
        for _ in range(_TRIES):
            timed = Timed(ctx, probe.method, uri)
            try:
                response, body = self._http.request(uri, probe.method, headers=headers)
            except (OSError, http.client.HTTPException, httplib2.HttpLib2Error, ssl.SSLError) as error:
                timed.ended()
                trouble = f"{type(error).__name__}: {error}"
                continue
            timed.ended(response.status)
            if response.status < http.client.INTERNAL_SERVER_ERROR:
                return response.status, body, ""
            trouble = str(response.status)
        return int(trouble) if trouble.isdecimal() else 0, b"", trouble

    @property
    def _http(self) -> Any:
        # Such connections break when threads share them.
        http_of_thread = getattr(self._mine, "http", None)
        if http_of_thread is None:
            from keyward.google.once import Once  # sends once, follows no redirect with the key in hand

            http_of_thread = self._mine.http = Once(TIMEOUT, None)
        return http_of_thread


def judge(probe: "Probe", label: str, status: int, body: bytes) -> tuple[VerdictKind, str]:
    """The verdict on an answer, and what it means in words. Pure.

    Args:
        probe: what a true answer looks like.
        label: the vendor.
        status: the HTTP status; 0 when no answer came.
        body: the answer.
    """
    if 200 <= status < 300:
        return _success(probe, label, body)
    if status == 0 or status >= 500 or 300 <= status < 400:
        return VerdictKind.UNREACHABLE, f"{label} could not be asked"
    readings: tuple[tuple[Collection[int], VerdictKind, str], ...] = (
        (probe.dead, VerdictKind.DEAD, f"{label} does not know it"),
        (probe.unproved, VerdictKind.UNPROVED, "the key is dead, or not allowed to do this"),
        ((_BUSY,), VerdictKind.WORKS, "its quota is used up"),
        (probe.recognised, VerdictKind.RECOGNISED, "known, but not allowed to do this"),
        (_FOR_NOW, VerdictKind.BLOCKED, f"{label} refuses it for now"),
    )
    found = (one[1:] for one in readings if status in one[0])
    return next(found, (VerdictKind.UNPROVED, "an answer that proves nothing"))


def _success(probe: "Probe", label: str, body: bytes) -> tuple[VerdictKind, str]:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if answer is None or (probe.proof and not (isinstance(answer, dict) and probe.proof in answer)):
        # Some networks answer every request with a page of their own.
        return VerdictKind.UNREACHABLE, f"but the answer is not that of {label}"
    if isinstance(answer, dict):
        if probe.truth and answer.get(probe.truth) is not True:
            return VerdictKind.DEAD, f"{label} says that it is not valid"
        if any(answer.get(name) is True for name in probe.falsity):
            return VerdictKind.BLOCKED, f"{label} blocks it"
    return VerdictKind.WORKS, "it works"
