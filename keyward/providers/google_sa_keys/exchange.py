"""Proves a key file as its users use it: a signed assertion for an access token (RFC 7523), which is thrown away at once.

Neither the assertion nor the token is logged or kept. An assertion goes to Google, or to the emulator of this world, whatever a file says:
its `token_uri` is followed only to a host of Google over https, or on this machine when everything is asked there.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from keyward.google.endpoints import is_google, is_loopback
from keyward.google.errors import GoogleError
from keyward.google.trying import tried
from keyward.model.errors import Refused
from keyward.model.keyfile import fields
from keyward.model.redact import redact
from keyward.model.secret import Secret
from keyward.model.text import clean
from keyward.model.verdict import Verdict, VerdictKind
from keyward.providers.google_sa_keys import material
from keyward.providers.google_sa_keys.keyfile import token_uri

if TYPE_CHECKING:
    from keyward.google.endpoints import Endpoints
    from keyward.google.http import Http

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
LIFE = timedelta(minutes=10)
"""Of an assertion; Google takes at most an hour."""

_OLD = frozenset({"accounts.google.com"})
"""Hosts of Google that old files name and that are not below googleapis.com."""

Look = Callable[[], "tuple[VerdictKind, str] | None"]
"""Looks at the key itself when its signature was refused: a better verdict than dead, or None."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Asks for tokens in one world."""

    http: "Http"
    endpoints: "Endpoints"

    def verify(self, value: Secret, now: datetime, look: Look) -> Verdict:
        """What the file is worth. Never raises for an answer, or for the lack of one.

        Args:
            value: the file.
            now: for the assertion and the verdict.
            look: asked when Google refuses the signature.
        """
        found = fields(value.reveal())
        if found is None or not isinstance(found.get("client_email"), str):
            return Verdict(VerdictKind.DEAD, "not asked: this is no key file of a service account", now, "MALFORMED")
        uri, foreign = self._where(str(found.get("token_uri") or ""))
        if foreign:
            why = f"not asked: its token_uri names {foreign}, which is no host of Google"
            return Verdict(VerdictKind.UNPROVED, why, now, "FOREIGN")
        try:
            assertion = _assertion(found, uri, now)
        except Refused as refused:
            return Verdict(VerdictKind.DEAD, f"not asked: {refused.message}", now, "MALFORMED")
        code, body, error = self._ask(uri, assertion)
        if error is None:
            kind, meaning = _granted(_object(body))
            return Verdict(kind, clean(f"POST {_path(uri)}: {code}, {meaning}"), now)
        kind, meaning = _judge(error, look)
        said = redact(error.message, [value, assertion])
        head = str(error.code) if error.code else "no answer"
        return Verdict(
            kind, clean(f"POST {_path(uri)}: {head}, {meaning}{f' ({said})' if said else ''}"), now, error.status
        )

    def _where(self, uri: str) -> tuple[str, str]:
        """Where to ask, and which host is not trusted; one of the two is empty."""
        if not (uri.isascii() and uri.isprintable() and " " not in uri):  # urlsplit would quietly leave out line ends
            return "", clean(uri, 100)
        try:
            place = urlsplit(uri)
            host = (place.hostname or "").lower()
        except ValueError:
            return "", clean(uri, 100) or "nothing"
        if self.endpoints.all_loopback:
            # In an emulated world nothing leaves this machine, also for files that were made for the real one.
            here = place.scheme == "http" and is_loopback(host)
            return (uri if here else token_uri(self.endpoints)), ""
        if not uri or host in _OLD:
            return token_uri(self.endpoints), ""
        if place.scheme == "https" and is_google(host) and place.port in {None, 443} and not place.username:
            return uri, ""
        return "", clean(host or uri, 100)

    def _ask(self, uri: str, assertion: Secret) -> tuple[int, bytes, GoogleError | None]:
        body = urlencode({"grant_type": GRANT, "assertion": assertion.reveal_text()})
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        return tried(lambda: self.http.request(uri, "POST", body, headers))


def _assertion(found: dict[str, Any], uri: str, now: datetime) -> Secret:
    """A JSON Web Token (RFC 7519) signed with RS256.

    Raises:
        Refused: the private key in the file is none.
    """
    key_id = found.get("private_key_id")
    header = {"alg": "RS256", "typ": "JWT", **({"kid": key_id} if isinstance(key_id, str) else {})}
    email, at = found["client_email"], int(now.timestamp())
    claims = {
        "iss": email,
        "sub": email,
        "scope": SCOPE,
        "aud": uri,
        "iat": at,
        "exp": at + round(LIFE.total_seconds()),
    }
    signed = f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(claims).encode())}"
    signature = material.sign(Secret.of(str(found["private_key"])), signed.encode())
    return Secret.of(f"{signed}.{_encoded(signature)}")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _granted(answer: dict[str, Any]) -> tuple[VerdictKind, str]:
    if isinstance(answer.get("access_token"), str):
        return VerdictKind.WORKS, "it works: Google gave a token, which was thrown away"
    # Some networks answer every request with a page of their own.
    return VerdictKind.UNREACHABLE, "but the answer is not Google's"


def _judge(error: GoogleError, look: Look) -> tuple[VerdictKind, str]:
    """The verdict on a refusal, and what it means in words. The words are those of RFC 6749, section 5.2, and Google's own."""
    said = error.message.lower()
    if error.code in {0, 408, 429} or error.code >= 500 or 300 <= error.code < 400:
        return VerdictKind.UNREACHABLE, "tokens could not be asked for"
    if "unauthorized_client" in said or "invalid_scope" in said or "access_denied" in said:
        return VerdictKind.RECOGNISED, "alive, but it may not have this scope"
    if "timeframe" in said or "audience" in said:
        return VerdictKind.UNREACHABLE, "the assertion was refused: is the clock of this machine right?"
    if "invalid_grant" not in said:
        return VerdictKind.UNPROVED, "an answer that proves nothing"
    if "account not found" in said:
        return look() or (VerdictKind.BLOCKED, "its account is disabled or gone")
    return look() or (VerdictKind.DEAD, "Google does not take its signature")


def _path(uri: str) -> str:
    return urlsplit(uri).path or "/"
