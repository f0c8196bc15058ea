"""Checks that key shapes carry inside themselves; none of them asks anybody.

Sources: GitHub's engineering blog of April 2021 for the CRC-32 of its tokens (checked on a published vector); the base32 packing of
AWS account ids in access key ids (checked on a published example); the marker in OpenAI keys is base64 of their maker's name; npm's tokens
have GitHub's checksum (checked on a published dummy).
"""

import base64
import binascii
import json
import random
import re
import string
import zlib
from typing import Any

from keyward.model.detector import Check

BASE62 = (string.digits + string.ascii_uppercase + string.ascii_lowercase).encode()
OPENAI_MARKER = base64.b64encode(b"OpenAI")
_CHECKSUM_LENGTH = 6
_JWT_PARTS = 3
_LATEST = 253_402_300_800
"""The first second that no date can tell."""
_ACCOUNT_MASK = 0x7FFFFFFFFF80
_PEM_BODY = re.compile(rb"-----BEGIN [A-Z ]+-----(.*)-----END", re.DOTALL)
_PEM_NOISE = re.compile(rb"\\[nr]|\s")


def _verdict(passes: bool) -> Check:
    return Check.PASSES if passes else Check.FAILS


def base62(number: int, width: int) -> bytes:
    """The number in base 62 (digits, upper case, lower case), padded with zeros on the left."""
    digits = bytearray()
    while number:
        number, rest = divmod(number, 62)
        digits.append(BASE62[rest])
    return bytes(reversed(digits)).rjust(width, b"0")


def crc_tail(body: bytes) -> bytes:
    """The six characters that end a token whose random part is `body`."""
    return base62(zlib.crc32(body), _CHECKSUM_LENGTH)


def crc_token(value: bytes) -> Check:
    """Whether the last six characters are the CRC-32 of the rest behind the prefix (GitHub's classic tokens, npm's)."""
    body = value.partition(b"_")[2]
    return _verdict(body[-_CHECKSUM_LENGTH:] == crc_tail(body[:-_CHECKSUM_LENGTH]))


def aws_account(access_key_id: bytes) -> str | None:
    """The account number inside an AWS access key id; None when it cannot be read. Ids older than 2019 give a wrong one."""
    try:
        packed = base64.b32decode(access_key_id[4:14] + b"=" * 6)
    except (binascii.Error, ValueError):
        return None
    return f"{(int.from_bytes(packed[:6], 'big') & _ACCOUNT_MASK) >> 7:012d}"


def openai_marker(value: bytes) -> Check:
    """Whether the maker's marker is inside."""
    return _verdict(OPENAI_MARKER in value)


def anthropic_tail(value: bytes) -> Check:
    """Whether it ends as Anthropic's keys do: the last 12 bits are zero."""
    return _verdict(value.endswith(b"AA"))


class Base64Body:
    """Whether what follows a prefix is well-formed base64.

    Args:
        prefix: the literal in front.
    """

    def __init__(self, prefix: bytes) -> None:
        self._prefix = prefix

    def __call__(self, value: bytes) -> Check:
        """The verdict on one value."""
        body = value.removeprefix(self._prefix).rstrip(b"=")
        try:
            base64.b64decode(body + b"=" * (-len(body) % 4), validate=True)
        except (binascii.Error, ValueError):
            return Check.FAILS
        return Check.PASSES


def pem_key(value: bytes) -> Check:
    """Whether a PEM block (line ends may be written as backslash n) holds the beginning of a DER sequence."""
    found = _PEM_BODY.search(value)
    body = _PEM_NOISE.sub(b"", found[1]) if found else b""
    try:
        return _verdict(base64.b64decode(body, validate=True)[:1] == b"\x30")
    except (binascii.Error, ValueError):
        return Check.NONE  # encrypted blocks carry headers


def key_file(value: bytes) -> Check:
    """Whether a service account key file has a private key in it, and not only the place for one."""
    return pem_key(value) if _PEM_BODY.search(value) else Check.FAILS


def letters(rng: random.Random, count: int, alphabet: bytes | str) -> bytes:
    """So many characters of an alphabet, from a generator that is not for keys: only for made-up values."""
    pool = alphabet.encode() if isinstance(alphabet, str) else alphabet
    return bytes(rng.choices(pool, k=count))


def _decoded(text: bytes) -> bytes | None:
    try:
        return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None


def _object(text: bytes) -> dict[str, Any] | None:
    data = _decoded(text)
    try:
        found = None if data is None else json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def jwt(value: bytes) -> Check:
    """Whether head and claims of a JSON web token (RFC 7519) are JSON objects and the head names an algorithm."""
    head, claims, _ = value.split(b".", 2)
    named = _object(head)
    return _verdict(named is not None and "alg" in named and _object(claims) is not None)


def jwt_expires(value: bytes) -> int | None:
    """When the token in these bytes stops working, in seconds since 1970 (`exp`); None when it does not say."""
    parts = value.split(b".")
    claims = _object(parts[1]) if len(parts) == _JWT_PARTS else None
    expires = claims.get("exp") if claims is not None else None
    return int(expires) if isinstance(expires, (int, float)) and 0 < expires < _LATEST else None


def pypi_token(value: bytes) -> Check:
    """Whether it is a macaroon (version 2) of pypi.org; its signature cannot be checked."""
    data = _decoded(value.removeprefix(b"pypi-"))
    return _verdict(data is not None and data.startswith(b"\x02\x01\x08pypi.org\x02"))


def one_password(value: bytes) -> Check:
    """Whether it is a JSON object, as 1Password's service account tokens are."""
    return _verdict(_object(value.removeprefix(b"ops_").rstrip(b"=")) is not None)
