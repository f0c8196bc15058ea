"""The fields of the query language: what each accepts, and what it asks of a key.

A test is a function of the present that gives a predicate over the values of one or more columns, so rows and columns are judged by the
same code. What is not known fulfils no comparison, in neither direction; a negated term is true of it.
"""

import difflib
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from keyward.model.credential import Kind, State
from keyward.model.finding import UNJUDGED, UNKNOWN
from keyward.model.handling import Word
from keyward.model.query_terms import Value
from keyward.model.source import SourceStatus
from keyward.model.usage import UseStatus

Predicate = Callable[..., bool]
Test = Callable[[float], Predicate]

DAY = 86_400.0
UNITS = {"h": DAY / 24, "d": DAY, "w": 7 * DAY, "m": 30 * DAY, "y": 365 * DAY}
_DURATION = re.compile(r"(?P<count>\d{1,6})(?P<unit>[hdwmy])", re.IGNORECASE)
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_FLIPPED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}


class Unfit(Exception):
    """A value that a field cannot take; becomes a QueryError with the column.

    Args:
        message: what is wrong.
        hint: what would be right.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `columns` are those of `QueryRow` that it reads; `words` the values it knows, when they are a closed set."""

    name: str
    about: str
    columns: tuple[str, ...]
    test: Callable[[str, tuple[Value, ...]], Test]
    words: tuple[str, ...] = ()


def seconds(text: str) -> float | None:
    """A duration such as 90d in seconds; months are 30 days and years 365; None when it is none."""
    found = _DURATION.fullmatch(text)
    return int(found["count"]) * UNITS[found["unit"].lower()] if found else None


