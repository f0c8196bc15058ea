"""The values of an INI file, and of the part of TOML that looks like one; names are `section/key`."""

import re
from collections.abc import Iterator

from keyward.model.leaf import Leaf, cannot, step
from keyward.model.secret import Secret

_SECTION = re.compile(rb"[ \t]*+\[{1,2}+(?P<name>[^\[\]\r\n]*+)\]{1,2}+[ \t]*+(?:[#;].*)?\r?\Z")
_ENTRY = re.compile(rb"(?P<key>[^\s=:#;\[][^=:\r\n]*+)[=:][ \t]*+(?P<value>[^\r\n]*)\r?\Z")
_COMMENT = re.compile(rb"[ \t][#;]")
_QUOTED = re.compile(rb"(?:\"(?P<double>[^\"\\]+)\"|'(?P<single>[^'\\]+)')[ \t]*(?:[#;].*)?\Z")
_OTHER_FORMS = (b'"', b"'", b"[", b"{")
_CARRIES_BARE = re.compile(rb"[A-Za-z0-9_./:=@+,~-]*")
_CARRIES_QUOTED = re.compile(rb"[^\"'\\\x00-\x1f]+")


def is_ini(payload: bytes) -> bool:
    """Whether the first line that says anything opens a section."""
    for line in payload.split(b"\n"):
        if line.strip() and not line.lstrip().startswith((b"#", b";")):
            return _SECTION.match(line) is not None
    return False


def _step(name: bytes) -> str:
    return step(name.decode("utf-8", "replace").strip())


def ini_leaves(payload: bytes) -> Iterator[Leaf]:
    """Every value that stands in one line, in order. Values that go on in the next line are not offered."""
    at = 0
    section: str | None = None
    lines = payload.split(b"\n")
    for line, following in zip(lines, (*lines[1:], b""), strict=True):
        opened = _SECTION.match(line)
        entry = _ENTRY.match(line)
        if opened is not None:
            section = _step(opened["name"])
        elif entry is not None and not (following[:1] in (b" ", b"\t") and following.strip()):
            name = _step(entry["key"].rstrip().strip(b"\"'"))
            leaf = _leaf(name if section is None else f"{section}/{name}", entry["value"], at + entry.start("value"))
            if leaf is not None:
                yield leaf
        at += len(line) + 1


def _leaf(name: str, raw: bytes, start: int) -> Leaf | None:
    quoted = _QUOTED.match(raw)
    if quoted is not None:
        group = "double" if quoted["double"] is not None else "single"
        begin, end = quoted.span(group)
        return Leaf(name, start + begin, start + end, Secret(quoted[group]), "ini-quoted", _write_quoted)
    if raw.startswith(_OTHER_FORMS):
        return None
    comment = _COMMENT.search(raw)
    value = (raw[: comment.start()] if comment else raw).rstrip()
    if value[:1] in (b"#", b";"):
        return None
    return Leaf(name, start, start + len(value), Secret(value), "ini", _write_bare)


def _write_bare(value: bytes, raw: bytes) -> bytes:
    del raw
    if _CARRIES_BARE.fullmatch(value) is None:
        raise cannot("an INI value without quotes")
    return value


def _write_quoted(value: bytes, raw: bytes) -> bytes:
    del raw
    if _CARRIES_QUOTED.fullmatch(value) is None:
        raise cannot("an INI value in quotes")
    return value
