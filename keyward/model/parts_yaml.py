"""The one-line scalars of YAML block mappings and sequences; names are JSON pointers.

Not a YAML reader: it takes what every reader takes alike. Aliases, anchors, tags, flow collections, scalars over several lines and
escapes that JSON does not have are passed over.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from keyward.model.leaf import Leaf, cannot, step
from keyward.model.parts_json import string_leaf
from keyward.model.secret import Secret

_KEY = rb"(?:[A-Za-z0-9_$./][A-Za-z0-9_$./-]*+(?:[ ]++[A-Za-z0-9_$./-]++)*+|\"[^\"\\\r\n]*\"|'[^'\r\n]*')"
_LINE = re.compile(
    rb"(?P<indent> *)(?P<dashes>(?:-[ ]+)*)(?:(?P<key>"
    + _KEY
    + rb")[ ]*:(?:[ ]+|\r?\Z)(?P<value>[^\r\n]*)|(?P<item>[^\r\n]*))\r?\Z"
)
_DOUBLE = re.compile(rb'"(?P<value>(?:[^"\\]|\\.)*+)"[ \t]*(?:[ \t]#.*)?\Z')
_SINGLE = re.compile(rb"'(?P<value>[^']*+)'[ \t]*(?:[ \t]#.*)?\Z")
_BLOCK = re.compile(rb"[|>][0-9+-]*[ \t]*(?:[ \t]#.*)?\Z")
_COMMENT = re.compile(rb"[ \t]#")
_SPECIAL = (b"&", b"*", b"!", b"|", b">", b"{", b"[", b"%", b"@", b"`", b"'", b'"', b"?", b"#", b",", b"]", b"}")
_NO_CONTENT = (b"#", b"---", b"...", b"\t")
_CARRIES_PLAIN = re.compile(rb"[A-Za-z0-9_/.][A-Za-z0-9_./+=@%~-]*")
_OTHER_TYPE = re.compile(
    rb"(?i)[-+]?[0-9_.]+(?:e[-+]?[0-9]+)?|0x[0-9a-f_]+|0o[0-7]+|true|false|yes|no|on|off|null|y|n|[0-9]{4}-[0-9]{2}-[0-9]{2}.*|\.inf|\.nan"
)
_CARRIES_SINGLE = re.compile(rb"[^'\x00-\x1f\x7f]*")


@dataclass(slots=True)
class _Level:
    column: int
    step: str | int


@dataclass(slots=True)
class _Path:
    levels: list[_Level] = field(default_factory=list)

    def key(self, column: int, key: str) -> None:
        while self.levels and self.levels[-1].column >= column:
            self.levels.pop()
        self.levels.append(_Level(column, key))

    def dash(self, column: int) -> None:
        while self.levels and self.levels[-1].column > column:
            self.levels.pop()
        last = self.levels[-1] if self.levels else None
        if last is not None and last.column == column and isinstance(last.step, int):
            last.step += 1
        else:
            self.levels.append(_Level(column, 0))

    def __str__(self) -> str:
        return "".join(f"/{step(str(level.step))}" for level in self.levels)


def is_yaml(payload: bytes) -> bool:
    """Whether the first line that says anything is a key, an item or the start of a document."""
    for line in payload.split(b"\n"):
        if not line.strip() or line.lstrip().startswith(b"#"):
            continue
        found = _LINE.match(line)
        return found is not None and (bool(found["key"]) or bool(found["dashes"]) or line.startswith(b"---"))
    return False


def yaml_leaves(payload: bytes) -> Iterator[Leaf]:
    """Every scalar that stands alone in its line, in order."""
    path = _Path()
    lines = payload.split(b"\n")
    for number, at, found in _content(lines):
        for dash in re.finditer(rb"-", found["dashes"]):
            path.dash(found.start("dashes") + dash.start())
        group = "item" if found["key"] is None else "value"
        if found["key"] is not None:
            path.key(found.start("key"), found["key"].strip(b"\"'").decode("utf-8", "replace"))
        raw = found[group]
        leaf = _scalar(str(path), raw, at + found.start(group))
        if leaf is None and raw.startswith((b'"', b"'")) and raw.count(raw[:1]) == 1:
            return  # an open quote: what follows is text
        if leaf is not None and not _goes_on(lines, number):
            yield leaf


def _content(lines: list[bytes]) -> Iterator[tuple[int, int, re.Match[bytes]]]:
    """The lines with a key or an item: number, offset, what was read. The lines of block scalars are left out."""
    start = 0
    block: int | None = None  # the lines of a block scalar are right of this column
    for number, line in enumerate(lines):
        at, start = start, start + len(line) + 1
        if not line.strip() or (block is not None and _column(line) > block):
            continue
        block = None
        found = _LINE.match(line)
        if found is None or line.lstrip().startswith(_NO_CONTENT) or not (found["dashes"] or found["key"]):
            continue
        if _BLOCK.match(found["value"] or found["item"] or b""):
            block = found.start("key") if found["key"] is not None else _column(line)
        yield number, at, found


def _column(line: bytes) -> int:
    return len(line) - len(line.lstrip(b" "))


def _goes_on(lines: list[bytes], number: int) -> bool:
    """Whether the scalar of that line may go on in the next: a deeper line that is neither a comment nor the next key of an item."""
    following = next((lines[at] for at in range(number + 1, len(lines)) if lines[at].strip()), b"")
    if _column(following) <= _column(lines[number]) or following.lstrip().startswith(b"#"):
        return False
    found = _LINE.match(following)
    return found is None or found["key"] is None or not lines[number].lstrip().startswith(b"-")


def _scalar(name: str, raw: bytes, start: int) -> Leaf | None:
    double = _DOUBLE.match(raw)
    if double is not None:
        try:
            return string_leaf(name, double["value"], start + 1, "yaml-double")
        except ValueError:
            return None
    single = _SINGLE.match(raw)
    if single is not None:
        return Leaf(name, start + 1, start + single.end("value"), Secret(single["value"]), "yaml-single", _write_single)
    if not raw or raw.startswith(_SPECIAL) or b": " in raw:
        return None
    comment = _COMMENT.search(raw)
    value = (raw[: comment.start()] if comment else raw).rstrip()
    return Leaf(name, start, start + len(value), Secret(value), "yaml-plain", _write_plain)


def _write_plain(value: bytes, raw: bytes) -> bytes:
    del raw
    if _CARRIES_PLAIN.fullmatch(value) is None or _OTHER_TYPE.fullmatch(value) is not None:
        raise cannot("a YAML scalar without quotes")
    return value


def _write_single(value: bytes, raw: bytes) -> bytes:
    del raw
    if _CARRIES_SINGLE.fullmatch(value) is None:
        raise cannot("a YAML scalar in single quotes")
    return value
