"""What could be typed next in a query: for the filter bar and shell completion."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from keyward.model.query_fields import FIELDS

_COMPARED = {"age": ">", "unused": ">", "created": "<", "expires": "<", "places": ">"}
_EXAMPLES = {"age": ("90d", "1y"), "unused": ("30d", "90d"), "expires": ("14d", "30d"), "places": ("1", "2")}
_TERM = re.compile(
    r"(?P<negation>[!-]?)(?:(?P<field>[A-Za-z][\w-]*)(?P<operator>>=|<=|!=|[:=<>])(?P<before>(?:[^,]*,)*))?(?P<begun>.*)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Replace `[start, end)` of the query by `insert`; `about` says what that means."""

    insert: str
    start: int
    end: int
    about: str = ""


def complete(text: str, cursor: int, known: Mapping[str, Sequence[str]] | None = None) -> list[Suggestion]:
    """What could stand where the cursor is, in the order of the table of fields; nothing inside quotes.

    Args:
        text: the query as typed so far.
        cursor: where the cursor is, counted from 0.
        known: values of open fields that the caller knows, such as the projects of the cache.
    """
    start = max((at + 1 for at, character in enumerate(text[:cursor]) if character.isspace()), default=0)
    typed = text[start:cursor]
    if '"' in typed or "'" in typed:
        return []
    found = _TERM.fullmatch(typed)
    if found is None:
        return []
    begin = start + found.start("begun")
    begun = found["begun"].lower()
    if found["field"] is None:
        return [
            Suggestion(name + _COMPARED.get(name, ":"), begin, cursor, field.about)
            for name, field in FIELDS.items()
            if name.startswith(begun)
        ]
    name = found["field"].lower()
    if name not in FIELDS:
        return []
    given = found["operator"] in (":", "=", "!=")
    values = (*FIELDS[name].words, *(known or {}).get(name, ())) if given else _EXAMPLES.get(name, ())
    return [
        Suggestion(_as_typed(value), begin, cursor)
        for value in dict.fromkeys(values)
        if value.lower().startswith(begun)
    ]


def _as_typed(value: str) -> str:
    return f'"{value}"' if re.search(r"[\s,*']", value) else value
