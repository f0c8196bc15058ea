"""A key's places as a tree: the key, its secrets with versions and roles, the commands that are told of a change, files by host."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from textual.content import Content

from keyward.tui.places import STORES, leaf

if TYPE_CHECKING:
    from keyward.desk.where_used import WhereUsed

_Line = list[tuple[str, str] | str]


def tree(found: "WhereUsed", name: str, about: str) -> Content:
    """Everything below the key of that name; `about` says what it is."""
    lines: list[_Line] = [[(name, "bold"), (f"  {about}", "dim")]]
    secrets = [
        (secret, list(several))
        for secret, several in groupby(sorted(found.places, key=_order), key=lambda one: one["secret"])
    ]
    if not secrets:
        lines.append([("└─ ", "dim"), ("no place was seen that holds it", "dim")])
    for number, (secret, several) in enumerate(secrets):
        last = number == len(secrets) - 1
        lines.append([("└─ " if last else "├─ ", "dim"), *_head(secret, several, found.here)])
        below = list(_below(several, found.consumers.get(secret, ())))
        for place, line in enumerate(below):
            branch = "└─ " if place == len(below) - 1 else "├─ "
            lines.append([("   " if last else "│  ", "dim"), (branch, "dim"), *line])
    return Content("\n").join(Content.assemble(*line) for line in lines)


def _order(one: Mapping[str, Any]) -> tuple[bool, str, str, bool]:
    """Stores that all share first, then what is on one machine, machine by machine; in a secret the current version first."""
    return bool(one.get("host")), str(one.get("host") or ""), str(one["secret"]), one.get("role") != "current"


def _head(secret: str, several: Sequence[Mapping[str, Any]], here: str) -> _Line:
    store, host = str(several[0].get("store")), str(several[0].get("host") or "")
    line: _Line = [(STORES.get(store, store), "dim"), "  ", (secret.partition(":")[2], "bold")]
    if host:
        line.append((f"  on {host}", "dim" if host == here else "$text-warning"))
        if host == here:
            line.append((" (this host)", "dim"))
    if several[0].get("elsewhere"):
        line.append(("  as that host saw it last", "dim"))
    return line


def _below(several: Sequence[Mapping[str, Any]], consumers: Sequence[str]) -> Iterator[_Line]:
    for one in several:
        elsewhere = bool(one.get("elsewhere"))
        yield leaf({**one, "host": None}, "", accepting=not elsewhere)
    for said in consumers:
        yield [("a change runs  ", "dim"), said]
    if not consumers:
        yield [("no [[consumer]] matches: nobody is told of a change", "dim")]
