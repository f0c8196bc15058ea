"""Proves an HMAC key by one signed request: the list of buckets (XML API, `GET /`), with a GOOG4-HMAC-SHA256 signature.

The form is that of "Signatures" in the documentation of Cloud Storage. Whoever may not list buckets gets a refusal that names him: proof
enough. The secret never leaves this host.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from keyward.google.errors import GoogleError
from keyward.google.reader import read
from keyward.model.secret import Secret
from keyward.model.text import clean
from keyward.model.verdict import Verdict, VerdictKind

if TYPE_CHECKING:
    from keyward.google.http import Http

_ALGORITHM = "GOOG4-HMAC-SHA256"
_EMPTY = hashlib.sha256(b"").hexdigest()
_CODE = re.compile(rb"<Code>([A-Za-z]{1,64})</Code>")
_TRIES = 2
_UNKNOWN = frozenset({"InvalidSecurity", "InvalidAccessKeyId"})
_WORDS = {
    "AccessDenied": (VerdictKind.RECOGNISED, "alive, but its account may not list buckets"),
    "SignatureDoesNotMatch": (VerdictKind.DEAD, "the secret does not belong to the access id"),
    "RequestTimeTooSkewed": (VerdictKind.UNREACHABLE, "is the clock of this machine right?"),
}

Look = Callable[[], "tuple[VerdictKind, str] | None"]
"""Looks at the key itself when Google does not know it: a better verdict than dead, or None."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Asks the storage at that base URL."""

    http: "Http"
    base: str

    def verify(self, access_id: str, secret: Secret, now: datetime, look: Look) -> Verdict:
        """What the pair is worth. Never raises for an answer, or for the lack of one."""
        place = urlsplit(self.base)
        headers = headers_for(place.netloc, access_id, secret, now)
        error = GoogleError()
        for _ in range(_TRIES):
            try:
                response, content = self.http.request(f"{place.scheme}://{place.netloc}/", "GET", None, headers)
            except Exception as exception:
                found = read(exception)
                if found is None:
                    raise
                error = found
                continue
            match = _CODE.search(content)
            word = match[1].decode() if match else ""
            kind, meaning = _judge(response.status, word, b"ListAllMyBucketsResult" in content, look)
            return Verdict(kind, clean(f"GET /: {response.status} {word}".strip() + f", {meaning}"), now, word)
        return Verdict(VerdictKind.UNREACHABLE, clean(f"GET /: no answer ({error.message})"), now)


def headers_for(host: str, access_id: str, secret: Secret, now: datetime) -> dict[str, str]:
    """The headers of a signed `GET /`."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/auto/storage/goog4_request"
    signed = {"host": host, "x-goog-content-sha256": _EMPTY, "x-goog-date": stamp}
    names = ";".join(signed)
    asked = "\n".join(["GET", "/", "", *(f"{name}:{value}" for name, value in signed.items()), "", names, _EMPTY])
    text = "\n".join([_ALGORITHM, stamp, scope, hashlib.sha256(asked.encode()).hexdigest()])
    key = b"GOOG4" + secret.reveal()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, text.encode(), "sha256").hexdigest()
    credential = f"Credential={access_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**signed, "authorization": f"{_ALGORITHM} {credential}"}


def _judge(status: int, word: str, buckets: bool, look: Look) -> tuple[VerdictKind, str]:
    if status < 300:
        # Some networks answer every request with a page of their own.
        return (
            (VerdictKind.WORKS, "it works") if buckets else (VerdictKind.UNREACHABLE, "but the answer is not Google's")
        )
    if word in _UNKNOWN:
        return look() or (VerdictKind.DEAD, "Google does not take it")
    if word in _WORDS:
        return _WORDS[word]
    if status == 429 or status >= 500 or status < 400:
        return VerdictKind.UNREACHABLE, "the storage could not be asked"
    return VerdictKind.UNPROVED, "an answer that proves nothing"
