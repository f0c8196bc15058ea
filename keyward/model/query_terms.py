"""How a term of a query is read: the text, cut into negation, field, operator and values, each with its column."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from keyward.model.errors import QueryError

_FIELD = re.compile(r"(?P<field>[A-Za-z][A-Za-z0-9_-]*)(?P<operator>>=|<=|!=|[:=<>])")
_RAW = re.compile(r"[^\s\"',]+")
_BARE = re.compile(r"[^\s\"]+")


@dataclass(frozen=True, slots=True)
class Value:
    """One value as typed. `pattern` is set when it holds a `*` outside quotes, which stands for any characters."""

    text: str
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """One term as typed. Bare text has no field. `column` is where it begins, `value_column` where its values do, counted from 0."""

    field: str
    operator: str
    values: tuple[Value, ...]
    negated: bool
    column: int
    value_column: int


def words(text: str) -> Iterator[Words]:
    """The terms of a query, in order.

    Raises:
        QueryError: a quote is left open, or a value or the term behind a negation is missing.
    """
    at = 0
    while True:
        at += len(text[at:]) - len(text[at:].lstrip())
        if at >= len(text):
            return
        column = at
        negated = text[at] in "!-"
        at += negated
        head = _FIELD.match(text, at)
        if head is None:
            values, end = _bare(text, at)
            field, operator, start = "", "", at
        else:
            start = head.end()
            values, end = _values(text, start)
            field, operator = head["field"].lower(), head["operator"]
            if operator == "!=":
                operator, negated = ":", not negated
            if not values:
                raise QueryError(
                    f"{head[0]} needs a value.", query=text, column=start, hint=f'For an empty one write {head[0]}"".'
                )
        if not values:
            raise QueryError(
                f"{text[column]} stands alone.", query=text, column=column, hint="It negates the term right behind it."
            )
        yield Words(field, "=" if operator == ":" else operator, values, negated, column, start)
        at = end


def _bare(text: str, at: int) -> tuple[tuple[Value, ...], int]:
    if text[at : at + 1] in ("'", '"'):
        inside, end = _quoted(text, at)
        return (Value(inside),) if inside else (), end
    found = _BARE.match(text, at)
    return ((Value(found[0]),), found.end()) if found else ((), at)


def _values(text: str, at: int) -> tuple[tuple[Value, ...], int]:
    """The values from there to the next blank: pieces in and out of quotes, separated by commas."""
    values: list[Value] = []
    pieces: list[tuple[str, bool]] = []
    while at < len(text) and not text[at].isspace():
        if text[at] == ",":
            if pieces:
                values.append(_joined(pieces))
            pieces = []
            at += 1
        elif text[at] in "'\"":
            inside, at = _quoted(text, at)
            pieces.append((inside, False))
        else:
            found = _RAW.match(text, at)
            if found is None:  # pragma: no cover  # the branches above leave nothing else
                break
            pieces.append((found[0], True))
            at = found.end()
    if pieces:
        values.append(_joined(pieces))
    return tuple(values), at


def _quoted(text: str, at: int) -> tuple[str, int]:
    end = text.find(text[at], at + 1)
    if end < 0:
        raise QueryError("A quote is left open.", query=text, column=at, hint=f"Close it with {text[at]}.")
    return text[at + 1 : end], end + 1


def _joined(pieces: list[tuple[str, bool]]) -> Value:
    text = "".join(piece for piece, _ in pieces)
    if not any(raw and "*" in piece for piece, raw in pieces):
        return Value(text)
    pattern = "".join(".*".join(map(re.escape, piece.split("*"))) if raw else re.escape(piece) for piece, raw in pieces)
    return Value(text, pattern)
