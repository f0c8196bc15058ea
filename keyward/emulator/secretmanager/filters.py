"""List filters: `state:ENABLED AND create_time<2026-01-01T00:00:00Z`, labels, names, NOT and brackets."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from keyward.emulator.clock import parse
from keyward.emulator.secretmanager import refusals

if TYPE_CHECKING:
    from datetime import datetime

Predicate = Callable[[dict[str, Any]], bool]
"""Tells whether a resource in JSON is listed."""

_TOKEN = re.compile(r'\s*(?:([()])|(-)(?=\S)|"((?:[^"\\]|\\.)*)"|(<=|>=|!=|[:=<>])|([^\s()"<>!:=]+))')
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    ":": operator.eq,
    "!=": operator.ne,
}


def compile_filter(text: str) -> Predicate:
    """The predicate that a filter text means; an empty text lists all.

    Raises:
        ApiError: INVALID_ARGUMENT for a text that is not a filter.
    """
    if not text.strip():
        return lambda _: True
    parser = _Parser(text)
    predicate = parser.any_of()
    if parser.peek() is not None:
        raise parser.refuse()
    return predicate


class _Parser:
    """Reads one filter by recursive descent: OR of ANDs of terms."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split(text)
        self._at = 0

    def refuse(self) -> Exception:
        return refusals.invalid(f"Invalid filter: {self._text}")

    def peek(self) -> tuple[str, str] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def any_of(self) -> Predicate:
        options = [self._all_of()]
        while self._word("OR"):
            options.append(self._all_of())
        return options[0] if len(options) == 1 else lambda item: any(option(item) for option in options)

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

    def _word(self, word: str) -> bool:
        if self.peek() == ("word", word):
            self._at += 1
            return True
        return False

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
        if self.peek() == ("bracket", "("):
            self._at += 1
            inner = self.any_of()
            if self._take("bracket") != ")":
                raise self.refuse()
            return inner
        left = self._take("word", "value")
        following = self.peek()
        if following is None or following[0] != "compare":
            return lambda item: left.lower() in str(item["name"]).lower()
        compare = self._take("compare")
        pieces = [self._take("word", "value")]
        while self.peek() == ("compare", ":"):  # a time of day: its colons are part of the value
            pieces.append(self._take("compare") + self._take("word", "value"))
        return _comparison(left, compare, "".join(pieces))


def _comparison(path: str, compare: str, wanted: str) -> Predicate:
    steps = [re.sub(r"_(\w)", lambda found: found[1].upper(), path.split(".", 1)[0]), *path.split(".", 1)[1:]]
    order = _ORDER[compare]

    def matches(item: dict[str, Any]) -> bool:
        value: Any = item
        for step in steps:
            value = value.get(step) if isinstance(value, dict) else None
        if value is None:
            return compare == "!="
        if isinstance(value, dict):
            return wanted == "*" or wanted in value
        if steps[0].endswith("Time"):
            return order(parse(value), _moment(wanted))
        if compare == ":":
            return wanted == "*" or wanted.lower() in str(value).lower()
        return order(str(value), wanted)

    return matches


def _moment(text: str) -> datetime:
    try:
        return parse(text)
    except ValueError:
        raise refusals.invalid(f"Invalid time in filter: {text}") from None
