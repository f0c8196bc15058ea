"""What one key shape is: an entry of the table in `keyward.model.detectors`."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from keyward.model.credential import Kind
from keyward.model.made_up import made_up


class Check(StrEnum):
    """What a value's own structure says of it, without asking anybody."""

    PASSES = "passes"
    FAILS = "fails"
    NONE = "none"


class Confidence(StrEnum):
    """How sure a match is. A failed check makes it doubtful ("looks fabricated"); it never makes it disappear."""

    PROVED = "proved"
    LIKELY = "likely"
    DOUBTFUL = "doubtful"


_DOCUMENTS = (b"{", b"-----BEGIN ")
_CONFIDENCE = {Check.PASSES: Confidence.PROVED, Check.NONE: Confidence.LIKELY, Check.FAILS: Confidence.DOUBTFUL}


@dataclass(frozen=True, slots=True)
class Detector:
    """One key shape.

    `kind` names it in ids (`shape:<kind>/...`); `label` and `issuer` are for people. `provider` is the provider that lists and
    revokes such keys, `credential` what sort of credential it is. `prefixes` are the literals that must be there before `pattern` is
    tried; the pattern begins with one of them; `needs` is a literal that must be somewhere in the data too. When the pattern has a
    group `value`, that is the key and the rest is its context; `names` then says which variable or field names are such a context, and
    without it the key is found inside of something larger only, such as a password in an address.
    `shown` are the leading characters that the issuer publishes: all that a mask may keep. `is_secret` is false for ids that only
    point to a key; `pairs_with` then is the kind of the secret that belongs to such an id, where a key is the two of them. `sample` makes
    a value of this shape that fits its check and was never issued. `back` is how many characters of the key stand before the literal.
    `chosen` is true for what people make up: it may be guessed, so the shape alone does not make it worth a fingerprint. `expires` reads
    out of a value when it ends (seconds since 1970), `account` whose it is.
    """

    kind: str
    label: str
    issuer: str
    provider: str
    credential: Kind
    prefixes: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    sample: Callable[[random.Random], bytes]
    shown: tuple[bytes, ...] = ()
    names: re.Pattern[str] | None = None
    needs: bytes = b""
    is_secret: bool = True
    pairs_with: str = ""
    back: int = 0
    chosen: bool = False
    offline: Callable[[bytes], Check] | None = field(default=None)
    expires: Callable[[bytes], int | None] | None = field(default=None)
    account: Callable[[bytes], str | None] | None = field(default=None)

    @property
    def within(self) -> bool:
        """Whether what stands around a value makes it a key."""
        return "value" in self.pattern.groupindex

    def check(self, value: bytes) -> Check:
        """What the value's checksum or structure says; NONE when the shape has none."""
        return self.offline(value) if self.offline is not None else Check.NONE

    def confidence(self, value: bytes) -> Confidence:
        """How sure it is that the value, which has this shape, was issued."""
        return _CONFIDENCE[self.check(value)]

    def fits(self, value: bytes, name: str = "") -> bool:
        """Whether the whole value has this shape; `name` is the variable or field that holds it, for shapes that need one."""
        return self.shaped(value, name) and not self.made_up(value)

    def shaped(self, value: bytes, name: str = "") -> bool:
        """The same for a value that may be made up."""
        if self.names is not None:
            return bool(self.names.search(name)) and self.bare(value)
        if self.within:
            return False
        return value.startswith(self.prefixes, self.back) and self.pattern.fullmatch(value) is not None

    def made_up(self, value: bytes) -> bool:
        """Whether it is plainly no key, such as the `sk-proj-xxxx...` of a manual; documents and PEM blocks are judged by their check."""
        if value.startswith(_DOCUMENTS):
            return False
        prefix = max((one for one in self.prefixes if value.startswith(one)), key=len, default=b"")
        return made_up(value[len(prefix) :])

    def bare(self, value: bytes) -> bool:
        """For a shape that needs a name: whether the value alone could be one."""
        found = self.pattern.fullmatch(self.prefixes[0] + b"=" + value)
        return found is not None and found["value"] == value


@dataclass(frozen=True, slots=True)
class Match:
    """A key shape found at `[start, end)` of some bytes."""

    start: int
    end: int
    detector: Detector
    confidence: Confidence
