"""A scalar inside a payload: where its bytes are, what they mean, and how another value is written in the same place."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from keyward.model.detectors import find
from keyward.model.errors import Refused
from keyward.model.secret import Secret

_BLANK = b" \t\r\n"
_KEY_IN_NAME = "~key"
_WORD = re.compile(rb"[A-Za-z0-9_.~+/=-]+")

Write = Callable[[bytes, bytes], bytes]
"""(value, what is written now) -> what is to be written; raises Refused."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One scalar. `[start, end)` is its text in the payload without quotes.

    `offsets`, when set, gives for every byte of the value (and one past the last) where it begins in the payload; without it either
    both have the same bytes, or the value cannot be changed in part (`whole`).
    """

    name: str
    start: int
    end: int
    value: Secret
    encoding: str
    write: Write = field(repr=False)
    offsets: tuple[int, ...] | None = field(default=None, repr=False)

    @property
    def whole(self) -> bool:
        """Whether only the scalar as a whole has a place in the payload."""
        return self.offsets is None and len(self.value) != self.end - self.start

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a piece of the value is in the payload."""
        if self.whole:
            return self.start, self.end
        if self.offsets is not None:
            return self.offsets[start], self.offsets[end]
        return self.start + start, self.start + end

    def trimmed(self) -> tuple[int, int]:
        """The piece of the value without the white space around it; all of it when that has no place of its own."""
        value = self.value.reveal()
        if self.whole:
            return 0, len(value)
        start = len(value) - len(value.lstrip(_BLANK))
        return start, max(start, len(value.rstrip(_BLANK)))


def without_keys(name: str) -> str:
    """A name from a payload as it may be kept: a key that somebody wrote where names belong becomes `~key`."""
    return _KEY_IN_NAME.join(_beside_keys(name))


def step(name: str) -> str:
    """One step of a name of several, escaped as in a JSON pointer (RFC 6901); it never holds a key."""
    return _KEY_IN_NAME.join(text.replace("~", "~0").replace("/", "~1") for text in _beside_keys(name))


def _beside_keys(name: str) -> Iterator[str]:
    data = name.encode("utf-8", "surrogatepass")
    at = 0
    for match in find(data):
        if match.detector.is_secret:
            yield data[at : match.start].decode("utf-8", "surrogatepass")
            at = match.end
    yield data[at:].decode("utf-8", "surrogatepass")


def write_anything(value: bytes, raw: bytes) -> bytes:
    """The payload is the value: every byte can be carried."""
    del raw
    return value


def write_word(value: bytes, raw: bytes) -> bytes:
    """A piece of a text that nobody parsed: only characters that no format gives a meaning.

    Raises:
        Refused: the value has others.
    """
    del raw
    if _WORD.fullmatch(value) is None:
        raise cannot("a piece of a text")
    return value


def cannot(what: str) -> Refused:
    """The refusal to write a value there, without the value."""
    return Refused(
        f"The new value has characters that {what} cannot carry.", hint="Choose another place, or change its format."
    )
