"""The filter language of time series, as far as labels go: `a="b" AND c=starts_with("d")`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keyward.emulator.errors import refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TERM = re.compile(
    r"\s*(?P<not>NOT\s+)?(?P<field>[a-z_.]+(?:\.\"[^\"]+\")?)\s*(?P<op>!?=)\s*"
    r"(?:(?P<call>[a-z_]+)\((?P<args>[^)]*)\)|\"(?P<text>[^\"]*)\"|(?P<word>[\w./:-]+))\s*",
)
_JOIN = re.compile(r"(?:AND\b)?", re.IGNORECASE)
_CALLS: dict[str, Callable[[str, list[str]], bool]] = {
    "starts_with": lambda value, args: value.startswith(args[0]),
    "ends_with": lambda value, args: value.endswith(args[0]),
    "has_substring": lambda value, args: args[0] in value,
    "one_of": lambda value, args: value in args,
}


def compile_filter(text: str) -> Callable[[Mapping[str, str]], bool]:
    """Give a predicate on labels, which are spelled `metric.type`, `resource.labels.service` and so on.

    Raises:
        ApiError: 400 when the filter is malformed, uses OR, or names no metric type.
    """
    tests: list[Callable[[Mapping[str, str]], bool]] = []
    at = 0
    while at < len(text.rstrip()):
        match = _TERM.match(text, at)
        if match is None:
            raise _malformed(text)
        tests.append(_test(match, text))
        at = match.end()
        at = (_JOIN.match(text, at) or match).end()
    if not re.search(r"metric\.type\s*=", text):
        raise refuse(
            "INVALID_ARGUMENT", "Field filter had an invalid value: the filter must specify a single metric type."
        )
    return lambda labels: all(test(labels) for test in tests)


def _test(match: re.Match[str], text: str) -> Callable[[Mapping[str, str]], bool]:
    field = match["field"].replace("metric.label.", "metric.labels.").replace("resource.label.", "resource.labels.")
    wanted = (match["not"] is None) == (match["op"] == "=")
    if match["call"] is not None:
        call, args = _CALLS.get(match["call"]), re.findall(r'"([^"]*)"', match["args"])
        if call is None or not args:
            raise _malformed(text)
        return lambda labels: call(labels.get(field, ""), args) == wanted
    value = match["text"] if match["text"] is not None else match["word"]
    return lambda labels: (labels.get(field, "") == value) == wanted


def _malformed(text: str) -> Exception:
    return refuse("INVALID_ARGUMENT", f'Field filter had an invalid value of "{text}": Could not parse filter.')
