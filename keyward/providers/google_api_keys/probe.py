"""Tries a key on the one harmless call that any Gemini key may make, and reads the answer.

The call lists one model: it costs nothing, takes the key in a header, and works for standard and auth keys. It counts as use of the
key in Google's own record. Google answers 400 to a dead key, and 403 to many a live one.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from keyward.google.errors import GoogleError
from keyward.google.trying import tried
from keyward.model.redact import redact
from keyward.model.text import clean
from keyward.model.verdict import LEAKED, Verdict, VerdictKind

if TYPE_CHECKING:
    from datetime import datetime

    from keyward.google.http import Http
    from keyward.model.secret import Secret

PATH = "v1beta/models?pageSize=1"
HEADER = "x-goog-api-key"
FRESH = timedelta(minutes=10)
"""How long a new or restored key may still be unknown (console: "up to five minutes"; measured: less)."""

_KINDS = {
    "API_KEY_SERVICE_BLOCKED": (VerdictKind.RECOGNISED, "alive, but not allowed to use Gemini"),
    "API_KEY_HTTP_REFERRER_BLOCKED": (VerdictKind.RECOGNISED, "alive, restricted to web pages"),
    "API_KEY_IP_ADDRESS_BLOCKED": (VerdictKind.RECOGNISED, "alive, restricted to other addresses"),
    "API_KEY_ANDROID_APP_BLOCKED": (VerdictKind.RECOGNISED, "alive, restricted to Android apps"),
    "API_KEY_IOS_APP_BLOCKED": (VerdictKind.RECOGNISED, "alive, restricted to iOS apps"),
    "SERVICE_DISABLED": (VerdictKind.RECOGNISED, "alive, Gemini is off in its project"),
    "ACCESS_TOKEN_TYPE_UNSUPPORTED": (VerdictKind.UNPROVED, "Gemini refuses this type of key"),
    "CREDENTIALS_MISSING": (VerdictKind.UNPROVED, "this API takes no API keys"),
    "CONSUMER_SUSPENDED": (VerdictKind.BLOCKED, "its project is suspended"),
    "BILLING_DISABLED": (VerdictKind.BLOCKED, "its project has no billing"),
    "API_KEY_INVALID": (VerdictKind.DEAD, "Google does not know it"),
}


@dataclass(frozen=True, slots=True)
class Probe:
    """Asks Gemini at that base URL."""

    http: "Http"
    base: str

    def verify(self, value: "Secret", now: "datetime", *, young: Callable[[], bool]) -> Verdict:
        """What the key is worth. Never raises for an answer, or for the lack of one.

        Args:
            value: the key.
            now: for the verdict.
            young: asked when Google does not know the key: whether it was made or restored a moment ago, so that it may
                become known.
        """
        raw = value.reveal()
        if not raw or not raw.isascii() or not raw.decode("ascii").isprintable() or b" " in raw:
            return Verdict(
                VerdictKind.DEAD, "not asked: a key has no spaces, line ends or special characters", now, "MALFORMED"
            )
        code, body, error = self._ask(value)
        if error is None:
            kind, meaning = _success(body)
            return Verdict(kind, f"GET {PATH}: {code}, {meaning}", now)
        kind, meaning = judge(error, young=young)
        said = redact(error.message, [value])
        head = " ".join(part for part in (str(error.code or "no answer"), error.reason or error.status) if part)
        return Verdict(
            kind,
            clean(f"GET {PATH}: {head}, {meaning}{f' ({said})' if said else ''}"),
            now,
            error.reason or error.status,
        )

    def _ask(self, value: "Secret") -> tuple[int, bytes, GoogleError | None]:
        headers = {HEADER: value.reveal_text(), "accept": "application/json"}
        return tried(lambda: self.http.request(self.base + PATH, headers=headers))


def judge(error: GoogleError, *, young: Callable[[], bool]) -> tuple[VerdictKind, str]:
    """The verdict on a refusal, and what it means in words."""
    if error.code == 429 or error.throttled:
        return VerdictKind.WORKS, "its quota is used up"
    kind, meaning = _KINDS.get(error.reason) or _without_reason(error)
    if kind is VerdictKind.DEAD and "expired" not in error.message.lower() and young():
        return VerdictKind.NOT_YET, "not known yet, a new key takes some minutes"
    return kind, meaning


def _without_reason(error: GoogleError) -> tuple[VerdictKind, str]:
    if error.code == 0 or error.code >= 500 or 300 <= error.code < 400:
        return VerdictKind.UNREACHABLE, "Gemini could not be asked"
    if error.code == 403:
        leaked = "leaked" in error.message.lower()
        return VerdictKind.BLOCKED, f"Google {LEAKED}" if leaked else "Google refuses it for now"
    if error.code == 400 and error.status == "FAILED_PRECONDITION":
        return VerdictKind.UNPROVED, "Gemini refuses calls from this region"
    return VerdictKind.UNPROVED, "an answer that proves nothing"


def _success(body: bytes) -> tuple[VerdictKind, str]:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if isinstance(answer, dict) and ("models" in answer or not answer):
        return VerdictKind.WORKS, "it works"
    # Some networks answer every request with a page of their own.
    return VerdictKind.UNREACHABLE, "but the answer is not Gemini's"
