"""`GET /` of the XML API: the list of buckets, for whoever signs the request with an HMAC key.

Checked are `AWS4-HMAC-SHA256` (as S3 clients sign) and `GOOG4-HMAC-SHA256`, both in the `Authorization` header, as
"Signatures" and "Interoperability" in the documentation of Cloud Storage have them. The bucket list is always empty.
Guesses: which error code answers an inactive or unknown key (`InvalidSecurity`, as for malformed credentials).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from keyward.emulator.storage.refusals import xml, xml_error
from keyward.emulator.storage.state import HmacKeys

if TYPE_CHECKING:
    from keyward.emulator.routing import Request, Response
    from keyward.emulator.storage.state import HmacKey
    from keyward.emulator.world import World

_HEADER = re.compile(
    r"(?P<algorithm>AWS4|GOOG4)-HMAC-SHA256\s+Credential=(?P<access>[^/,\s]+)/(?P<scope>[^,\s]+),\s*"
    r"SignedHeaders=(?P<headers>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_SKEW = 15 * 60
"""Seconds that a signature may be old or early."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What an `Authorization` header says."""

    algorithm: str
    access_id: str
    scope: str
    """`20261120/auto/s3/aws4_request`."""
    headers: tuple[str, ...]
    value: str


def list_buckets(request: Request) -> Response:
    """Answer 200 to a valid signature of a live key, else 403 (400 for what is no signature)."""
    header = request.headers.get("authorization", "")
    if not header:
        return xml_error(403, "AccessDenied", "Access denied.", {"Details": "Anonymous caller does not have access."})
    match = _HEADER.fullmatch(header.strip())
    if match is None:
        message = "The Authorization header is malformed."
        return xml_error(400, "AuthorizationHeaderMalformed", message)
    given = Signature(
        match["algorithm"], match["access"], match["scope"], tuple(match["headers"].split(";")), match["signature"]
    )
    key = request.world.state(HmacKeys).get(given.access_id)
    request.notes.update(key=given.access_id)
    if key is None or not key.works(request.world.clock.now()):
        return xml_error(403, "InvalidSecurity", "The provided security credentials are not valid.")
    request.notes.update(account=key.email, project=key.project_id)
    return _unsigned(request, given, key) or _buckets(request, key)


def _unsigned(request: Request, given: Signature, key: HmacKey) -> Response | None:
    """Give the refusal of a signature that is out of time or not by this key."""
    stamp = request.headers.get("x-amz-date") or request.headers.get("x-goog-date") or ""
    if not _fresh(request.world, stamp):
        message = "The difference between the request time and the current time is too large."
        return xml_error(403, "RequestTimeTooSkewed", message)
    if hmac.compare_digest(expected(request, given, key.secret, stamp), given.value):
        return None
    message = (
        "The request signature we calculated does not match the signature you provided. Check your Google secret "
        "key and signing method."
    )
    return xml_error(403, "SignatureDoesNotMatch", message)


def _buckets(request: Request, key: HmacKey) -> Response:
    if request.world.behaviour.bucket_list_denied:
        details = f"{key.email} does not have storage.buckets.list access to the Google Cloud project."
        return xml_error(403, "AccessDenied", "Access denied.", {"Details": details})
    owner = f"<Owner><ID>{hashlib.sha256(key.email.encode()).hexdigest()}</ID></Owner><Buckets/>"
    space = "http://doc.s3.amazonaws.com/2006-03-01"
    return xml(200, f"<ListAllMyBucketsResult xmlns='{space}'>{owner}</ListAllMyBucketsResult>")


def expected(request: Request, given: Signature, secret: str, stamp: str) -> str:
    """Give the signature that the key makes of this request."""
    headers = request.headers
    digest = headers.get("x-amz-content-sha256") or headers.get("x-goog-content-sha256") or "UNSIGNED-PAYLOAD"
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(one, safe="-_.~")) for name in request.query for one in request.query[name]
    )
    lines = [f"{name}:{' '.join(headers.get(name, '').split())}" for name in given.headers]
    parts = [
        request.method,
        quote(request.path, safe="/-_.~"),
        "&".join(f"{name}={value}" for name, value in pairs),
        *lines,
        "",
        ";".join(given.headers),
        digest,
    ]
    asked = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    text = "\n".join([f"{given.algorithm}-HMAC-SHA256", stamp, given.scope, asked])
    key = (given.algorithm + secret).encode()
    for part in given.scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def _fresh(world: World, stamp: str) -> bool:
    """Say whether a time such as `20261120T120000Z` is near; whose clock counts is the behaviour's choice."""
    try:
        then = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return False
    which = world.behaviour.assertion_clock
    clocks = ([world.clock.now().timestamp()] if which != "real" else []) + (
        [time.time()] if which != "emulated" else []
    )
    return any(abs(now - then) <= _SKEW for now in clocks)
