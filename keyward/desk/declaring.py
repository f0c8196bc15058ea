"""Keys that have no shape: a person says where one is, the ledger remembers it, and the list shows it like every other key."""

import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from keyward.desk.data_judging import judge
from keyward.inventory.cache_write import CacheWriter
from keyward.inventory.reading import look_into
from keyward.ledger.records import PlacementRow
from keyward.model.capability import Can
from keyward.model.detectors import identify
from keyward.model.errors import Gone, UsageError
from keyward.model.fingerprint import worth
from keyward.model.ids import DECLARED, SHAPE, SHORT, CredentialRef, PlacementRef
from keyward.model.parts import read_part

if TYPE_CHECKING:
    from keyward.desk.desk import Desk
    from keyward.ledger.interface import Ledger
    from keyward.model.context import Ctx
    from keyward.model.secret import Secret
    from keyward.model.secretinfo import Payload, SecretInfo
    from keyward.providers.interface import Provider

_NOT_A_WORD = re.compile(r"[^a-z0-9]+")
_LONGEST = 60


def word(text: str) -> str:
    """A name as ids have it: lower case, digits and hyphens.

    Raises:
        UsageError: nothing is left of it.
    """
    found = _NOT_A_WORD.sub("-", text.casefold()).strip("-")[:_LONGEST].strip("-")
    if not found:
        raise UsageError("A provider needs a name with letters or digits in it.", hint="Such as --provider invideo.")
    return found


def declare(desk: "Desk", provider: str, at: str, name: str = "") -> str:
    """Take the value in that place for a key of that provider; gives the key's id. Again gives the same id.

    Raises:
        UsageError: there is nothing there, or nothing that can be declared; says why.
        SourceError: the place cannot be read.
        Refused: likewise.
    """
    ledger, fingerprints = desk.books.writing()
    place = PlacementRef.parse(at).current
    info, payload = _read(desk, place)
    value = read_part(payload.data.reveal(), place.part, payload.hint)
    if value is None:
        raise UsageError(f"{place} is not there.", hint="Name the variable too, such as env:/path/.env#TOKEN.")
    fingerprint = fingerprints.fingerprint(value)
    _check(desk, place, value, fingerprint)
    scope = _scope(provider) + (f".{word(name)}" if name else "")
    detector = identify(value.reveal().strip())
    ref = CredentialRef(SHAPE if detector else DECLARED, detector.kind if detector else scope, (fingerprint[:SHORT],))
    now = desk.parts.clock.now()
    host = desk.parts.host if Can.LOCAL in desk.parts.stores.get(place.secret.store).can else ""
    row = PlacementRow(
        str(info.ref), payload.version, place.part, str(ref), fingerprint, "current", "enabled", info.ref.store,
        info.ref.scope, host,
    )  # fmt: skip
    ledger.see(info.ref.source, host, [row], now, complete=False)
    with closing(CacheWriter(desk.parts.paths.inventory, desk.parts.world, desk.warn)) as cache:
        cache.use_key(fingerprints.id)
        keep(cache, ledger, desk.parts.providers.get(DECLARED), desk.parts.ctx())
        with cache.batch():
            cache.secrets([info], host)
            parts = look_into(payload, fingerprints)
            cache.found(str(info.ref), payload.version, parts, lasting=info.immutable_versions)
            cache.relink(frozenset(), dict, now)
            cache.order()
        judge(desk.parts, cache, now.date())
    return str(ref)


def keep(cache: CacheWriter, ledger: "Ledger", provider: "Provider", ctx: "Ctx") -> None:
    """Have exactly those declared keys in the cache that the ledger knows to be somewhere. Nothing is asked."""
    known: dict[str, PlacementRow] = {}
    for row in ledger.placements():
        if row.credential.startswith(f"{DECLARED}:") and row.fingerprint:
            known[row.credential] = _earlier(known.get(row.credential), row)
    there = {row[0] for row in cache.connection.execute("SELECT id FROM key WHERE provider = ?", (DECLARED,))}
    if not (there or known):
        return
    now = ctx.now
    with cache.batch():
        for key, row in known.items():
            ref = CredentialRef.parse(key)
            credential = replace(provider.get(ref, ctx), first_seen=row.first_seen, fingerprint=row.fingerprint)
            cache.keys(ref.source, [credential], now)
            cache.value(key, row.fingerprint)
        for key in sorted(there - known.keys()):
            cache.forget(key, now)


def _earlier(one: PlacementRow | None, other: PlacementRow) -> PlacementRow:
    moments = [row.first_seen for row in (one, other) if row is not None and row.first_seen is not None]
    return replace(other, first_seen=min(moments, default=None))


def _scope(provider: str) -> str:
    """The catalog's name of that provider, else the name as it was given."""
    from keyward.providers.catalog import of_name

    entry = of_name(provider)
    return entry.id if entry else word(provider)


def _read(desk: "Desk", place: PlacementRef) -> "tuple[SecretInfo, Payload]":
    ctx, stores = desk.parts.ctx(), desk.parts.stores
    if place.secret.store not in stores.names:
        raise UsageError(f"{place} is in no store that keyward knows.", hint=f"Stores: {', '.join(stores.names)}.")
    store = stores.get(place.secret.store)
    ref = replace(place.secret, scope=_source(desk, place))
    try:
        return store.get(ref, ctx), store.read(ref, ctx)
    except Gone as error:
        raise UsageError(f"{place} cannot be declared: {error.message}", hint=error.hint) from None


def _source(desk: "Desk", place: PlacementRef) -> str:
    """The scope that scans find it in; a file that none looks at is looked at from now on."""
    with closing(desk.cache()) as cache:
        known = cache.secret(str(place.secret))
    if known is not None:
        return known.ref.scope
    path = Path(place.secret.name)
    if len(place.secret.locator) == 1 and path.is_absolute():
        desk.books.remember_folders([path])
        return str(path)
    return place.secret.scope


def _check(desk: "Desk", place: PlacementRef, value: "Secret", fingerprint: str) -> None:
    if not worth(value.reveal(), place.part):
        raise UsageError(
            f"What {place} holds could be guessed, so keyward keeps no fingerprint of it and could not find it again.",
            hint="A key has at least 20 characters, mixed at random.",
        )
    with closing(desk.cache()) as cache:
        listed = [key for key in cache.by_fingerprint(fingerprint) if key.partition(":")[0] not in (SHAPE, DECLARED)]
    if listed:
        raise UsageError(f"{place} holds {listed[0]}, which its provider lists.", hint=f"keyward rotate {listed[0]}")
