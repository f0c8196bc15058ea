"""List filters: `state:ENABLED AND create_time<2026-01-01T00:00:00Z`, labels, names, NOT and brackets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from keyward.emulator import filtering
from keyward.emulator.clock import parse
from keyward.emulator.secretmanager import refusals

if TYPE_CHECKING:
    from datetime import datetime

    from keyward.emulator.filtering import Predicate


def compile_filter(text: str) -> Predicate:
    """The predicate that a filter text means; an empty text lists all.

    Raises:
        ApiError: INVALID_ARGUMENT for a text that is not a filter.
    """
    return filtering.compile_filter(text, filtering.Dialect(_comparison, _named))


def _named(word: str) -> Predicate:
    return lambda item: word.lower() in str(item["name"]).lower()


def _comparison(path: str, compare: str, wanted: str) -> Predicate:
    steps = [re.sub(r"_(\w)", lambda found: found[1].upper(), path.split(".", 1)[0]), *path.split(".", 1)[1:]]
    order = filtering.ORDER.get(compare.replace(":", "="))
    if order is None:
        raise refusals.invalid(f"Invalid operator in filter: {compare}")

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
