r"""The line grammar of env files, read and changed byte by byte.

One assignment is `[export] NAME = value [# comment]`. The value is bare (to the end of the line or to a blank and `#`), in single
quotes (as it stands) or in double quotes (with `\n \r \t \" \\ \$` and backtick escaped); both kinds of quotes may span lines. The shell,
direnv, docker and the dotenv libraries disagree on the rest, so lines that they would read differently are passed over (the detectors
still look at them), and a value that they would read differently is never written.
"""

import re
from dataclasses import dataclass

from keyward.model.errors import Conflict, Refused
from keyward.model.secret import Secret

BARE, SINGLE, DOUBLE = "", "'", '"'

_HEAD = re.compile(rb"[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*+)[ \t]*=(?P<gap>[ \t]*)")
_SINGLE = re.compile(rb"'(?P<value>[^']*+)'(?P<rest>[ \t]*(?:[ \t]#[^\r\n]*+)?)(?=\r?\n|\r?\Z)")
_DOUBLE = re.compile(rb'"(?P<value>(?:[^"\\]|\\[\s\S])*+)"(?P<rest>[ \t]*(?:[ \t]#[^\r\n]*+)?)(?=\r?\n|\r?\Z)')
_BARE = re.compile(rb"(?P<value>[^\r\n]*+)")
_COMMENT = re.compile(rb"(?:^|[ \t])#")
_ESCAPE = re.compile(rb"\\([\s\S])")
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b'"': b'"', b"\\": b"\\", b"$": b"$", b"`": b"`", b"\n": b""}
_SHELL_QUOTES = (b"'", b'"', b"`")

_CARRIES_BARE = re.compile(rb"[A-Za-z0-9_./:=@%+,^-][A-Za-z0-9_./:=@%+,^~-]*+|")
# A backslash stands for itself in single quotes, except that python-dotenv takes it away before a backslash or a quote.
_CARRIES_SINGLE = re.compile(rb"(?:[^'\\\x00\r]|\\(?=[^'\\\x00\r]))*+")
_CARRIES_DOUBLE = re.compile(rb'[^"\\$`\x00\r]*+')


@dataclass(frozen=True, slots=True)
class Assignment:
    """One assignment. `[start, end)` is the value as written, without its quotes; `line` counts from 1; `value` is what it means."""

    name: str
    value: Secret
    start: int
    end: int
    quote: str = BARE
    line: int = 1


def parse(data: bytes) -> tuple[Assignment, ...]:
    """Every assignment that all readers of env files understand alike, in order; also when a name is assigned twice."""
    found: list[Assignment] = []
    at = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    line = 1
    while at < len(data):
        assignment, end = _assignment(data, at, line)
        if assignment is not None:
            found.append(assignment)
        end = data.find(b"\n", end)
        end = len(data) if end < 0 else end + 1
        line += data.count(b"\n", at, end)
        at = end
    return tuple(found)


def _assignment(data: bytes, at: int, line: int) -> tuple[Assignment | None, int]:
    head = _HEAD.match(data, at)
    if head is None:
        return None, at
    start = head.end()
    quote = data[start : start + 1]
    pattern = {b"'": _SINGLE, b'"': _DOUBLE}.get(quote, _BARE)
    body = pattern.match(data, start)
    if body is None:  # an open quote, or something behind the closing one
        return None, start
    begin, end = body.span("value")
    raw = body["value"]
    kind = quote.decode() if pattern is not _BARE else BARE
    if kind == BARE:
        comment = _COMMENT.search(raw)
        raw = (raw[: comment.start()] if comment else raw).rstrip(b" \t")
        if raw.startswith(_SHELL_QUOTES) or raw.endswith(b"\\") or (body["value"].startswith(b"#") and not head["gap"]):
            return None, start
        if not raw:
            # A new value goes right behind the equals sign; a comment keeps the blank before it.
            begin = start - len(head["gap"])
        end = begin + len(raw)
    value = _unescaped(raw) if kind == DOUBLE else raw
    name = head["name"].decode("ascii")
    return Assignment(name, Secret(value), begin, end, kind, line), body.end()


def _unescaped(raw: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[0]), raw)


def splice(data: bytes, assignment: Assignment, new: Secret) -> bytes:
    """The file with another value in that place and every other byte as it was.

    Raises:
        Conflict: the assignment is not at that place any more.
        Refused: the line format cannot carry the value, or its readers would not agree on it.
    """
    before = parse(data)
    if assignment not in before:
        raise Conflict(
            f"{assignment.name} is not in line {assignment.line} as it was read.", hint="Read the file again."
        )
    raw = data[assignment.start : assignment.end]
    changed = data[: assignment.start] + written(new.reveal(), assignment, raw) + data[assignment.end :]
    after = parse(changed)
    at = before.index(assignment)
    if len(after) != len(before) or after[at].value != new or after[at].quote != assignment.quote:
        raise _cannot(assignment)
    return changed


def written(value: bytes, assignment: Assignment, raw: bytes) -> bytes:
    """How the value is written in the quotes of that assignment.

    Args:
        value: what it is to mean.
        assignment: where it goes; quotes and line breaks are as they are there.
        raw: what is written there now.

    Raises:
        Refused: it cannot be written there.
    """
    carries = {BARE: _CARRIES_BARE, SINGLE: _CARRIES_SINGLE, DOUBLE: _CARRIES_DOUBLE}[assignment.quote]
    if carries.fullmatch(value) is None:
        raise _cannot(assignment)
    if b"\n" not in value or b"\n" in raw:
        return value
    if assignment.quote == DOUBLE and rb"\n" in raw:
        return value.replace(b"\n", rb"\n")
    raise _cannot(assignment)


def _cannot(assignment: Assignment) -> Refused:
    quotes = {BARE: "without quotes", SINGLE: "in single quotes", DOUBLE: "in double quotes"}[assignment.quote]
    return Refused(
        f"The new value of {assignment.name} (line {assignment.line}, {quotes}) has characters that this line cannot carry.",
        hint="Change the quotes of that line, or choose another place.",
    )
