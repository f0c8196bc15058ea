"""Tokens for conditional writes to stores that have no versions: they say whether a payload is still the same, and nothing else.

A plain digest of a short value could be tried out by whoever finds it, in a plan file or a crash report. These are salted with
something that this process never tells anyone, so they mean nothing outside of it: whoever wants to write reads first.
"""

import hashlib
import hmac
import os

_SALT = os.urandom(32)


def token(*parts: bytes) -> str:
    """A token for these parts, the same for the life of this process."""
    digest = hmac.new(_SALT, digestmod=hashlib.sha256)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def seen(*parts: object) -> str:
    """A short id of what anyone can see without the value (inode, size, times): the same in every process."""
    return hashlib.sha256("\0".join(str(part) for part in parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def same(one: str, other: str) -> bool:
    """Whether two tokens are equal, in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
