"""What a provider does with data, in words: the same on the command line and in the app."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from keyward.desk.data_words import EVIDENCE, TOPICS, answer, marks

Statement = Mapping[str, Any]


class Told(NamedTuple):
    """What holds on one tier, or on all of them: a heading, what shows that one is on it, the statements."""

    heading: str
    shown_by: str
    statements: Sequence[Statement]


def by_tier(document: Mapping[str, Any]) -> Iterator[Told]:
    """The statements of a `keyward.provider/1`, those for everybody first, then tier by tier."""
    tiers = {one["id"]: one for one in document["tiers"]}
    order = ["", *tiers]
    placed = [(tier, one) for one in document["statements"] for tier in one["tiers"] or [""]]
    placed.sort(key=lambda found: order.index(found[0]))
    for tier, several in groupby(placed, key=lambda found: found[0]):
        statements = [one for _, one in several]
        if tier:
            found = tiers[tier]
            yield Told(f"{found['label']} [{tier}]", shown_by(found), statements)
        else:
            yield Told("Data handling, all tiers" if tiers else "Data handling", "", statements)


def topic(one: Statement) -> str:
    """What it is about, such as `trains models [AI Studio]`."""
    surface = f" [{one['surface']}]" if one["surface"] else ""
    return f"{TOPICS[one['topic']]}{surface}"


def says(one: Statement) -> str:
    """What it says."""
    return f"{answer(one)}{one['said']}"


def beside(one: Statement) -> Iterator[str]:
    """What can be switched off and where, what shows that it holds, where it comes from, from which day, and what is doubtful about it."""
    if one["control"] or one["where"]:
        yield f"control: {' '.join(filter(None, (one['control'], one['where'])))}"
    if one["proof"]:
        yield shown_by(one)
    doubts = marks(one)
    source = f": {one['source']}" if one["source"] else ""
    yield f"{EVIDENCE[one['evidence']]}, {one['checked']}{source}{f' ({doubts})' if doubts else ''}"


def shown_by(one: Mapping[str, Any]) -> str:
    """What shows that it holds."""
    if one["proof"] == "attest":
        return f"shown by: only a person can say {one['shows'] or 'so'}"
    return f"shown by: {one['proof']}: {one['shows']}"
