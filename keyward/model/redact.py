"""Takes key material out of any text: the last door before a log, a message or a trace.

It prefers to hide too much: a shape without clean borders, a key cut in half, an escaped or encoded key and anything in a place where
keys are sent are hidden too. It is linear in the text, and redacting twice changes nothing more.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote, unquote_to_bytes

from keyward.model.detectors import DETECTORS, find, may_hold
from keyward.model.literals import any_of
from keyward.model.secret import Secret
from keyward.model.text import clean

HIDDEN = "[hidden]"

_SHOWN = sorted({shown for detector in DETECTORS for shown in detector.shown}, key=len, reverse=True)
_LEAST_BEHIND_PREFIX = 12
_LEAST_GLUED = 40
_LEAST_GLUED_NO_WORDS = 16
_SHORTEST_CUT = 14
_LONG_PREFIX = 4
_PIECE = 12
_SHORTEST_KNOWN = 4
_LAST = 4
_LONG_ENOUGH_FOR_LAST = 24
_ONE_WORD = re.compile(rb"[A-Za-z0-9_+/=.-]*")
_BODY = r"[A-Za-z0-9_~+/=.-]"
_ANY_BODY = rf"(?:{_BODY}|%[0-9A-Fa-f]{{2}}|\\/|\\u00[2-7][0-9A-Fa-f])"  # escaped for a URL or for JSON in part
_GONE = rf"(?:(?:{'|'.join(re.escape(shown.decode()) for shown in _SHOWN)})…)?\[hidden\]"

# Prefixes that could begin a usual name (`npm_config_registry`): what hangs on them must not look like words.
_LIKE_A_WORD = re.compile(r"(?!gh)[a-z0-9]{1,7}_|api_org_|dapi")
# `disk_`, `task_`, `desk_`: behind a vowel such a prefix counts only before what no word looks like, a run of hexadecimal digits.
_ENDS_WORDS = frozenset({"sk_"})
_NO_WORDS = rf"(?={_ANY_BODY}{{0,11}}[A-Z0-9])"


def _prefixed(shown: str) -> re.Pattern[str]:
    """A published prefix and what hangs on it, cut off or not. Short prefixes must stand at the beginning of a word."""
    words = _LIKE_A_WORD.fullmatch(shown)
    prefix = re.escape(shown) + (_NO_WORDS if words else "")
    free = rf"{prefix}{_ANY_BODY}{{{_LEAST_BEHIND_PREFIX},}}+"
    if len(shown) < _LONG_PREFIX:
        behind = "(?<![aeiouAEIOU])" if shown in _ENDS_WORDS else ""
        glued = rf"{behind}{prefix}{_ANY_BODY}{{{_LEAST_GLUED_NO_WORDS if words else _LEAST_GLUED},}}+"
        free = rf"(?<![A-Za-z0-9]){free}|{glued}|{prefix}[0-9a-f]{{{_LEAST_GLUED_NO_WORDS},}}+{_ANY_BODY}*+"
    return re.compile(rf"(?:{free})(?!…{re.escape(HIDDEN)})")


def _inside(literal: str, back: int) -> re.Pattern[str]:
    """A literal that stands in the middle of a key, with what belongs to it on both sides."""
    return re.compile(rf"{_BODY}{{0,{back}}}{re.escape(literal)}{_ANY_BODY}{{{_LEAST_BEHIND_PREFIX},}}+")


_PREFIXED = (
    *((text, _prefixed(text)) for text in (one.decode() for one in _SHOWN if b" " not in one)),
    *((text.decode(), _inside(text.decode(), one.back)) for one in DETECTORS if one.back for text in one.prefixes),
)
_ANY_PREFIX = re.compile(any_of(text.encode() for text, _ in _PREFIXED).decode())
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:(?!-----END)[\s\S])*+(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
)
_PARAMETER_NAMES = (
    r"key|keystring|key_string|api[_-]?key|x-goog-api-key|x-api-key|access_token|id_token|refresh_token|auth_token|token|client_secret|"
    r"assertion|password|passwd|signature|x-goog-signature|x-amz-signature|private_key|secret_?access_?key|aws_secret_access_key"
)
_PARAMETER = re.compile(
    rf"(?i)((?:(?<![\w-])|(?<=%26)|(?<=%3F))(?:{_PARAMETER_NAMES})(?:=|%3D))(?!{_GONE})[^\s&#\"'<>;,)\]}}]++"
)
_FIELD = re.compile(
    rf"(?i)([\"'](?:{_PARAMETER_NAMES}|keyString|payload)\\?[\"']\s{{0,9}}[:,=]\s{{0,9}}b?\\?[\"'])(?!{_GONE}|\\?[\"'])(?:\\.|[^\"'\\])++"
)
_HEADER = re.compile(
    rf"(?i)((?:x-goog-api-key|x-api-key|api-key|x-vault-token|x-amz-security-token)\\?[\"']?\s{{0,9}}[:,]\s{{0,9}}b?\\?[\"']?)(?!{_GONE})[^\s\"'\\,]++"
)
_BEARER = re.compile(rf"(?i)(\b(?:bearer|basic)(?:\s|%20|\+){{1,9}})(?!{_GONE}){_BODY}{{8,}}+")
_ESCAPE = r"(?:%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\/|&#x?[0-9A-Fa-f]{1,6};)"
_ESCAPED = re.compile(rf"(?:{_ESCAPE}|[A-Za-z0-9_~+/=.-])++")
_ONE_ESCAPE = re.compile(_ESCAPE)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}[:\s-]?){16,}+")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{20,}+={0,2}")


def mask(value: bytes | Secret, *, last: bool = True) -> str:
    """A value as a person may see it in a list: what its issuer publishes of it, and the last four characters of a long one.

    Args:
        value: the value; nothing but the two ends leaves this function.
        last: whether the end may be shown.
    """
    data = value.reveal() if isinstance(value, Secret) else value
    shown = next((prefix for prefix in _SHOWN if data.startswith(prefix) and b" " not in prefix), b"")
    body = data[len(shown) :]
    tail = body[-_LAST:].decode() if last and len(body) >= _LONG_ENOUGH_FOR_LAST and _ONE_WORD.fullmatch(body) else ""
    return f"{shown.decode()}…{tail}"


def redact(text: str, also: Iterable[Secret] = ()) -> str:
    """The text without key material.

    Every shape of the detector table goes (also cut off, percent-, JSON-, hex- or base64-encoded), and whatever stands in a query
    parameter, header or field that carries keys. At most the prefix that the issuer publishes stays.

    Args:
        text: any text, also one that is broken.
        also: values that must not be in it, whatever their shape: every piece of twelve characters of them goes, in any encoding.
    """
    known = _pieces(also)
    if known:
        text = _hide_pieces(text, known)
    text = _PRIVATE_KEY.sub(HIDDEN, text)
    if _ANY_PREFIX.search(text):
        for shown, pattern in _PREFIXED:
            if shown in text:
                text = pattern.sub(lambda found: _hidden(found[0]), text)
    text = _hide_found(text)
    for pattern in (_PARAMETER, _FIELD, _HEADER, _BEARER):
        text = pattern.sub(rf"\g<1>{HIDDEN}", text)
    text = _ESCAPED.sub(_unless(_unescape), text)
    text = _HEX.sub(_unless(_unhex), text)
    return _BASE64.sub(_unless(_unbase64), text)


def label(text: str, limit: int = 2_000) -> str:
    """A name, label or note from outside, as it may be kept and shown: one harmless line without key material.

    People paste keys into names and notes; those are not to travel on into caches, plans, copies and screens.
    """
    return clean(text if len(text) < _SHORTEST_CUT else redact(text), limit)


def _hidden(value: str) -> str:
    shown = next((prefix.decode() for prefix in _SHOWN if value.startswith(prefix.decode())), "")
    return f"{shown}…{HIDDEN}" if shown else HIDDEN


def _hide_found(text: str) -> str:
    if text.isascii():
        data, back = text.encode(), None
    else:
        data = text.encode("utf-8", "surrogatepass")
        back = "utf-8"
    pieces: list[bytes] = []
    at = 0
    for match in find(data):
        if match.start >= at and match.detector.is_secret:
            pieces += (
                data[at : match.start],
                _hidden(data[match.start : match.end].decode("ascii", "replace")).encode(),
            )
            at = match.end
    if not pieces:
        return text
    return b"".join((*pieces, data[at:])).decode(back or "utf-8", "surrogatepass")


def _shows_key(data: bytes) -> bool:
    if not may_hold(data):  # every published prefix holds one of the table's literals
        return b"PRIVATE KEY--" in data
    text = data.decode("latin-1")
    return (
        any(shown in text and pattern.search(text) for shown, pattern in _PREFIXED)
        or "PRIVATE KEY--" in text
        or any(match.detector.is_secret for match in find(data))
    )


def _unless(decode: Callable[[str], Iterator[bytes]]) -> Callable[[re.Match[str]], str]:
    def replace(found: re.Match[str]) -> str:
        return HIDDEN if any(_shows_key(data) for data in decode(found[0])) else found[0]

    return replace


def _unescape(run: str) -> Iterator[bytes]:
    if not _ONE_ESCAPE.search(run):
        return
    plain = run
    for _ in range(3):  # encoded text inside encoded text
        plain = _ONE_ESCAPE.sub(_unescape_one, plain)
        yield plain.encode("utf-8", "replace")
        if not _ONE_ESCAPE.search(plain):
            return


def _unescape_one(found: re.Match[str]) -> str:
    escape = found[0]
    if escape == "\\/":
        return "/"
    if escape.startswith("%"):
        return unquote_to_bytes(escape).decode("latin-1")
    if escape.startswith("&#"):
        digits = escape[2:-1]
        number = (
            int(digits[1:], 16)
            if digits[:1] in "xX" and len(digits) > 1
            else int(digits)
            if digits.isdecimal()
            else 0xFFFD
        )
        return chr(number) if number < 0x110000 else "\N{REPLACEMENT CHARACTER}"
    return chr(int(f"0x{escape[2:]}", 0))


def _unhex(run: str) -> Iterator[bytes]:
    digits = re.sub(r"[:\s-]", "", run)
    for start in (0, 1):
        body = digits[start:]
        yield bytes.fromhex(body[: len(body) // 2 * 2])


def _unbase64(run: str) -> Iterator[bytes]:
    body = run.rstrip("=").translate(str.maketrans("-_", "+/"))
    for start in range(4):
        part = body[start:]
        try:
            yield base64.b64decode(part[: len(part) // 4 * 4] + _rest(part))
        except (binascii.Error, ValueError):
            continue


def _rest(part: str) -> str:
    rest = part[len(part) // 4 * 4 :]
    return rest + "=" * (4 - len(rest)) if len(rest) > 1 else ""


def _forms(value: bytes) -> Iterator[str]:
    """How a known value can stand in a text."""
    text = value.decode("utf-8", "replace")
    yield text
    yield quote(value, safe="")
    yield quote(value)
    yield quote(quote(value, safe=""), safe="")
    yield json.dumps(text)[1:-1]
    yield json.dumps(text)[1:-1].replace("/", "\\/")
    yield repr(text)[1:-1]
    yield "".join(f"%{byte:02X}" for byte in value)
    yield "".join(f"%{byte:02x}" for byte in value)
    yield "".join(f"\\u{ord(character):04x}" for character in text if ord(character) < 0x10000)
    yield "".join(f"&#{ord(character)};" for character in text)
    yield value.hex()
    yield value.hex().upper()
    for start in range(3):
        # What does not depend on the neighbours: whole groups of three bytes, at each of the three alignments.
        body = value[start : start + (len(value) - start) // 3 * 3]
        encoded = base64.b64encode(body).decode()
        yield encoded
        yield encoded.translate(str.maketrans("+/", "-_"))


def _pieces(secrets: Iterable[Secret]) -> dict[int, set[str]]:
    pieces: dict[int, set[str]] = {}
    for secret in secrets:
        if len(secret) < _SHORTEST_KNOWN:
            continue
        for form in _forms(secret.reveal().strip()):
            size = min(len(form), _PIECE)
            if size >= _SHORTEST_KNOWN:
                pieces.setdefault(size, set()).update(form[at : at + size] for at in range(len(form) - size + 1))
    return pieces


def _hide_pieces(text: str, pieces: dict[int, set[str]]) -> str:
    covered = bytearray(len(text))
    for size, known in pieces.items():
        for at in range(len(text) - size + 1):
            if text[at : at + size] in known:
                covered[at : at + size] = b"\x01" * size
    if not any(covered):
        return text
    return "".join(HIDDEN if run[0][0] else text[run[1] : run[2]] for run in _runs(covered))


def _runs(covered: bytearray) -> Iterator[tuple[bytes, int, int]]:
    for found in re.finditer(rb"\x01+|\x00+", bytes(covered)):
        yield found[0], found.start(), found.end()
