"""What a rotation changed, put into the cache without reading a value: states of the keys, versions of the secrets, who is where."""

from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from keyward.inventory.cache_write import CacheWriter
from keyward.inventory.link import Found
from keyward.model.capability import Can
from keyward.model.errors import Gone, Refused, SourceError
from keyward.rotation.state import Rotation, from_row

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from keyward.desk.desk import Desk
    from keyward.model.context import Ctx
    from keyward.rotation.state import KeyFacts

_PARTS = "SELECT name, kind, fingerprint, value_id, inside FROM part WHERE key_id = ? AND item = ? AND version = ?"


def refresh(desk: "Desk", rotations: Iterable[str], before: "Mapping[str, datetime | None]") -> None:
    """Bring the rows of these rotations' keys and targets up to date. What cannot be asked just now stays as it was.

    Args:
        desk: parts and books.
        rotations: their ids.
        before: when each was last changed before this run; one that was not changed since is passed over.

    Raises:
        KeywardError: the cache cannot be written.
    """
    ledger, key = desk.books.writing()
    found = (row for row in map(ledger.rotation, rotations) if row is not None)
    rows = [row for row in found if row.id not in before or before[row.id] != row.updated]
    if not rows:
        return
    parts, ctx = desk.parts, desk.parts.ctx()
    with closing(CacheWriter(parts.paths.inventory, parts.world, desk.warn)) as cache:
        cache.use_key(key.id)
        for rotation in map(from_row, rows):
            _keys(desk, cache, rotation, ctx)
            _targets(desk, cache, rotation, ctx)
        with cache.batch():
            cache.relink(frozenset(), dict, ctx.now)
            cache.order()


def _keys(desk: "Desk", cache: CacheWriter, rotation: Rotation, ctx: "Ctx") -> None:
    for facts in (rotation.old, rotation.new):
        if facts is None or facts.ref.provider not in desk.parts.providers.names:
            continue
        with suppress(Gone, SourceError, Refused):
            credential = desk.parts.providers.get(facts.ref.provider).get(facts.ref, ctx)
            with cache.batch():
                cache.keys(facts.ref.source, [credential], ctx.now)
                if facts.fingerprint:
                    cache.value(facts.id, facts.fingerprint)


def _targets(desk: "Desk", cache: CacheWriter, rotation: Rotation, ctx: "Ctx") -> None:
    for target in rotation.targets:
        now: KeyFacts | None = rotation.old if target.back else rotation.new
        version = target.back or target.after
        if now is None or not version or (target.host and target.host != desk.parts.host):
            continue
        store = desk.parts.stores.get(target.secret.store)
        with suppress(Gone, SourceError, Refused):
            info = store.get(target.secret, ctx)
            before = target.after if target.back else target.before
            found = [
                Found(*tuple(row)) for row in cache.connection.execute(_PARTS, (cache.key_id, str(info.ref), before))
            ]
            parts = [
                replace(one, fingerprint=now.fingerprint) if one.name == target.place.part else one for one in found
            ]
            with cache.batch():
                cache.secrets([info], desk.parts.host if Can.LOCAL in store.can else "")
                if parts:
                    cache.found(str(info.ref), version, parts, lasting=info.immutable_versions)
