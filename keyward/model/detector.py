"""What one key shape is: an entry of the table in `keyward.model.detectors`."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from keyward.model.credential import Kind


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


_CONFIDENCE = {Check.PASSES: Confidence.PROVED, Check.NONE: Confidence.LIKELY, Check.FAILS: Confidence.DOUBTFUL}


@dataclass(frozen=True, slots=True)
class Detector:
    """One key shape.

    `kind` names it in ids (`shape:<kind>/...`); `label` and `issuer` are for people. `provider` is the provider that lists and
    revokes such keys, `credential` what sort of credential it is. `prefixes` are the literals that must be there before `pattern` is
    tried; the pattern begins with one of them; `needs` is a literal that must be somewhere in the data too. When the pattern has a
    group `value`, that is the key and the rest is its context, and `names` says which variable or field names are such a context.
    `shown` are the leading characters that the issuer publishes: all that a mask may keep. `is_secret` is false for ids that only
    point to a key. `sample` makes a value of this shape that fits its check and was never issued.
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
    offline: Callable[[bytes], Check] | None = field(default=None)

    def check(self, value: bytes) -> Check:
        """What the value's checksum or structure says; NONE when the shape has none."""
        return self.offline(value) if self.offline is not None else Check.NONE

    def confidence(self, value: bytes) -> Confidence:
        """How sure it is that the value, which has this shape, was issued."""
        return _CONFIDENCE[self.check(value)]

    def fits(self, value: bytes, name: str = "") -> bool:
        """Whether the whole value has this shape; `name` is the variable or field that holds it, for shapes that need one."""
        if self.names is not None:
            return bool(self.names.search(name)) and self._bare(value)
        return value.startswith(self.prefixes) and self.pattern.fullmatch(value) is not None

    def _bare(self, value: bytes) -> bool:
        found = self.pattern.fullmatch(self.prefixes[0] + b"=" + value)
        return found is not None and found["value"] == value


@dataclass(frozen=True, slots=True)
class Match:
    """A key shape found at `[start, end)` of some bytes."""

    start: int
    end: int
    detector: Detector
    confidence: Confidence
