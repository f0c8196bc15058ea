"""Signed assertions (JWT, RFC 7519): reading, checking the RS256 signature and the times."""

from __future__ import annotations

import base64
import binascii
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keyward.emulator.accountkeys.material import public_key
from keyward.emulator.accountkeys.state import AccountKeys
from keyward.emulator.tokens import refusals

if TYPE_CHECKING:
    from keyward.emulator.accountkeys.key import AccountKey
    from keyward.emulator.world import World

_LONGEST = 3600
_SKEW = 300
"""Seconds that Google's clock and the caller's may differ; about five minutes, unverified."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """A JWT in its parts, not checked yet."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signed: bytes
    signature: bytes

    def text(self, claim: str) -> str:
        """Give a claim that is a text; anything else is empty."""
        value = self.claims.get(claim)
        return value if isinstance(value, str) else ""


def read(token: str) -> Assertion:
    """Take a JWT apart.

    Raises:
        OAuthError: it is none, or not signed with RS256.
    """
    try:
        head, body, signature = token.split(".")
        header, claims = json.loads(_decode(head)), json.loads(_decode(body))
        found = Assertion(header, claims, f"{head}.{body}".encode(), _decode(signature))
    except (ValueError, binascii.Error):
        raise refusals.malformed("Invalid JWT: the assertion is malformed.") from None
    if not isinstance(header, dict) or not isinstance(claims, dict) or header.get("alg") != "RS256":
        raise refusals.malformed("Invalid JWT: it must be signed with RS256.")
    return found


def signer(world: World, assertion: Assertion, email: str) -> AccountKey:
    """Give the live key of the account that made the signature: the one named by `kid`, or any where none is named.

    Raises:
        OAuthError: no live key did.
    """
    kid, now, state = str(assertion.header.get("kid") or ""), world.clock.now(), world.state(AccountKeys)
    for key in state.of(email):
        if (not kid or kid == key.key_id) and key.certificate and key.works(now) and _signed(assertion, key):
            return key
    raise refusals.bad_signature()


def check_times(world: World, assertion: Assertion) -> None:
    """Refuse an assertion outside its time; whose clock counts is the behaviour's `assertion_clock`.

    Raises:
        OAuthError: too old, too long-lived or from the future.
    """
    issued, expires = assertion.claims.get("iat"), assertion.claims.get("exp")
    if not isinstance(issued, int | float) or not isinstance(expires, int | float):
        raise refusals.bad_times()
    which = world.behaviour.assertion_clock
    clocks = ([world.clock.now().timestamp()] if which != "real" else []) + (
        [time.time()] if which != "emulated" else []
    )
    fits = any(issued - _SKEW <= now <= expires + _SKEW for now in clocks)
    if not fits or expires - issued > _LONGEST or expires < issued:
        raise refusals.bad_times()


def _signed(assertion: Assertion, key: AccountKey) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    try:
        public_key(key.certificate).verify(assertion.signature, assertion.signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
