"""The keyed hash of a value: the only thing that is ever kept of it (DESIGN.md section 5).

HMAC-SHA-256 (RFC 2104, FIPS 180-4) under a key that is handed in; who holds the key can tell equal values apart from different ones,
who does not holds nothing.
"""

import hashlib
import hmac
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from keyward.model.detectors import identify
from keyward.model.keyfile import canonical
from keyward.model.secret import Secret

_DOMAIN = b"keyward/fp/v1\0"
_CHECK_DOMAIN = b"keyward/fp-check/v1\0"
_SEAL_DOMAIN = b"keyward/seal/v1\0"
_KEY_BYTES = 32
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# Below these a value may be guessed by whoever gets hold of the fingerprint key.
_SHORTEST = 20
_LEAST_BITS = 60.0
_LEAST_CHANGES = 0.2
_LEAST_VARIETY = 0.75


def normalised(value: bytes) -> bytes:
    """The value without a byte order mark and without white space around it: what makes a copied value equal to its original."""
    return value.removeprefix(_BYTE_ORDER_MARK).strip(b" \t\r\n")


@dataclass(frozen=True, slots=True)
class FingerprintKey:
    """The key of one ledger.

    Args:
        id: names it in the ledger.
        key: at least 32 random bytes.

    Raises:
        ValueError: the key is shorter.
    """

    id: str
    key: Secret

    def __post_init__(self) -> None:
        if len(self.key) < _KEY_BYTES:
            raise ValueError(f"a fingerprint key has at least {_KEY_BYTES} bytes")

    def check_value(self) -> str:
        """What a ledger keeps to recognise the key without holding it: 32 hex characters."""
        return self._digest(_CHECK_DOMAIN + self.id.encode())[:32]

    def fingerprint(self, value: Secret) -> str:
        """The fingerprint of a value: 64 lower-case hex characters.

        White space around the value does not matter, nor does the layout of a service account key file.
        """
        return self._digest(_DOMAIN + canonical(normalised(value.reveal())))

    def each(self) -> Callable[[bytes], str]:
        """What fingerprints many values in less time; they have no white space around them and are no key files."""
        begun = hmac.new(self.key.reveal(), _DOMAIN, hashlib.sha256)

        def fingerprint(value: bytes) -> str:
            one = begun.copy()
            one.update(value)
            return one.hexdigest()

        return fingerprint

    def seal(self, document: bytes) -> str:
        """What shows later that a document was written by a holder of this key and not changed since: 64 hex characters."""
        return self._digest(_SEAL_DOMAIN + document)

    def _digest(self, message: bytes) -> str:
        return hmac.new(self.key.reveal(), message, hashlib.sha256).hexdigest()


def worth(value: bytes, name: str = "") -> bool:
    """Whether a value may be fingerprinted: it has a key's shape, or is too random to be guessed.

    Words, numbers, dates, addresses, paths, texts with blanks and repeated patterns are not.

    Args:
        value: the value, with or without white space around it.
        name: the variable or field that holds it, for shapes that need one.
    """
    value = normalised(value)
    if identify(value, name) is not None:
        return True
    if len(value) < _SHORTEST or not value.isascii() or len(value.split()) != 1 or b"://" in value:
        return False
    return _bits(value) >= _LEAST_BITS and _changes(value) >= _LEAST_CHANGES and _variety(value) >= _LEAST_VARIETY


def _bits(value: bytes) -> float:
    """Shannon's entropy of the characters, in all."""
    return -sum(count * math.log2(count / len(value)) for count in Counter(value).values())


def _changes(value: bytes) -> float:
    """How often lower case, upper case and digits alternate, from 0 to 1: seldom in words and numbers, often in random text."""
    classes = [(65 <= byte <= 90, 48 <= byte <= 57) for byte in value if chr(byte).isalnum()]
    return sum(left != right for left, right in pairwise(classes)) / len(value)


def _variety(value: bytes) -> float:
    """How many of the runs of three characters are different, from 0 to 1: few in a repeated pattern."""
    runs = [value[at : at + 3] for at in range(len(value) - 2)]
    return len(set(runs)) / len(runs)
