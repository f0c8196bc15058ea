"""The strings of a JSON document (RFC 8259) with their places; names are JSON pointers (RFC 6901).

A service account key that is an object inside of a larger document is one value as well: it is replaced as a whole or not at all.
"""

import json
import re
from collections.abc import Iterator

from keyward.model import keyfile
from keyward.model.leaf import Leaf, cannot, step
from keyward.model.secret import Secret

_TOKEN = re.compile(rb'[ \t\r\n]*+(?:(?P<mark>[\[\]{},:])|"(?P<string>(?:[^"\\]|\\.)*+)"|(?P<other>[^\s\[\]{},:"]++))')
_PIECE = re.compile(rb"(?:\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]+)")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

OBJECT = "json-object"
"""The encoding of a key that is an object of the document."""


def json_leaves(payload: bytes) -> list[Leaf] | None:
    """Every string of the document, and every key file inside of it; None when the payload is no JSON document."""
    start = len(_BYTE_ORDER_MARK) if payload.startswith(_BYTE_ORDER_MARK) else 0
    if payload[start:].lstrip()[:1] not in (b"{", b"[", b'"'):
        return None
    try:
        json.loads(payload[start:])
    except (ValueError, RecursionError):
        return None
    return list(_walk(payload, start))


def _walk(payload: bytes, at: int) -> Iterator[Leaf]:
    path: list[
        str | int
    ] = []  # a step into an array is its index; a step into an object its present key, "" before the first
    expects_key = False
    innermost = -1  # where the last object began that may have no other one inside
    while (token := _TOKEN.match(payload, at)) is not None:
        at = token.end()
        mark = token["mark"]
        if token["string"] is not None:
            if expects_key:
                path[-1], expects_key = json.loads(b'"' + token["string"] + b'"'), False
            else:
                yield string_leaf(_pointer(path), token["string"], token.start("string"))
        elif mark in (b"{", b"["):
            path.append("" if mark == b"{" else 0)
            expects_key = mark == b"{"
            innermost = token.start("mark") if expects_key else -1
        elif mark in (b"}", b"]"):
            path.pop()
            expects_key = False
            if mark == b"}" and innermost >= 0 and path:
                yield from _key_file(_pointer(path), payload, innermost, at)
            innermost = -1
        elif mark == b",":
            last = path[-1]
            expects_key = isinstance(last, str)
            path[-1] = "" if isinstance(last, str) else last + 1


def _pointer(path: list[str | int]) -> str:
    return "".join(f"/{step(str(each))}" for each in path)


def _key_file(name: str, payload: bytes, start: int, end: int) -> Iterator[Leaf]:
    if keyfile.fields(payload[start:end]) is not None:
        yield Leaf(name, start, end, Secret(payload[start:end]), OBJECT, write_object)


def write_object(value: bytes, raw: bytes) -> bytes:
    """An object in place of another one.

    Raises:
        Refused: the value is no object.
    """
    del raw
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise cannot("a JSON object")
    return value


def string_leaf(name: str, raw: bytes, start: int, encoding: str = "json") -> Leaf:
    """The leaf of one string, given what stands between its quotes at `start`.

    Raises:
        ValueError: it is not a JSON string.
    """
    if b"\\" not in raw:
        return Leaf(name, start, start + len(raw), Secret(raw), encoding, write_json)
    value = bytearray()
    offsets: list[int] = []
    for piece in _PIECE.finditer(raw):
        text = piece[0]
        decoded = text
        if text.startswith(b"\\"):
            decoded = str(json.loads(b'"' + text + b'"')).encode("utf-8", "surrogatepass")
            offsets += [start + piece.start()] * len(decoded)
        else:
            offsets += range(start + piece.start(), start + piece.end())
        value += decoded
    return Leaf(name, start, start + len(raw), Secret(bytes(value)), encoding, write_json, (*offsets, start + len(raw)))


def write_json(value: bytes, raw: bytes) -> bytes:
    """The value as the inside of a JSON string, in the manner of what is there now.

    Raises:
        Refused: the value is not text.
    """
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise cannot("JSON") from None
    written = json.dumps(text, ensure_ascii=raw.isascii())[1:-1].encode()
    return written.replace(b"/", b"\\/") if b"\\/" in raw else written
