"""Text from outside is made harmless once, where it enters."""

import re
from urllib.parse import quote

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# C0, DEL, C1, bidi marks, embeddings, overrides and isolates, line and paragraph separators, zero-width characters, the byte order
# mark, the soft hyphen and the tag characters: what can move a cursor, reorder a line or hide a part of a name.
_UNSAFE = (
    "\\x00-\\x1f\\x7f-\\x9f\\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e0fff\ud800-\udfff"
)
_unsafe = re.compile(f"[{_UNSAFE}]")
# Marks that stack above and below a letter: languages need a few of them, a tower of them covers the lines around it.
_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_tower = re.compile(f"([{_MARKS}]{{4}})[{_MARKS}]+")
_longest = 2_000


def clean(text: str, limit: int = _longest) -> str:
    """The text as one line that is safe to show: controls, escapes, bidi marks and towers of accents become U+FFFD, at most `limit` characters.

    It is never to be parsed as markup afterwards: square brackets stay as they are.
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    return _tower.sub(rf"\1{REPLACEMENT}", _unsafe.sub(REPLACEMENT, text))


def escaped(text: str) -> str:
    """The text with what `clean` would replace percent-encoded instead, so that different names stay different."""
    if text.isascii() and text.isprintable():
        return text
    return _unsafe.sub(lambda found: quote(found[0], errors="surrogateescape"), text)


def clean_lines(text: str, limit: int = 20_000) -> str:
    """Like `clean`, but line feeds stay line feeds (and CRLF becomes LF): for messages that span lines."""
    text = text[:limit].replace("\r\n", "\n")
    return "\n".join(clean(line, limit) for line in text.split("\n"))
