"""What is seen at a value when it is read, and kept beside its fingerprint: words about it, never a piece of it."""

import re
from dataclasses import dataclass
from enum import StrEnum

from keyward.model.ids import PlacementRef


class Trait(StrEnum):
    """One thing that is wrong with a value as it is written."""

    BLANKS = "blanks"
    """White space stands around it, and whoever reads the secret gets that with it."""
    UNFIT = "unfit"
    """It has the shape of a key, and its own checksum or structure does not fit."""
    MADE_UP = "made_up"
    """It stands where a key is to be put."""
    IN_QUERY = "in_query"
    """It stands in the query of an address."""

    @property
    def of_value(self) -> bool:
        """Whether another value in the same place would be without it."""
        return self in (Trait.UNFIT, Trait.MADE_UP)


@dataclass(frozen=True, slots=True)
class Noted:
    """A part of one version of a secret with what was seen there; `kind` is its detector's, empty when it has no key's shape."""

    at: PlacementRef
    kind: str
    traits: frozenset[Trait]


@dataclass(frozen=True, slots=True)
class Twins:
    """Places in current versions that hold the same value, each a value of its own; `known` says that it is that of a key in the list."""

    places: tuple[PlacementRef, ...]
    known: bool


_BACK = 1_500
"""Bytes before a value in which the address is looked for that it belongs to."""
_ESCAPED = ((rb"\/", b"/"), (rb"\u0026", b"&"), (b"&amp;", b"&"))
"""How JSON and HTML write characters of an address."""
_NAME = rb"[\w.%$\[\]{}+-]{1,80}"
_PARAMETERS = re.compile(rb"(?:" + _NAME + rb"(?:=[^\s\"'<>`#&;?]{0,400})?[&;])*+" + _NAME + rb"=")
_OF_A_PATH = re.compile(rb"[\w./}%~-]\Z")


def in_query(text: bytes, at: int) -> bool:
    """Whether what begins there is the value of a parameter in the query of an address (RFC 3986, section 3.4), a relative one included."""
    before = text[max(0, at - _BACK) : at]
    for written, meant in _ESCAPED:
        before = before.replace(written, meant)
    path, mark, query = before.rpartition(b"?")
    return bool(mark) and _OF_A_PATH.search(path) is not None and _PARAMETERS.fullmatch(query) is not None
