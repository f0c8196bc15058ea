"""What could come next in a query: names of fields, and values that exist among the keys that are known."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from keyward.model.query import Suggestion, complete

if TYPE_CHECKING:
    from keyward.tui.rows import Rows

_OPEN = {"project": "scope", "scope": "scope", "provider": "provider", "kind": "kind", "state": "state"}
_CLOSED = {"used": "last_used_status", "source": "source_status"}
_MANY = {"store": "stores", "restricted": "restrictions", "finding": "findings", "data": "data"}
_SHOWN = 24


def known(rows: "Rows") -> Mapping[str, Sequence[str]]:
    """The values that exist, by field of the query language."""
    found = {name: _sorted(rows.columns[column]) for name, column in (_OPEN | _CLOSED).items()}
    for name, column in _MANY.items():
        several = set(rows.columns[column])
        found[name] = _sorted(one for held in several if isinstance(held, tuple) for one in held)
    return found


def _sorted(values: Iterable[object]) -> list[str]:
    return sorted({str(value) for value in set(values) if value})


def suggestions(text: str, cursor: int, values: Mapping[str, Sequence[str]]) -> list[Suggestion]:
    """What could stand at the cursor; values that exist come first, and what is typed already is no suggestion."""
    found = complete(text, cursor, values)
    typed = text[found[0].start : cursor] if found else ""
    field = (
        text[: found[0].start].rpartition(" ")[2].lstrip("!-").rstrip(":=!,").partition(":")[0].lower() if found else ""
    )
    exist = frozenset(values.get(field, ()))
    useful = [one for one in found if one.insert.lower() != typed.lower()]
    return sorted(useful, key=lambda one: one.insert.strip('"') not in exist) if exist else useful


def after(text: str, found: Sequence[Suggestion]) -> str:
    """The query with the first suggestion taken; empty when there is none, or nothing of a word is typed yet."""
    if not found:
        return ""
    first = found[0]
    begun = first.end > first.start or text[first.start - 1 : first.start] in (":", "=", ",", ">", "<")
    return text[: first.start] + first.insert if begun else ""


def words(found: Sequence[Suggestion]) -> str:
    """The suggestions as one line."""
    shown = "  ".join(one.insert for one in found[:_SHOWN])
    return f"{shown}  ..." if len(found) > _SHOWN else shown
