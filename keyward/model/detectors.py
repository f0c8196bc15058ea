"""The one table of key shapes, for scanner, redactor, masks and tests: a new shape is one entry of `detectors_*`.

The shapes restate facts that several public scanners and the issuers' documentation agree on. Search is gated by literals: a regular
expression runs only where its prefix stands, with bounded and possessive repetition, so the time is linear in the data. What is plainly
made up (`sk-xxxxxxxx`, `AKIA...EXAMPLE`) is no key.
"""

import re
import string
from collections.abc import Iterator
from functools import lru_cache

from keyward.model.credential import Kind
from keyward.model.detector import Check, Confidence, Detector, Match
from keyward.model.detectors_google import GOOGLE_AND_AWS
from keyward.model.detectors_models import MODELS
from keyward.model.detectors_services import SERVICES
from keyward.model.literals import any_of

__all__ = [
    "BY_KIND",
    "DETECTORS",
    "PAIRED",
    "Check",
    "Confidence",
    "Detector",
    "Match",
    "find",
    "identify",
    "imitates",
    "kind_of",
    "may_hold",
]

# Before a key: no character that keys are made of, unless it ends an escape such as \n or %3D.
_BEFORE = re.compile(rb"(?:^|[^A-Za-z0-9_-]|\\[bfnrt]|\\u[0-9a-fA-F]{4}|%[0-9A-Fa-f]{2})\Z")
_LONGEST_ESCAPE = 6

DETECTORS: tuple[Detector, ...] = (*GOOGLE_AND_AWS, *MODELS, *SERVICES)

BY_KIND = {detector.kind: detector for detector in DETECTORS}

_RANK = {detector.kind: rank for rank, detector in enumerate(DETECTORS)}
_BY_PREFIX = tuple(
    (prefix, tuple(detector for detector in DETECTORS if prefix in detector.prefixes))
    for prefix in dict.fromkeys(prefix for detector in DETECTORS for prefix in detector.prefixes)
)
_BY_FIRST = {
    bytes([first]): tuple(
        detector
        for detector in DETECTORS
        if detector.names is not None or detector.back or any(prefix[0] == first for prefix in detector.prefixes)
    )
    for first in range(256)
}
"""The entries that a whole value can be, by its first byte."""

PAIRED = tuple(detector.pairs_with for detector in DETECTORS if detector.pairs_with)
"""The kinds of secrets that are one half of a key."""


def kind_of(kind: str) -> Kind:
    """What sort of credential a shape is; BY_SHAPE for a kind that this table does not have."""
    return BY_KIND[kind].credential if kind in BY_KIND else Kind.BY_SHAPE


_LITERALS = re.compile(any_of(prefix for prefix, _ in _BY_PREFIX))
_SHORT = 4_096
"""Bytes up to which one look for every literal at once costs less than one for each."""


def may_hold(data: bytes, name: str = "") -> bool:
    """Whether a short text may hold a key at all: one look for every literal at once. What it denies, `find` and `identify` deny too."""
    return _LITERALS.search(data) is not None or (bool(name) and _in_context(name))


@lru_cache(maxsize=10_000)
def _in_context(name: str) -> bool:
    return any(detector.names is not None and detector.names.search(name) for detector in DETECTORS)


def find(data: bytes) -> Iterator[Match]:
    """Every key shape in the data, in order of position.

    A key stands alone: no character that keys are made of before or after it. Where several shapes claim the same bytes the longest
    wins, then the earlier entry of the table. Ids that are no secrets are also found inside something larger.
    """
    if len(data) <= _SHORT and _LITERALS.search(data) is None:
        return iter(())
    claims = sorted(_claims(data), key=lambda match: (match.start, -match.end, _RANK[match.detector.kind]))
    if not claims:
        return iter(())
    secrets = _apart([match for match in claims if match.detector.is_secret])
    ids = _apart([match for match in claims if not match.detector.is_secret])
    return iter(sorted((*secrets, *ids), key=lambda match: (match.start, -match.end)))


def _apart(claims: list[Match]) -> list[Match]:
    kept: list[Match] = []
    for match in claims:
        if not kept or match.start >= kept[-1].end:
            kept.append(match)
        elif match.end - match.start > kept[-1].end - kept[-1].start:
            kept[-1] = match
    return kept


_RUN = 12
"""Bytes: the shortest run of characters that keys are made of in which a key, or the name that tells one, can stand."""
_IN_RUNS = string.ascii_letters + string.digits + "_.+/~-"
_CLASSES = bytes(ord("a") if chr(byte) in _IN_RUNS else ord(" ") for byte in range(256))
_RUNS = re.compile(b"a" * _RUN + b"a*+")
_ANYWHERE = frozenset(
    prefix
    for prefix, detectors in _BY_PREFIX
    if prefix.translate(_CLASSES).strip(b"a")
    or (len(prefix) < _RUN and any(one.names is not None for one in detectors))
)
"""Literals that do not stand in such a run."""


def _runs(data: bytes) -> bytes:
    """Only the long runs of a large text, with blanks between: a fraction of it, in which literals are looked for much faster."""
    return b" ".join(data[run.start() : run.end()] for run in _RUNS.finditer(data.translate(_CLASSES)))


def _claims(data: bytes) -> Iterator[Match]:
    runs = data if len(data) <= _SHORT else _runs(data)
    for prefix, detectors in _BY_PREFIX:
        if prefix not in (data if prefix in _ANYWHERE else runs):
            continue
        for detector in detectors:
            if detector.needs not in data:
                continue
            at = data.find(prefix)
            while at >= 0:
                match = _match(detector, data, at)
                if match is not None:
                    yield match
                at = data.find(prefix, at + 1 if match is None else max(match.end, at + 1))


def _match(detector: Detector, data: bytes, literal: int) -> Match | None:
    at = literal - detector.back
    if at < 0:
        return None
    if not detector.within and not _BEFORE.search(data[max(0, at - _LONGEST_ESCAPE) : at]):
        return None
    found = detector.pattern.match(data, at)
    if found is None:
        return None
    start, end = found.span("value" if detector.within else 0)
    value = data[start:end]
    return None if detector.made_up(value) else Match(start, end, detector, detector.confidence(value))


def identify(value: bytes, name: str = "") -> Detector | None:
    """The shape of a whole value; None when no shape fits.

    Args:
        value: the value without anything around it.
        name: the variable or field that holds it: a few shapes (AWS secret access keys) have no prefix and need it.
    """
    return next((detector for detector in _BY_FIRST.get(value[:1], ()) if detector.fits(value, name)), None)


def imitates(value: bytes, name: str = "") -> bool:
    """Whether a whole value has the shape of a secret key, and is plainly made up; see `identify`."""
    return any(
        detector.is_secret and detector.shaped(value, name) and detector.made_up(value)
        for detector in _BY_FIRST.get(value[:1], ())
    )