def moment(text: str) -> float | None:
    """A date or time as ISO 8601 writes it, UTC unless it says otherwise, in seconds since 1970; None when it is none."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def _equal_only(name: str, sign: str) -> None:
    if sign != "=":
        raise Unfit(f"{name} cannot be compared with {sign}.", f"Write {name}:VALUE.")


def _matcher(values: tuple[Value, ...], fold: Callable[[str], str]) -> Predicate:
    exact = frozenset(fold(value.text) for value in values if value.pattern is None)
    patterns = [fold(value.pattern) for value in values if value.pattern is not None]
    if not patterns:
        return exact.__contains__
    wild = re.compile("|".join(patterns), re.DOTALL)
    return lambda text: text in exact or wild.fullmatch(text) is not None


def _text(
    name: str, fold: Callable[[str], str] = str, words: tuple[str, ...] = ()
) -> Callable[[str, tuple[Value, ...]], Test]:
    def test(sign: str, values: tuple[Value, ...]) -> Test:
        _equal_only(name, sign)
        _known(name, values, words)
        holds = _matcher(values, fold)
        return lambda _: holds

    return test


def _known(name: str, values: tuple[Value, ...], words: tuple[str, ...]) -> None:
    for value in values:
        if words and value.pattern is None and value.text.lower() not in words:
            raise Unfit(f"{name} is never {value.text!r}.", nearest(value.text.lower(), words))


def nearest(word: str, words: tuple[str, ...]) -> str:
    """The hint for a word that is not one of those."""
    near = difflib.get_close_matches(word, words, 1, 0.5)
    return f"Did you mean {near[0]}?" if near else f"It is one of {', '.join(words)}."


def _any_of(
    name: str, fold: Callable[[str], str] = str, words: tuple[str, ...] = ()
) -> Callable[[str, tuple[Value, ...]], Test]:
    def test(sign: str, values: tuple[Value, ...]) -> Test:
        _equal_only(name, sign)
        _known(name, values, words)
        none = any(value == Value("none") for value in values)
        holds = _matcher(values, fold)
        return lambda _: lambda held: any(map(holds, held)) if held else none

    return test


def _rule(text: str) -> str:
    """A rule as findings have it; the words beside rules stay in lower case."""
    return text.lower() if text.lower() in FINDING_WORDS else text.upper()


def _restricted(sign: str, values: tuple[Value, ...]) -> Test:
    _equal_only("restricted", sign)
    plain = {value.text for value in values if value.pattern is None}
    none, some, unknown = "none" in plain, "any" in plain, "unknown" in plain
    holds = _matcher(values, str.lower)
    return lambda _: lambda held: unknown if held is None else (some or any(map(holds, held))) if held else none


def _one_duration(name: str, values: tuple[Value, ...]) -> float:
    length = seconds(values[0].text) if len(values) == 1 else None
    if length is None:
        raise Unfit(
            f"{name} takes one duration.", f"Write for example {name}>90d; units are h, d, w, m (30 d) and y (365 d)."
        )
    return length


def _age(sign: str, values: tuple[Value, ...]) -> Test:
    if sign == "=":
        if {value.text for value in values} != {"unknown"}:
            raise Unfit("age is compared with > or <.", "Write for example age>90d, or age:unknown.")
        return lambda _: lambda created, first_seen: created is None and first_seen is None
    length = _one_duration("age", values)
    compare = _COMPARE[_FLIPPED[sign]]
    at_least = sign in (">", ">=")  # a key first seen 41 days ago is older than that, how much is unknown

    def bind(now: float) -> Predicate:
        limit = now - length
        return lambda created, first_seen: (
            compare(created, limit)
            if created is not None
            else at_least and first_seen is not None and compare(first_seen, limit)
        )

    return bind


def _unused(sign: str, values: tuple[Value, ...]) -> Test:
    if sign == "=":
        raise Unfit("unused is compared with > or <.", "Write for example unused>30d; used:never is another question.")
    length = _one_duration("unused", values)
    compare = _COMPARE[sign]
    at_least = sign in (">", ">=")

    def bind(now: float) -> Predicate:
        def holds(status: str, at: float | None, window: int | None, created: float | None) -> bool:
            if status == UseStatus.USED:
                return at is not None and compare(now - at, length)
            if status == UseStatus.NEVER and created is not None:
                return compare(now - created, length)
            if status in (UseStatus.NEVER, UseStatus.NOT_SEEN) and window is not None:
                return at_least and compare(window * DAY, length)
            return False

        return holds

    return bind


def _used(sign: str, values: tuple[Value, ...]) -> Test:
    if sign == "=":
        plain = tuple(Value(value.text.lower().replace("-", "_"), value.pattern) for value in values)
        _known("used", plain, USED_WORDS)
        holds = _matcher(plain, str)
        return lambda _: lambda status, _at: holds(status)
    length = _one_duration("used", values)
    compare = _COMPARE[sign]
    return lambda now: lambda status, at: status == UseStatus.USED and at is not None and compare(now - at, length)


def _created(sign: str, values: tuple[Value, ...]) -> Test:
    if sign == "=" and {value.text for value in values} == {"unknown"}:
        return lambda _: lambda created: created is None
    date = moment(values[0].text) if len(values) == 1 else None
    if date is None:
        raise Unfit("created takes one date.", "Write for example created<2026-06-19; for a duration use age>90d.")
    if sign == "=":
        return lambda _: lambda created: created is not None and date <= created < date + DAY
    compare = _COMPARE[sign]
    return lambda _: lambda created: created is not None and compare(created, date)


def _expires(sign: str, values: tuple[Value, ...]) -> Test:
    if sign == "=" and {value.text for value in values} == {"none"}:
        return lambda _: lambda expires: expires is None
    date = moment(values[0].text) if len(values) == 1 else None
    length = seconds(values[0].text) if len(values) == 1 else None
    if (date is None and length is None) or sign == "=":
        raise Unfit(
            "expires is compared with a duration or a date.",
            "Write for example expires<14d, expires<2027-01-01 or expires:none.",
        )
    compare = _COMPARE[sign]

    def bind(now: float) -> Predicate:
        limit = date if date is not None else now + (length or 0.0)
        return lambda expires: expires is not None and compare(expires, limit)

    return bind


def _places(sign: str, values: tuple[Value, ...]) -> Test:
    texts = [value.text for value in values]
    if not all(text.isdecimal() and len(text) < 10 for text in texts) or (sign != "=" and len(texts) > 1):
        raise Unfit("places takes a number.", "Write for example places>2 or places:0.")
    if sign == "=":
        wanted = frozenset(map(int, texts))
        return lambda _: wanted.__contains__
    compare, number = _COMPARE[sign], int(texts[0])
    return lambda _: lambda places: compare(places, number)


KINDS, STATES = tuple(Kind), tuple(State)
USED_WORDS = tuple(str(status) for status in UseStatus)
DATA_WORDS = tuple(Word)
FINDING_WORDS = ("none", UNKNOWN, UNJUDGED)
SOURCE_WORDS = (*(str(status) for status in SourceStatus), "stale")
_SCOPE = _text("project", str.lower)

FIELDS: Mapping[str, Field] = {
    field.name: field
    for field in (
        Field("project", "project, account or folder", ("scope",), _SCOPE),
        Field("scope", "the same as project", ("scope",), _SCOPE),
        Field("provider", "who issues it", ("provider",), _text("provider", str.lower)),
        Field("kind", "what sort of key", ("kind",), _text("kind", str.lower, KINDS), KINDS),
        Field("state", "whether it works, as its provider says", ("state",), _text("state", str.lower, STATES), STATES),
        Field("name", "display name", ("name",), _text("name")),
        Field("id", "id of the key", ("id",), _text("id")),
        Field("store", "kind of store that holds it", ("stores",), _any_of("store", str.lower), ("none",)),
        Field("secret", "id of a secret that holds it", ("secrets",), _any_of("secret"), ("none",)),
        Field("finding", "rule that it breaks", ("findings",), _any_of("finding", _rule), FINDING_WORDS),
        Field("used", "what is known of its use", ("last_used_status", "last_used_at"), _used, USED_WORDS),
        Field(
            "unused",
            "for how long it was not used",
            ("last_used_status", "last_used_at", "last_used_window", "created"),
            _unused,
        ),
        Field("age", "how old it is", ("created", "first_seen"), _age, ("unknown",)),
        Field("created", "when it was made", ("created",), _created, ("unknown",)),
        Field("expires", "when it stops working by itself", ("expires",), _expires, ("none",)),
        Field("places", "in how many places it was found", ("places",), _places),
        Field("restricted", "what it may be used for", ("restrictions",), _restricted, ("none", "any", "unknown")),
        Field(
            "data", "what may be done with what is sent", ("data",), _any_of("data", str.lower, DATA_WORDS), DATA_WORDS
        ),
        Field(
            "source",
            "how the reading of its source ended",
            ("source_status",),
            _text("source", str.lower, SOURCE_WORDS),
            SOURCE_WORDS,
        ),
    )
}
