"""What a rotation changed, put into the cache without reading a value: states of the keys, versions of the secrets, who is where."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from keyward.desk.declaring import keep
from keyward.inventory.cache_write import CacheWriter
from keyward.inventory.link import Found
from keyward.inventory.rows import secret_info
from keyward.inventory.traits import of_place
from keyward.ledger.records import RotationState
from keyward.model.capability import Can
from keyward.model.errors import Gone, KeywardError, Refused, SourceError
from keyward.model.ids import DECLARED, SHAPE, CredentialRef
from keyward.model.secretinfo import Version, VersionState
from keyward.rotation.state import Rotation, from_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from keyward.desk.desk import Desk
    from keyward.model.context import Ctx
    from keyward.model.credential import Credential
    from keyward.model.secretinfo import SecretInfo
    from keyward.rotation.state import KeyFacts, Target

_A_PAIR = 2
"""The old key and its successor: more in one scope are listed at once."""

_PARTS = """
    SELECT name, kind, fingerprint, value_id, inside, expires, traits FROM part WHERE key_id = ? AND item = ? AND version = ?
"""


@contextmanager
def catching_up(desk: "Desk") -> Iterator[None]:
    """For bringing the list of keys up to date after something was done: that is on record, so what goes wrong here is only said."""
    try:
        yield
    except KeywardError as error:  # the list catches up with the next scan
        desk.warn(f"The list of keys could not be brought up to date: {error}")


def refresh(desk: "Desk", rotations: Iterable[str], before: "Mapping[str, datetime | None]") -> None:
    """Bring the rows of these rotations' keys and targets up to date. What cannot be asked just now stays as it was.

    Args:
        desk: parts and books.
        rotations: their ids.
        before: when each was last changed before this run; one that was not changed since is passed over.
    """
    with catching_up(desk):
        _refresh(desk, rotations, before)


def _refresh(desk: "Desk", rotations: Iterable[str], before: "Mapping[str, datetime | None]") -> None:
    ledger, key = desk.books.writing()
    found = (row for row in map(ledger.rotation, rotations) if row is not None)
    rows = [row for row in found if row.id not in before or before[row.id] != row.updated]
    if not rows:
        return
    parts, ctx = desk.parts, desk.parts.ctx()
    changed = [from_row(row) for row in rows]
    sources = _by_scope(desk, changed)
    targets = [(rotation, target) for rotation in changed for target in rotation.targets if _wrote(desk, target)]
    with closing(CacheWriter(parts.paths.inventory, parts.world, desk.warn)) as cache:
        known = [_remembered(cache, *one, ctx.now) for one in targets]
        with ThreadPoolExecutor(parts.settings.scan.workers, thread_name_prefix="refresh") as pool:
            credentials = list(pool.map(lambda one: _credentials(desk, one, sources[one], ctx), sources))
            infos = list(pool.map(lambda one, there: there or _info(desk, one[1], ctx), targets, known))
        cache.use_key(key.id)
        keep(cache, ledger, parts.providers.get(DECLARED), ctx)
        with cache.batch():
            for (source, wanted), (there, gone) in zip(sources.items(), credentials, strict=True):
                cache.keys(source, there, ctx.now)
                for one in gone:
                    cache.forget(one, ctx.now)
                for facts in wanted:
                    if facts.fingerprint and any(found.id == facts.id for found in there):
                        cache.value(facts.id, facts.fingerprint)
            for (rotation, target), info in zip(targets, infos, strict=True):
                if info is not None:
                    _placed(desk, cache, rotation, target, info)
            cache.relink(frozenset(), dict, ctx.now)
            cache.order()


def _by_scope(desk: "Desk", rotations: "Sequence[Rotation]") -> "dict[str, list[KeyFacts]]":
    """The keys of these rotations by the source that knows them, as far as somebody can be asked."""
    found: dict[str, list[KeyFacts]] = {}
    # Keys that nobody lists come into the cache and leave it with their places.
    listing = set(desk.parts.providers.names) - {SHAPE, DECLARED}
    for rotation in rotations:
        for facts in (rotation.old, rotation.new):
            if facts is not None and facts.ref.provider in listing:
                found.setdefault(facts.ref.source, []).append(facts)
    return found


def _credentials(
    desk: "Desk", source: str, wanted: "Sequence[KeyFacts]", ctx: "Ctx"
) -> "tuple[list[Credential], list[str]]":
    """These keys as their provider has them now (one listing where that is fewer questions), and the ids of those that are no more."""
    provider = desk.parts.providers.get(source.partition(":")[0])
    ids = {facts.id for facts in wanted}
    found: list[Credential] = []
    if len(wanted) > _A_PAIR:
        with suppress(SourceError):
            found = [one for one in provider.list(wanted[0].ref.scope, ctx) if one.id in ids]
    gone = []
    for facts in wanted:
        if any(one.id == facts.id for one in found):
            continue
        try:
            found.append(provider.get(facts.ref, ctx))  # a list may lag behind
        except Gone:
            gone.append(facts.id)
        except (SourceError, Refused):
            continue
    return found, gone


def _wrote(desk: "Desk", target: "Target") -> bool:
    """Whether something was written there, by this host or where every host sees it."""
    return bool(target.back or target.after) and target.host in ("", desk.parts.host)


def _remembered(cache: CacheWriter, rotation: Rotation, target: "Target", now: "datetime") -> "SecretInfo | None":
    """A versioned secret as the cache knows it, with what this rotation changed; None when it has to be asked."""
    row = cache.connection.execute("SELECT * FROM secret WHERE id = ?", (str(target.secret),)).fetchone()
    info = None if row is None else secret_info(row)
    if info is None or not info.immutable_versions or info.versions is None:
        return None
    version = target.back or target.after
    off = {RotationState.DONE: target.before, RotationState.ABORTED: target.after}.get(rotation.state, "")
    before = (one for one in info.versions if one.id != version)
    older = (replace(one, state=VersionState.DISABLED) if one.id == off else one for one in before)
    versions = (Version(version, VersionState.ENABLED, now), *older)
    aliases = {**info.aliases, **dict.fromkeys(target.aliases if target.back else target.moved, version)}
    return replace(info, current=version, updated=now, versions=versions, aliases=aliases)


def _info(desk: "Desk", target: "Target", ctx: "Ctx") -> "SecretInfo | None":
    """The target's secret as it is now; None when it cannot be asked."""
    with suppress(Gone, SourceError, Refused):
        return desk.parts.stores.get(target.secret.store).get(target.secret, ctx)
    return None


def _placed(desk: "Desk", cache: CacheWriter, rotation: Rotation, target: "Target", info: "SecretInfo") -> None:
    """Say in the cache which key the target's secret holds now, and which its version before."""
    now = rotation.old if target.back else rotation.new
    before = target.after if target.back else target.before
    found = [Found(*tuple(row)) for row in cache.connection.execute(_PARTS, (cache.key_id, str(info.ref), before))]
    parts = [
        replace(
            one,
            fingerprint=now.fingerprint,
            kind=_kind(now.ref, one.kind),
            expires=None,
            traits=of_place(one.traits),
        )
        if now is not None and one.name == target.place.part
        else one
        for one in found
    ]
    cache.secrets([info], desk.parts.host if Can.LOCAL in desk.parts.stores.get(info.ref.store).can else "")
    if parts:
        cache.found(str(info.ref), target.back or target.after, parts, lasting=info.immutable_versions)


def _kind(ref: CredentialRef, before: str) -> str:
    """The shape of a value: the id of a key that nobody lists tells it; else it is as before."""
    return {SHAPE: ref.scope, DECLARED: ""}.get(ref.provider, before)
