"""Endpoint overrides as lines for people: those that lead to one place are one line."""

from collections.abc import Sequence


def by_place(lines: Sequence[str]) -> list[str]:
    """Lines such as `apikeys -> http://127.0.0.1:8085/ (VARIABLE)`, together where several lead to one place."""
    places: dict[str, list[str]] = {}
    for line in lines:
        _, arrow, rest = line.partition(" -> ")
        places.setdefault(rest.partition(" (")[0] if arrow else line, []).append(line)
    found = []
    for place, together in places.items():
        apis = ", ".join(line.partition(" -> ")[0] for line in together)
        found += together if len(together) == 1 else [f"{apis} -> {place}"]
    return found
