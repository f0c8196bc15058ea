"""Words about the data handling of every key, in the scan cache, so that lists and filters cost nothing.

They are judged anew when facts, settings or the day change.
"""

import json
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from keyward.desk.data_handling import handlings, terms
from keyward.desk.data_mark import META, mark
from keyward.hygiene.data_handling import Facts, of_sender, vouching, words
from keyward.hygiene.handled import Sender, Terms
from keyward.inventory.cache_schema import LIST
from keyward.inventory.cache_write import CacheWriter
from keyward.inventory.times import moment
from keyward.model.about import About, Known, What
from keyward.model.errors import KeywardError
from keyward.model.handling import Handling
from keyward.model.ids import DECLARED, SHAPE

if TYPE_CHECKING:
    from keyward.desk.desk import Desk
    from keyward.wiring import Parts

_ASKED = (What.BILLING, What.SERVICES)


def judge(parts: "Parts", cache: CacheWriter, today: date) -> list[str]:
    """Write anew, for every key of the cache, what queries know of its data handling; gives the ids of those that changed."""
    every, said = handlings(parts), terms(parts)
    facts = _facts(cache)
    made: dict[tuple[object, ...], str] = {}
    signatures: dict[str, tuple[object, ...]] = {}
    changed: list[tuple[str, int, str]] = []
    rows = cache.connection.execute("SELECT ordinal, id, provider, scope, kind, state, restricted, data FROM key")
    for ordinal, key, provider, scope, kind, state, restricted, before in rows.fetchall():
        vouched = vouching(said, key)
        if (place := signatures.get(scope)) is None:
            place = signatures[scope] = _signature(scope, facts, every)
        if provider in (SHAPE, DECLARED):
            place = (scope,)
        like = (provider, place, kind, state, restricted, vouched)
        text = made.get(like)
        if text is None:
            sender = Sender(provider, scope, kind, state, _apis(restricted))
            text = made[like] = LIST.join(
                words(of_sender(sender, facts, every, replace(said, attestations=vouched), today))
            )
        if text != before:
            changed.append((text, ordinal, key))
    with cache.batch():
        cache.connection.executemany("UPDATE key SET data = ? WHERE ordinal = ?", [one[:2] for one in changed])
        made_with = mark(parts, _until(every, said, today))
        cache.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (META, made_with))
    return [one[2] for one in changed]


def again(desk: "Desk") -> list[str]:
    """Judge anew; gives the ids of the keys of which something else is known now."""
    try:
        with closing(CacheWriter(desk.parts.paths.inventory, desk.parts.world, desk.warn)) as cache:
            return judge(desk.parts, cache, desk.parts.clock.now().date())
    except KeywardError as error:
        desk.warn(f"What is said of data handling in the list is from an earlier scan: {error}")
        return []


def _until(every: Iterable[Handling], said: Terms, today: date) -> date:
    """The last day on which nothing becomes stale and no attestation ends."""
    ends = [one.fresh_until for handling in every for one in handling.statements]
    ends += [one.until for one in said.attestations]
    return min((end for end in ends if end >= today), default=today + timedelta(days=365))


def _facts(cache: CacheWriter) -> Facts:
    marks = ", ".join("?" * len(_ASKED))
    statement = f"SELECT subject, what, status, texts, detail, at FROM about WHERE what IN ({marks})"  # noqa: S608  # question marks only
    rows = cache.connection.execute(statement, [one.value for one in _ASKED])
    found: dict[tuple[str, What], About] = {}
    for subject, what, status, texts, detail, at in rows:
        asked = moment(at)
        if asked is not None:
            found[subject, What(what)] = About(
                subject, What(what), Known(status), tuple(json.loads(texts)), asked, detail
            )
    return found


def _signature(project: str, facts: Facts, every: Sequence[Handling]) -> tuple[object, ...]:
    """What the words of keys in a project rest on: two projects of which the same is known give the same words."""
    billing, services = (facts.get((f"project:{project}", what)) for what in (What.BILLING, What.SERVICES))
    on = (
        ()
        if services is None
        else tuple(one.service for one in every if one.service and one.service in services.values)
    )
    return (
        None if billing is None else (billing.status, billing.values[:1]),
        None if services is None else (services.status, on),
    )


def _apis(restricted: str | None) -> tuple[str, ...] | None:
    """The APIs of what the cache says of restrictions; the kind of client has no dot."""
    return None if restricted is None else tuple(one for one in restricted.split(LIST) if "." in one)
