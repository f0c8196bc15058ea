"""Service account key files that were put into a value as base64 (RFC 4648), as pipelines and containers like them: the file is the value."""

import base64
import binascii
import re
from dataclasses import replace

from keyward.model import keyfile
from keyward.model.leaf import Leaf
from keyward.model.secret import Secret

BASE64 = "base64"
_BEGINS = (b"ey", b"ew")
"""What an opening brace and the next character become."""
_BODY = re.compile(rb"[A-Za-z0-9+/_-]{400,65536}+={0,2}")
_LINE_END = re.compile(rb"\r?\n")


def unwrapped(leaf: Leaf) -> Leaf:
    """The leaf of the key file inside of this one; the leaf itself when there is none."""
    start, end = leaf.trimmed()
    text = leaf.value.reveal()[start:end]
    if not text.startswith(_BEGINS):
        return leaf
    lines = _LINE_END.split(text)
    found = _decoded(b"".join(lines))
    if found is None or keyfile.fields(found) is None:
        return leaf
    first, last = leaf.span(start, end)
    wrap = len(lines[0]) if len(lines) > 1 else 0
    file = found.strip()
    head, _, tail = found.partition(file)
    ending = b"\r\n" if b"\r\n" in text else b"\n"

    def write(value: bytes, raw: bytes) -> bytes:
        encode = base64.urlsafe_b64encode if re.search(rb"[_-]", text) else base64.b64encode
        made = encode(head + value + tail)
        if len(b"".join(lines)) % 4:
            made = made.rstrip(b"=")
        if wrap:
            made = ending.join(made[at : at + wrap] for at in range(0, len(made), wrap))
        return leaf.write(made, raw)

    return replace(
        leaf,
        start=first,
        end=last,
        value=Secret(file),
        encoding=f"{leaf.encoding} {BASE64}",
        write=write,
        offsets=None,
    )


def _decoded(text: bytes) -> bytes | None:
    if _BODY.fullmatch(text) is None:
        return None
    plain = text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        return None
