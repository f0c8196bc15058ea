"""Finds out which secret holds which key, from what the cache knows, and changes only the rows that are different."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from keyward.inventory import texts
from keyward.inventory.cache_schema import LIST
from keyward.inventory.link import Found, Known, Link, by_shape, link, role
from keyward.inventory.rows import haystack, secret_info
from keyward.model.credential import Credential
from keyward.model.detectors import BY_KIND, PAIRED
from keyward.model.ids import SHAPE
from keyward.model.secretinfo import SecretInfo, VersionState

if TYPE_CHECKING:
    import sqlite3

Placed = tuple[str, str, str, str, str, str, str, str, str, str, str]
"""A row of `placement`."""

FirstSeen = Callable[[], Mapping[str, datetime]]
"""When keys were first seen; asked only when one is new."""

_PARTS = """
    SELECT item, version, name, kind, fingerprint, value_id, inside, expires FROM part
    WHERE key_id = ? AND version != '' AND item IN (SELECT id FROM secret)
      AND (kind != '' OR fingerprint IN (SELECT fingerprint FROM key WHERE fingerprint IS NOT NULL)
           OR fingerprint IN (SELECT fingerprint FROM part WHERE value_id != '' AND fingerprint != ''))
    ORDER BY item, version, name
"""
_HALVES = (
    "SELECT DISTINCT kind, value_id, fingerprint FROM part WHERE key_id = ? AND value_id != '' AND fingerprint != ''"
)
PLACEMENTS = """
    SELECT p.*, s.store, s.scope AS secret_scope, s.locator FROM placement p JOIN secret s ON s.id = p.secret
"""


class Relink:
    """One pass over the cache, inside a transaction of the caller.

    Args:
        connection: to the cache.
        key_id: whose fingerprints count.
        insert: writes credentials of a source: (source, credentials, now).
        remove: removes a key: ("key", id, now).
    """

    def __init__(
        self,
        connection: "sqlite3.Connection",
        key_id: str,
        insert: Callable[[str, Iterable[Credential], datetime], object],
        remove: Callable[[str, str, datetime], None],
    ) -> None:
        self._run = connection.execute
        self._many = connection.executemany
        self._key_id = key_id
        self._insert = insert
        self._remove = remove

    def run(self, waiting: frozenset[str], first_seen: FirstSeen, now: datetime) -> list[str]:
        """Link everything.

        Args:
            waiting: providers whose credentials are still being listed: an unknown value of theirs is no key of its own yet.
            first_seen: when keys known by shape were first seen, where somebody remembers it from before.
            now: the present.

        Returns:
            The ids of keys that are new, gone, or in other places.
        """
        rows = self._run("SELECT id, provider, uid, fingerprint FROM key WHERE provider != ?", (SHAPE,))
        listed = [tuple(row) for row in rows]
        known = Known([*listed, *self._by_halves(listed)])
        placed: set[Placed] = set()
        shapes: dict[str, tuple[Link, str]] = {}
        for info, host, version, found in self._payloads():
            if gone(info, version):
                continue
            for one in link(found, known, lambda provider: provider not in waiting):
                placed.add(_placed(one, info, host, version))
                if one.kind:
                    shapes.setdefault(one.key, (one, info.ref.source))
        before: set[Placed] = {tuple(row) for row in self._run("SELECT * FROM placement")}
        self._store(placed - before, before - placed)
        changed = {row[0] for row in placed ^ before}
        self._shapes(shapes, first_seen, now)
        self._settle(changed)
        return sorted(changed)

    def _by_halves(self, listed: Sequence[tuple[str, str, str, str | None]]) -> Iterator[tuple[str, str, str, str]]:
        """Listed keys by the secrets that stand beside their ids: where such a secret stands alone, it is the key's as well."""
        keys = {(provider, uid): key for key, provider, uid, _ in listed}
        for kind, value_id, fingerprint in self._run(_HALVES, (self._key_id,)):
            key = keys.get((BY_KIND[kind].provider, value_id)) if kind in PAIRED else None
            if key is not None:
                yield key, BY_KIND[kind].provider, "", fingerprint

    def _payloads(self) -> Iterator[tuple[SecretInfo, str, str, list[Found]]]:
        """(secret, host, version, parts) of everything that was looked into."""
        rows = self._run(_PARTS, (self._key_id,))
        for item, of_item in groupby(rows, lambda row: row["item"]):
            secret = self._run("SELECT * FROM secret WHERE id = ?", (item,)).fetchone()
            info = secret_info(secret)
            for version, of_version in groupby(of_item, lambda row: row["version"]):
                yield info, secret["host"], version, [Found(*tuple(row)[2:]) for row in of_version]

    def _store(self, new: set[Placed], gone: set[Placed]) -> None:
        where = "key = ? AND secret = ? AND version = ? AND part = ?"
        self._many(f"DELETE FROM placement WHERE {where}", [row[:4] for row in gone])  # noqa: S608  # names of our own, never outside text
        self._many("INSERT OR REPLACE INTO placement VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", sorted(new))

    def _shapes(self, shapes: dict[str, tuple[Link, str]], first_seen: FirstSeen, now: datetime) -> None:
        """Keys by shape come with their first placement and go with their last one."""
        there = {row["id"] for row in self._run("SELECT id FROM key WHERE provider = ?", (SHAPE,))}
        remembered = first_seen() if shapes.keys() - there else {}
        by_source = defaultdict(list)
        for key, (one, source) in shapes.items():
            credential = by_shape(one.kind, one.fingerprint, one.expires)
            by_source[source].append(replace(credential, first_seen=remembered.get(key, now)))
        for source, credentials in by_source.items():
            self._insert(source, credentials, now)
        for key in sorted(there - shapes.keys()):
            self._remove("key", key, now)

    def _settle(self, changed: Iterable[str]) -> None:
        """Bring what a key's row says of its placements up to date."""
        for key in changed:
            row = self._run("SELECT * FROM key WHERE id = ?", (key,)).fetchone()
            if row is None:
                continue
            places = self._run(f"{PLACEMENTS} WHERE p.key = ? ORDER BY p.secret, p.version, p.part", (key,)).fetchall()
            stores = LIST.join(sorted({place["store"] for place in places}))
            secrets = LIST.join(sorted({place["secret"] for place in places}))
            hay = haystack(dict(row) | {"secrets": secrets})
            self._run(
                "UPDATE key SET stores = ?, secrets = ?, places = ?, haystack = ? WHERE ordinal = ?",
                (stores, secrets, len(places), hay, row["ordinal"]),
            )
            text = texts.placements_text(places)
            self._run("UPDATE detail SET placements = ? WHERE ordinal = ?", (text, row["ordinal"]))


def gone(info: SecretInfo, version: str) -> bool:
    """Whether the secret no longer has the payload of that version."""
    if info.versions is None:
        return version != info.current
    listed = info.version(version)
    return listed is None or listed.state is VersionState.DESTROYED


def _placed(one: Link, info: SecretInfo, host: str, version: str) -> Placed:
    listed = info.version(version)
    state = listed.state if listed is not None else VersionState.ENABLED
    what, alias = role(version, info.current, info.aliases)
    target = str(info.ref.at(part=one.part))
    key, at = one.key, str(info.ref)
    return key, at, version, one.part, what.value, state.value, alias, one.fingerprint, one.found_by, host, target


def earliest(rows: Sequence[tuple[str, datetime | None]]) -> dict[str, datetime]:
    """The first moment of each key."""
    found: dict[str, datetime] = {}
    for key, at in rows:
        if at is not None:
            found[key] = min(at.astimezone(UTC), found.get(key, at.astimezone(UTC)))
    return found
