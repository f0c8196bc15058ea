"""The Logging query language, as far as comparisons go: `protoPayload.methodName=("a" OR "b") timestamp>="..."`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from keyward.emulator import filtering
from keyward.emulator.clock import parse
from keyward.emulator.errors import refuse

if TYPE_CHECKING:
    from keyward.emulator.filtering import Predicate

_TIMES = {"timestamp", "receiveTimestamp"}


def compile_filter(text: str) -> Predicate:
    """Give the predicate that a filter means for a log entry.

    Raises:
        ApiError: 400 for a text that is no filter.
    """
    return filtering.compile_filter(text, filtering.Dialect(_comparison, _anywhere, _call))


def _comparison(path: str, compare: str, wanted: str) -> Predicate:
    steps = [_camel(step) if number == 0 else step for number, step in enumerate(path.split("."))]
    if steps[0] in _TIMES:
        moment = _moment(wanted)
        order = filtering.ORDER.get(compare)
        if order is None:
            raise refuse("INVALID_ARGUMENT", f"Unparseable filter: operator {compare} for a time")
        return lambda entry: order(parse(entry[steps[0]]), moment)

    if compare in {"=~", "!~"}:
        _check_pattern(wanted)

    def matches(entry: dict[str, Any]) -> bool:
        values = list(_values(entry, steps))
        if compare in {"!=", "!~"}:
            return not any(_fits(value, "=" if compare == "!=" else "=~", wanted) for value in values)
        return any(_fits(value, compare, wanted) for value in values)

    return matches


def _check_pattern(text: str) -> None:
    try:
        re.compile(text)
    except re.error:
        raise refuse("INVALID_ARGUMENT", f"Unparseable filter: invalid regular expression {text}") from None


def _values(value: Any, steps: list[str]) -> Any:
    """Iterate over the values at a path; every element of a list is looked into."""
    if isinstance(value, list):
        for one in value:
            yield from _values(one, steps)
    elif not steps:
        yield value
    elif isinstance(value, dict):
        for count in range(1, len(steps) + 1):  # a field's name may hold dots
            if ".".join(steps[:count]) in value:
                yield from _values(value[".".join(steps[:count])], steps[count:])


def _fits(value: Any, compare: str, wanted: str) -> bool:
    text = str(value)
    if compare == "=~":
        return re.search(wanted, text) is not None
    if compare == ":":
        return wanted == "*" or wanted.lower() in text.lower()
    # Equality ignores case in the Logging query language.
    return filtering.ORDER[compare](text.lower(), wanted.lower())


def _anywhere(word: str) -> Predicate:
    return lambda entry: word.lower() in str(entry).lower()


def _call(name: str, argument: str) -> Predicate:
    if name != "log_id":
        raise KeyError(name)
    return lambda entry: unquote(entry["logName"].partition("/logs/")[2]) == argument


def _camel(step: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), step)


def _moment(text: str) -> Any:
    try:
        return parse(text)
    except ValueError:
        raise refuse("INVALID_ARGUMENT", f"Unparseable filter: invalid time {text}") from None
