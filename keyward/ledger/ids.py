"""Ids of rotations: ULIDs in lower case (github.com/ulid/spec), so they sort by time and fit into names that providers allow."""

import secrets
from collections.abc import Callable
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 26
_RANDOM_BITS = 80
_DIGIT_BITS = 5


def new_rotation_id(now: datetime, rng: Callable[[int], int] = secrets.randbits) -> str:
    """A new id of 26 characters: 48 bits of time in milliseconds, then 80 random bits.

    Args:
        now: the present, with a time zone.
        rng: returns a number of so many random bits.
    """
    number = (int(now.timestamp() * 1000) << _RANDOM_BITS) | rng(_RANDOM_BITS)
    return "".join(_ALPHABET[(number >> (_DIGIT_BITS * place)) & 31] for place in reversed(range(_LENGTH)))
