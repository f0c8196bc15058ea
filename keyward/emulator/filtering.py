"""The filter language that Google's list methods share (AIP-160): comparisons, AND, OR, NOT, brackets.

A service says what a comparison and a bare word mean; times of day may stand unquoted.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from keyward.emulator.errors import refuse

Predicate: TypeAlias = Callable[[dict[str, Any]], bool]
"""Tells whether a resource in JSON is listed."""

ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
"""What each operator that compares means."""

_TOKEN = re.compile(r'\s*(?:([()])|(-)(?=\S)|"((?:[^"\\]|\\.)*)"|(<=|>=|!=|=~|!~|[:=<>])|([^\s()"<>!:=]+))')


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the parts of a filter mean in one service."""

    compare: Callable[[str, str, str], Predicate]
    """For a field's path, an operator and a value."""
    bare: Callable[[str], Predicate]
    """For a word that stands alone."""
    call: Callable[[str, str], Predicate] | None = None
    """For a function and its one argument; raises KeyError for a name that it does not know."""


def compile_filter(text: str, dialect: Dialect) -> Predicate:
    """Give the predicate that a filter text means; an empty text lists all.

    Raises:
        ApiError: INVALID_ARGUMENT for a text that is not a filter.
    """
    if not text.strip():
        return lambda _: True
    parser = _Parser(text, dialect)
    predicate = parser.any_of()
    if parser.peek() is not None:
        raise parser.refuse()
    return predicate


class _Parser:
    """Reads one filter by recursive descent: OR of ANDs of terms."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self._text = text
        self._dialect = dialect
        self._tokens = self._split(text)
        self._at = 0

    def refuse(self) -> Exception:
        return refuse("INVALID_ARGUMENT", f"Invalid filter: {self._text}")

    def peek(self) -> tuple[str, str] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def any_of(self) -> Predicate:
        return _either(self._many("OR", self._all_of))

    def _split(self, text: str) -> list[tuple[str, str]]:
        tokens, at = [], 0
        text = text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise self.refuse()
            at = found.end()
            bracket, minus, quoted, compare, word = found.groups()
            if bracket:
                tokens.append(("bracket", bracket))
            elif minus:
                tokens.append(("word", "NOT"))
            elif quoted is not None:
                tokens.append(("value", re.sub(r"\\(.)", r"\1", quoted)))
            elif compare:
                tokens.append(("compare", compare))
            else:
                tokens.append(("word", word))
        return tokens

    def _many(self, join: str, read: Callable[[], Predicate]) -> list[Predicate]:
        found = [read()]
        while self._word(join):
            found.append(read())
        return found

    def _word(self, word: str) -> bool:
        if self.peek() == ("word", word):
            self._at += 1
            return True
        return False

    def _open(self) -> bool:
        if self.peek() == ("bracket", "("):
            self._at += 1
            return True
        return False

    def _close(self) -> None:
        if self._take("bracket") != ")":
            raise self.refuse()

    def _take(self, *kinds: str) -> str:
        token = self.peek()
        if token is None or token[0] not in kinds:
            raise self.refuse()
        self._at += 1
        return token[1]

    def _all_of(self) -> Predicate:
        needs = [self._term()]
        while self._word("AND") or self.peek() not in {None, ("word", "OR"), ("bracket", ")")}:
            needs.append(self._term())
        return needs[0] if len(needs) == 1 else lambda item: all(need(item) for need in needs)

    def _term(self) -> Predicate:
        if self._word("NOT"):
            negated = self._term()
            return lambda item: not negated(item)
        if self._open():
            inner = self.any_of()
            self._close()
            return inner
        left = self._take("word", "value")
        following = self.peek()
        if following == ("bracket", "(") and self._dialect.call:
            return self._called(left)
        if following is None or following[0] != "compare":
            return self._dialect.bare(left)
        compare = self._take("compare")
        if self._open():  # a list of values: `field=("a" OR "b")`
            found = _either(self._many("OR", lambda: self._dialect.compare(left, compare, self._take("word", "value"))))
            self._close()
            return found
        pieces = [self._take("word", "value")]
        while self.peek() == ("compare", ":"):  # a time of day: its colons are part of the value
            pieces.append(self._take("compare") + self._take("word", "value"))
        return self._dialect.compare(left, compare, "".join(pieces))

    def _called(self, name: str) -> Predicate:
        self._open()
        argument = self._take("word", "value")
        self._close()
        try:
            return self._dialect.call(name, argument) if self._dialect.call else self._dialect.bare(name)
        except KeyError:
            raise self.refuse() from None


def _either(options: list[Predicate]) -> Predicate:
    return options[0] if len(options) == 1 else lambda item: any(option(item) for option in options)
