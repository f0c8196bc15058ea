"""Looks into one text for keys: shapes of the detector table, and values of the inventory that have no shape of their own.

A value is named by its content, so that a line that moves keeps its id and another value in the same place gets another one. A value that
could be guessed has no hash anywhere: it is named by its file and the text around it.
"""

import base64
import codecs
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from keyward.hygiene.leaks.found import Mark
from keyward.hygiene.leaks.placeholder import is_placeholder
from keyward.model.detector import Confidence, Detector, Match
from keyward.model.detectors import find
from keyward.model.fingerprint import FingerprintKey, worth
from keyward.model.ids import SHORT
from keyward.model.keyfile import key_id
from keyward.model.redact import mask
from keyward.model.secret import Secret
from keyward.model.trait import in_query

UNSHAPED = "value"
"""What stands for the kind in the id of a value without a shape."""
BY_PLACE = "at-"
"""How the rest of an id begins that is made of the place, because the value could be guessed."""

_TOKEN = re.compile(rb"[A-Za-z0-9_~+/.-]{20,512}+={0,2}")
_AROUND = 200
"""Bytes on each side of a value that could be guessed, of its own word, that are part of its id."""
_EDGE = re.compile(rb"[\s\"'`<>]")
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_SNIFFED = 8_000
"""Bytes at the beginning in which a zero makes a file a binary one, as git has it."""

_KEY_FILE = "google-sa-json"
_WRAPPED = re.compile(rb"(?<![A-Za-z0-9+/_-])e[wy][A-Za-z0-9+/_-]{400,65536}+={0,2}")
_MANIFEST = re.compile(rb"(?:^|[\s{,])[\"']?kind[\"']?\s{0,9}:\s{0,9}[\"']?Secret\b")
_VALUE = re.compile(rb"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{20,65536}+={0,2}(?![A-Za-z0-9+/=])")
_IN_BASE64 = tuple(base64.b64encode(b"\0" * shift + b'"service_account"')[4 if shift else 0 : -4] for shift in range(3))
"""What the type of a service account key file becomes in base64, at each of three offsets."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What names values.

    `ids` makes the ids of marks, `ledger` the fingerprints; they may be the same. `known` are fingerprints of the inventory's values that
    have no shape of their own.
    """

    ids: FingerprintKey
    ledger: FingerprintKey | None = None
    known: frozenset[str] = frozenset()


def is_binary(data: bytes) -> bool:
    """Whether what begins so is no text; UTF-16 with its mark is one."""
    return b"\0" in data[:_SNIFFED] and data[:2] not in _UTF_16


def text_of(data: bytes) -> bytes | None:
    """The bytes as text that shapes are looked for in; None for a binary file."""
    if is_binary(data):
        return None
    encoding = _UTF_16.get(data[:2])
    return data if encoding is None else data[2:].decode(encoding, "replace").encode("utf-8", "replace")


