"""Identifiers that the emulated services hand out; the same seed gives the same ones in the same order."""

from __future__ import annotations

import base64
import random
import string
import threading
import uuid

_URL_SAFE = string.ascii_letters + string.digits + "-_"


class Ids:
    """A thread-safe source of identifiers. They are made up and predictable, never meant to protect anything."""

    def __init__(self, seed: str) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(seed)  # noqa: S311  # repeatable on purpose
        self.seed = seed

    def uuid(self) -> str:
        """Give a version 4 UUID."""
        with self._lock:
            return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def weak_etag(self) -> str:
        """Give an etag as API Keys spells them: `W/"<base64 of 16 bytes>"`."""
        with self._lock:
            return f'W/"{base64.b64encode(self._random.randbytes(16)).decode()}"'

    def digits(self, length: int) -> str:
        """Give a decimal number of that length, not starting with 0."""
        with self._lock:
            return str(self._random.randrange(10 ** (length - 1), 10**length))

    def hexadecimal(self, length: int) -> str:
        """Give lower-case hexadecimal digits."""
        with self._lock:
            return f"{self._random.getrandbits(4 * length):0{length}x}"

    def text(self, length: int, alphabet: str = _URL_SAFE) -> str:
        """Give characters drawn from an alphabet."""
        with self._lock:
            return "".join(self._random.choices(alphabet, k=length))

    def standard_key(self) -> str:
        """Give the string of a standard API key: 39 characters."""
        return "AI" + "za" + self.text(35)

    def auth_key(self) -> str:
        """Give the string of a service-account-bound key: 53 characters."""
        return "AQ" + "." + "Ab" + self.text(48)

    def between(self, low: float, high: float) -> float:
        """Give a number from a range."""
        with self._lock:
            return self._random.uniform(low, high)

    def fixed(self, *parts: str) -> random.Random:
        """Give a generator that depends on the seed and the parts only, not on what was drawn before."""
        return random.Random("/".join((self.seed, *parts)))  # noqa: S311  # repeatable on purpose
