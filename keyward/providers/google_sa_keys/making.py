"""Makes keys, each with one request: by uploading a public half, or by letting Google make one."""

import base64
import binascii
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from keyward.google.audit import agent
from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.google.refusals import writing
from keyward.model.errors import Ambiguous, Gone, Refused, SourceError
from keyward.model.ids import CredentialRef
from keyward.model.secret import Secret
from keyward.model.text import clean
from keyward.providers.google_sa_keys import material, wire
from keyward.providers.google_sa_keys.iam import API, KEYS, account
from keyward.providers.google_sa_keys.policies import certificate_life
from keyward.providers.interface import Created

if TYPE_CHECKING:
    from keyward.google.errors import GoogleError
    from keyward.google.refusals import Asked
    from keyward.model.context import Ctx
    from keyward.model.credential import Credential
    from keyward.providers.google_sa_keys.iam import Iam
    from keyward.providers.interface import Marker, Want

LIMIT = 10
"""User-managed keys that a service account can have (IAM quotas)."""

LIST_LAG = timedelta(seconds=30)
"""How long a list may miss a key that was just made: seconds, as public reports have it."""

_SLOT_LAG = 60.0
LOOK = 2.0
"""Seconds between two looks at a list that is behind."""
_FORM = {"privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE", "keyAlgorithm": "KEY_ALG_RSA_2048"}


def upload(iam: "Iam", want: "Want", marker: "Marker", staged: Secret, ctx: "Ctx") -> Created:
    """Hand in a certificate with the public half of what was staged; one request.

    Raises:
        Refused: not made.
        SourceError: not made; Google could not be reached, or has no room for now.
        Ambiguous: perhaps made.
    """
    email = email_of_want(want)
    life = certificate_life(iam.parts, want.scope, ctx)
    data = base64.b64encode(material.certificate(staged, marker.rotation, ctx.now, life)).decode()
    request = iam.keys.upload(name=account(want.scope, email), body={"publicKeyData": data})
    asked = iam.asked(f"Uploading a public key to {clean(email)}", want.scope, f"{KEYS}.create")
    try:
        item = iam.execute(request, ctx, Call(API, want.scope, "write", idempotent=False), agent(marker.rotation))
    except GoogleFailure as failure:
        if failure.error.status == "ALREADY_EXISTS":
            return _adopted(iam, want, staged, ctx, failure.error)
        raise _refusal(iam, want, ctx, failure.error, asked) from None
    return Created(_made(item, want, ctx))


def create(iam: "Iam", want: "Want", marker: "Marker", ctx: "Ctx") -> Created:
    """Let Google make a key and show it, this once; one request.

    Raises:
        Refused, SourceError, Ambiguous: as for `upload`.
    """
    email = email_of_want(want)
    request = iam.keys.create(name=account(want.scope, email), body=dict(_FORM))
    asked = iam.asked(f"Creating a key of {clean(email)}", want.scope, f"{KEYS}.create")
    try:
        item = iam.execute(request, ctx, Call(API, want.scope, "write", idempotent=False), agent(marker.rotation))
    except GoogleFailure as failure:
        raise _refusal(iam, want, ctx, failure.error, asked) from None
    return Created(_made(item, want, ctx), _shown(item))


def _adopted(iam: "Iam", want: "Want", staged: Secret, ctx: "Ctx", error: "GoogleError") -> Created:
    """The key that has this public half already: only this rotation has the private one."""
    email = email_of_want(want)
    public = material.public_half(staged)
    until = ctx.now + LIST_LAG
    while True:
        for item in iam.list_keys(want.scope, email, ctx):
            if item.get("keyOrigin") == wire.UPLOADED and material.same_pair(
                certificate_of(iam, item, want, ctx), public
            ):
                return Created(credential_of(item, want, ctx), adopted=True)
        if ctx.now >= until or not ctx.wait(LOOK):
            raise Ambiguous(f"{clean(email)} has this public key already, but no list shows it ({error}).")


def _refusal(iam: "Iam", want: "Want", ctx: "Ctx", error: "GoogleError", asked: "Asked") -> Exception:
    """What a create that failed should raise. Google does not say when an account has too many keys: counting tells."""
    full = error.status == "RESOURCE_EXHAUSTED" and "number of keys" in error.message
    if full or error.status == "FAILED_PRECONDITION":
        try:
            count = len(iam.list_keys(want.scope, email_of_want(want), ctx))
        except (SourceError, Gone):
            count = 0
        if full or count >= LIMIT:
            return Refused(f"{asked.what}: the account has {LIMIT} keys, which is the most.", reason="full", hint=ROOM)
        if count == LIMIT - 1 and not _policy(error):
            why = "a key that was just deleted still counts"
            return SourceError(f"{asked.what}: {why} ({error}).", api=asked.api, retry_after=_SLOT_LAG)
    found = writing(error, asked)
    # An account that does not exist: `Gone` would speak of the key.
    return Refused(found.message, reason=error.status) if isinstance(found, Gone) else found


ROOM = "Delete a key of this account that nobody uses: `keyward list kind:sa-key` shows when each was last used."


def _policy(error: "GoogleError") -> bool:
    return "not allowed" in error.message or "policy" in error.message.lower()


def _made(item: dict[str, Any], want: "Want", ctx: "Ctx") -> "Credential":
    if not wire.key_id(item):
        raise Ambiguous(f"A key of {clean(email_of_want(want))} was made, but Google did not say which.")
    return credential_of(item, want, ctx)


def _shown(item: dict[str, Any]) -> Secret | None:
    data = item.pop("privateKeyData", None)
    try:
        return Secret(base64.b64decode(data, validate=True)) if isinstance(data, str) and data else None
    except binascii.Error:
        return None


def ref_of(item: dict[str, Any], want: "Want") -> CredentialRef:
    """The id of a key of the wanted account."""
    return CredentialRef(wire.NAME, want.scope, (email_of_want(want), wire.key_id(item)))


def credential_of(item: dict[str, Any], want: "Want", ctx: "Ctx") -> "Credential":
    """A key of the wanted account."""
    return wire.credential(item, want.scope, email_of_want(want), ctx.now)


def certificate_of(iam: "Iam", item: dict[str, Any], want: "Want", ctx: "Ctx") -> object:
    """The `publicKeyData` of a key; None when it is no more.

    Raises:
        SourceError: it could not be read.
    """
    try:
        return iam.get_key(ref_of(item, want), ctx, certificate=True).get("publicKeyData")
    except Gone:
        return None


def email_of_want(want: "Want") -> str:
    """The account that the key is for.

    Raises:
        Refused: none is named.
    """
    if not want.bound_identity:
        raise Refused("A service account key needs an account.", hint="Name one: --service-account EMAIL.")
    return want.bound_identity
