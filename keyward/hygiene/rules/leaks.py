"""Keys that lie where everybody finds them who gets the files or the history."""

from collections.abc import Iterable
from datetime import timedelta

from keyward.hygiene.estate import Estate
from keyward.hygiene.rule import KEPT, Judgement, Rule, broken, unknown
from keyward.hygiene.say import Mending, command, day, ended, span
from keyward.hygiene.searched import Lying, Searched
from keyward.model.credential import Credential, Kind
from keyward.model.finding import Severity, Subject
from keyward.model.ids import DECLARED, SHAPE

_SEARCH = "keyward leaks --git"
_BY_ID = (Kind.SA_KEY, Kind.ACCESS_KEY)
"""Kinds of keys that an id tells which stands in them or beside them: their values need not be known."""
_SHOWN = 3
"""Places of one search that are told."""


def _lies_open(key: Credential, estate: Estate, limit: timedelta) -> Iterable[Judgement]:
    if not key.live:
        return
    found = [_told(one, one.keys[key.id]) for one in estate.searched if key.id in one.keys]
    if found:
        text = "Replace it at once: taking it out of the file leaves it in every copy. Then search again."
        yield broken(*found, **_replaced(key, estate, text))
        return
    last = max((one.at for one in estate.searched if one.at is not None), default=None)
    if last is None:
        yield unknown("no files and no history were searched for it", commands=[_SEARCH])
    elif estate.now - last > limit:
        yield unknown(f"files or a history were last searched {span(estate.now - last)} ago", commands=[_SEARCH])
    elif key.fingerprint is None and key.kind not in _BY_ID:
        yield unknown(
            "its value was not read, so no search can tell it", commands=["keyward scan --values all", _SEARCH]
        )
    elif key.first_seen is not None and key.first_seen > last:
        yield unknown("it was first seen after the last search", commands=[_SEARCH])
    else:
        yield KEPT


def _told(where: Searched, lying: Lying) -> str:
    """Such as `2 places in the history of /home/ana/web on laptop: a.py:3 (...), b.py:1 (...); seen on 2026-11-20`."""
    places = ", ".join(place.words for place in lying.places[:_SHOWN])
    more = f" and {lying.number - _SHOWN:,} more" if lying.number > _SHOWN else ""
    number = f"{lying.number:,} place{'s' if lying.number > 1 else ''}"
    return f"{number} in {where.words}: {places}{more}; seen on {day(lying.at)}"


def _replaced(key: Credential, estate: Estate, text: str) -> Mending:
    if key.ref.provider in (SHAPE, DECLARED):
        return {"text": text, "commands": [command("swap", key.id)]}
    return ended(key, estate, "leaked", text)


RULES = (
    Rule(
        "KW-901",
        "Key in files or a history",
        "Whoever gets the files or clones the repository has the key; machines search public ones within minutes.",
        Severity.CRITICAL,
        Subject.KEY,
        _lies_open,
        "OWASP NHI2:2025 (secret leakage)",
        timedelta(days=30),
        "how long ago the last search may be",
        needs=_SEARCH,
    ),
)