class Seeker:
    """Looks for keys.

    Args:
        keys: what names values.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._digest = keys.ledger.each() if keys.ledger is not None and keys.known else None

    def seek(self, text: bytes, name: str) -> list[Mark]:
        """Every key in the text and in its name, in order.

        Args:
            text: from `text_of`.
            name: its path from the root of the repository, or from the folder that was named.
        """
        raw = os.fsencode(name)
        marks = [self._shaped(raw, match, name, 0) for match in find(raw) if match.detector.is_secret]
        matches = list(find(text))
        told = [
            self._shaped(text, match, name, _line(text, match.start), _id_beside(text, match, matches))
            for match in matches
            if match.detector.is_secret or _alone(match, matches)
        ]
        return sorted(
            (*marks, *told, *self._in_base64(text, name), *self._known(text, matches)), key=lambda one: one.line
        )

    def _shaped(self, text: bytes, match: Match, name: str, line: int, value_id: str = "") -> Mark:
        value, detector = text[match.start : match.end], match.detector
        if detector.chosen and not worth(value):
            return self._guessable(text, match, name, line)
        mark = self._mark(value, detector, match.confidence, line, value_id)
        return replace(mark, in_query=True) if in_query(text, match.start) else mark

    def _guessable(self, text: bytes, match: Match, name: str, line: int) -> Mark:
        """A value that could be guessed: named by its file and what stands around it."""
        kind, value = match.detector.kind, text[match.start : match.end]
        before, behind = _around(text, match.start, match.end)
        sealed = self._keys.ids.seal(b"\0".join((b"leak", kind.encode(), os.fsencode(name), before, behind)))
        sure = Confidence.DOUBTFUL if is_placeholder(before, value, behind) else match.confidence
        return Mark(line, kind, sure.value, mask(value, last=False), f"{kind}/{BY_PLACE}{sealed[:SHORT]}")

    def _mark(self, value: bytes, detector: Detector, confidence: Confidence, line: int, value_id: str = "") -> Mark:
        secret = Secret(value)
        fingerprint = self._keys.ledger.fingerprint(secret) if self._keys.ledger and detector.is_secret else ""
        return Mark(
            line,
            detector.kind,
            confidence.value,
            mask(value, last=False),
            f"{detector.kind}/{self._short(secret, fingerprint)}",
            fingerprint,
            value_id or (key_id(value) if detector.is_secret else value.decode()),
            (detector.account(value) or "") if detector.account else "",
            detector.expires(value) if detector.expires else None,
        )

    def _short(self, value: Secret, fingerprint: str) -> str:
        known = fingerprint if self._keys.ledger is self._keys.ids else ""
        return (known or self._keys.ids.fingerprint(value))[:SHORT]

    def _in_base64(self, text: bytes, name: str) -> Iterator[Mark]:
        """Keys in values of a Kubernetes Secret, and service account key files that were put into any value as base64 (RFC 4648)."""
        manifest = b"Secret" in text and _MANIFEST.search(text) is not None
        if not manifest and not any(piece in text for piece in _IN_BASE64):
            return
        for found in (_VALUE if manifest else _WRAPPED).finditer(text):
            raw = found[0].rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
            try:
                data = base64.b64decode(raw + b"=" * (-len(raw) % 4), validate=True)
            except ValueError:
                continue
            line = _line(text, found.start())
            inside = (
                one for one in find(data) if one.detector.kind == _KEY_FILE or (manifest and one.detector.is_secret)
            )
            yield from (self._shaped(data, match, name, line) for match in inside)

    def _known(self, text: bytes, matches: Sequence[Match]) -> Iterator[Mark]:
        """Values that only the inventory tells, where they stand alone."""
        if self._digest is None:
            return
        seen: set[bytes] = set()
        for found in _TOKEN.finditer(text):
            value = found[0]
            if value in seen:
                continue
            seen.add(value)
            fingerprint = self._digest(value)
            if fingerprint not in self._keys.known or any(
                one.start < found.end() and found.start() < one.end for one in matches
            ):
                continue
            short = self._short(Secret(value), fingerprint)
            yield Mark(
                _line(text, found.start()),
                "",
                Confidence.PROVED.value,
                mask(value, last=False),
                f"{UNSHAPED}/{short}",
                fingerprint,
            )


def _line(text: bytes, at: int) -> int:
    return text.count(b"\n", 0, at) + 1


def _alone(match: Match, matches: Sequence[Match]) -> bool:
    """Whether it is the id of a key whose secret was not found beside it."""
    wanted = match.detector.pairs_with
    return bool(wanted) and not any(one.detector.kind == wanted for one in matches)


def _id_beside(text: bytes, match: Match, matches: Sequence[Match]) -> str:
    """The id that belongs to a secret: the only one in the text that can."""
    fitting = {text[one.start : one.end] for one in matches if one.detector.pairs_with == match.detector.kind}
    return fitting.pop().decode() if len(fitting) == 1 else ""


def _around(text: bytes, start: int, end: int) -> tuple[bytes, bytes]:
    """What stands before and behind a value in its word: for a password in an address the address without it."""
    before, behind = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    edges = list(_EDGE.finditer(before))
    edge = _EDGE.search(behind)
    return before[edges[-1].end() :] if edges else before, behind[: edge.start()] if edge else behind
