"""Searches for leaked keys, kept in the ledger: which of the inventory's keys lay where, so that a check on any host can say it.

Of a key only its id is kept. What the baseline has, and what its own checksum rules out, is no finding, so it is not kept. A file that the
inventory has as a place of the key is where it belongs, unless it lies in a history.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from keyward.desk.judged_mark import outdated
from keyward.desk.leaking import Leaked, What
from keyward.hygiene.leaks.found import Place
from keyward.hygiene.leaks.git import Git, GitFailed
from keyward.hygiene.leaks.tree import shown
from keyward.hygiene.searched import Lying, Searched
from keyward.inventory.times import moment, seconds
from keyward.model.text import clean

if TYPE_CHECKING:
    from keyward.desk.desk import Desk

_NAME = "leaks:"
_KEPT = 5
"""Places of one key that are kept; all are counted."""


class _Metas(Protocol):
    def metas(self, prefix: str) -> dict[str, str]: ...


def remember(desk: "Desk", found: Leaked) -> None:
    """Keep what a search found, in place of what an earlier one of the same found; one of a part only adds.

    Raises:
        KeywardError: the ledger cannot be written.
    """
    if not found.inventory or found.wish.what is What.INDEX:
        return
    ledger, _ = desk.books.writing(create=False)
    before = {name: one for name, one in _read(ledger) if one.host == desk.parts.host and one.what == found.wish.what}
    now = desk.parts.clock.now()
    whole = found.looked.complete and not found.wish.revisions
    for root in _roots(desk, found):
        name = f"{_NAME}{desk.parts.host}:{found.wish.what}:{root}"
        keys = _lying(desk, found, root, now)
        known = before.get(name)
        if not whole:
            keys = {**(known.keys if known is not None else {}), **keys}
        at = now if whole else known.at if known is not None else None
        ledger.set_meta(name, _written(Searched(found.wish.what, root, desk.parts.host, at, keys)))
        for other, one in before.items():
            if whole and found.wish.what is What.FILES and _below(one.root, root) and one.root != root:
                ledger.set_meta(other, None)
    outdated(desk)


def remembered(ledger: _Metas) -> tuple[Searched, ...]:
    """Every search that the ledger knows of, of all hosts."""
    return tuple(one for _, one in _read(ledger))


def _roots(desk: "Desk", found: Leaked) -> list[str]:
    if found.wish.what is What.FILES:
        return [shown(os.path.abspath(one)) for one in found.wish.named]  # noqa: PTH100  # links stay, as the user knows them
    git = Git(Path(found.wish.named[0]), desk.parts.environ)
    for named in ("--show-toplevel", "--absolute-git-dir"):  # a bare repository has no folder of files
        with suppress(GitFailed):
            return [shown(git.line("rev-parse", named))]
    return []


def _lying(desk: "Desk", found: Leaked, root: str, now: datetime) -> dict[str, Lying]:
    keys: dict[str, list[Place]] = {}
    history = found.wish.what is What.HISTORY
    homes = frozenset() if history else _homes(desk)
    for one in found.findings:
        places = [
            place for place in map(_absolute, one.leak.places) if _below(place.path, root) and place.path not in homes
        ]
        for key in one.keys:
            keys.setdefault(key.id, []).extend(one.leak.places if history else places)
    return {key: Lying(len(places), tuple(places[:_KEPT]), now) for key, places in keys.items() if places}


def _homes(desk: "Desk") -> frozenset[str]:
    """The files that are places of the inventory."""
    with closing(desk.cache()) as cache:
        return frozenset(shown(info.ref.name) for info in cache.secrets() if info.is_file)


def _absolute(place: Place) -> Place:
    path = os.path.abspath(place.path)  # noqa: PTH100  # as above
    return Place(path, place.line, place.commit, place.at, place.in_head, place.in_query)


def _below(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root.rstrip('/')}/")


def _written(one: Searched) -> str:
    keys = {
        key: {"number": it.number, "at": seconds(it.at), "places": [asdict(place) for place in it.places]}
        for key, it in sorted(one.keys.items())
    }
    return json.dumps({"what": one.what, "root": one.root, "host": one.host, "at": seconds(one.at), "keys": keys})


def _read(ledger: _Metas) -> Iterator[tuple[str, Searched]]:
    for name, text in ledger.metas(_NAME).items():
        with suppress(
            ValueError, TypeError, KeyError, AttributeError
        ):  # of another version: as if it was never searched
            yield name, _searched(json.loads(text))


def _searched(told: Mapping[str, Any]) -> Searched:
    keys = {
        key: Lying(int(it["number"]), tuple(map(_place, it["places"])), datetime.fromtimestamp(it["at"], UTC))
        for key, it in told["keys"].items()
    }
    return Searched(clean(told["what"]), clean(told["root"]), clean(told["host"]), moment(told["at"]), keys)


def _place(told: Mapping[str, Any]) -> Place:
    place = Place(**told)
    return replace(place, path=clean(place.path), commit=clean(place.commit))
