"""What entries of the table of key shapes are built from: patterns that end where a word ends, and makers of samples."""

import random
import re
import string
from collections.abc import Callable

from keyward.model.checks import letters
from keyward.model.credential import Kind
from keyward.model.detector import Check, Detector

ALNUM = string.ascii_letters + string.digits
WORD = ALNUM + "_-"
BASE64 = ALNUM + "+/"
BASE32 = string.ascii_uppercase + "234567"
HEX = "0123456789abcdef"
LOWER = string.ascii_lowercase + string.digits

_AFTER = rb"(?![A-Za-z0-9_-])"
AFTER_BASE64 = rb"(?![A-Za-z0-9+/_=-])"


def shape(body: bytes, after: bytes = _AFTER) -> re.Pattern[bytes]:
    """A shape that stands alone: behind it comes none of the characters that keys are made of."""
    return re.compile(body + after)


def made(prefix: bytes, count: int, alphabet: str = WORD, end: bytes = b"") -> Callable[[random.Random], bytes]:
    """A maker of samples: the prefix, so many random characters of the alphabet, and what every such key ends with."""

    def make(rng: random.Random) -> bytes:
        return prefix + letters(rng, count - 1, alphabet) + letters(rng, 1, ends) + end

    # The last character is a letter, so that a sample ends where a word ends.
    ends = "".join(character for character in alphabet if character.isalpha())
    return make


def token(  # noqa: PLR0917  # one line of the table, in the order of its columns
    kind: str,
    label: str,
    issuer: str,
    prefix: bytes | tuple[bytes, ...],
    body: bytes,
    sample: Callable[[random.Random], bytes],
    *,
    provider: str = "",
    credential: Kind = Kind.API_KEY,
    offline: Callable[[bytes], Check] | None = None,
) -> Detector:
    """The commonest entry: a prefix that the issuer publishes, and a body; `provider` is the kind's own name unless given."""
    prefixes = prefix if isinstance(prefix, tuple) else (prefix,)
    literal = b"(?:" + b"|".join(re.escape(one) for one in prefixes) + b")"
    pattern = shape(literal + body)
    return Detector(
        kind, label, issuer, provider or kind, credential, prefixes, pattern, sample, shown=prefixes, offline=offline
    )


def named(  # noqa: PLR0917  # likewise
    kind: str, label: str, issuer: str, words: bytes, body: bytes, sample: Callable[[random.Random], bytes]
) -> Detector:
    """A shape without a prefix of its own: only what the variable or field is called tells it from any other text.

    Args:
        kind: the detector's kind, and its provider's name.
        label: for people.
        issuer: for people.
        words: what the name of a holder ends with, in capitals with underscores, such as `MISTRAL_API_KEY`; written in any of the usual ways.
        body: the value alone.
        sample: makes a value.
    """
    loose = words.replace(b"_", b"_?")
    pieces = words.decode().split("_")
    camel = pieces[0].lower() + "".join(piece.capitalize() for piece in pieces[1:])
    written = (words, words.lower(), camel.encode())
    pattern = re.compile(
        loose + rb"[\"']?\s{0,9}[:=]{1,2}\s{0,9}[\"']?(?P<value>" + body + rb")(?![A-Za-z0-9+/=_-])", re.IGNORECASE
    )
    names = re.compile(loose.decode() + "$", re.IGNORECASE)
    return Detector(kind, label, issuer, kind, Kind.API_KEY, written, pattern, sample, names=names)
