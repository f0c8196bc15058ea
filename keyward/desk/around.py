"""Context, on demand: billing, APIs and policies of the projects, who can read each secret, and whom a key belongs to by its labels.

A scan without it makes no request for any of this. What is refused is remembered as refused.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from keyward.desk.data_judging import judge
from keyward.inventory.around import keep, known
from keyward.inventory.cache_write import CacheWriter
from keyward.inventory.times import stamp
from keyward.model.about import About, Known, What, public
from keyward.model.errors import Interrupted, UnknownKey

if TYPE_CHECKING:
    from keyward.desk.desk import Desk
    from keyward.inventory.cache import CacheReader
    from keyward.inventory.request import ScanRequest
    from keyward.model.context import Ctx
    from keyward.model.ids import SecretRef
    from keyward.wiring import Parts

Ask = Callable[[], Sequence[About]]
_AT_ONCE = 256
"""Questions between two looks at whether the work was cancelled, and facts written in one transaction."""


class Around(Protocol):
    """A provider or store that knows what is around its scopes; a store then also knows what is around one secret (`about`)."""

    def around(self, scope: str, ctx: "Ctx") -> Sequence[About]:
        """What is known around the scope, refusals included."""
        ...


def of_scan(parts: "Parts", cache: CacheWriter, request: "ScanRequest", ctx: "Ctx") -> bool:
    """Ask around every scope of the request that somebody can tell about, and around every secret that is known there.

    Returns:
        Whether everything was asked; False when it was cancelled, with what came until then kept.
    """
    asks: dict[str, Ask] = {}
    for provider in request.providers:
        asks |= _scope(provider.provider, provider.scope, ctx)
    for source in request.stores:
        asks |= _scope(source.store, source.scope, ctx)
        if hasattr(source.store, "about"):
            rows = cache.connection.execute("SELECT * FROM secret WHERE source = ?", (source.id,)).fetchall()
            for ref in map(_ref, rows):
                asks[str(ref)] = partial(source.store.about, ref, ctx)
    try:
        _ask(parts, cache, list(asks.values()), ctx)
    except Interrupted:
        return False
    return True


def of_key(desk: "Desk", key: str, ctx: "Ctx") -> list[str]:
    """Ask around one key: its project, every secret that holds it, and their projects.

    Returns:
        The ids of the keys of whose data handling something else is known now.

    Raises:
        UnknownKey: there is none of that id.
    """
    parts = desk.parts
    with closing(desk.cache()) as reader:
        credential, places = reader.credential(key), reader.placements(key)
    if credential is None:
        raise UnknownKey(f"There is no key {key!r} in the last scan.", hint="`keyward scan` looks again.")
    asks: dict[str, Ask] = {}
    if credential.ref.provider in parts.providers.names:
        asks |= _scope(parts.providers.get(credential.ref.provider), credential.ref.scope, ctx)
    for ref in dict.fromkeys(place.at.secret for place in places):
        store: Any = parts.stores.get(ref.store) if ref.store in parts.stores.names else None
        asks |= _scope(store, ref.scope, ctx)
        if hasattr(store, "about"):
            asks[str(ref)] = partial(store.about, ref, ctx)
    with closing(CacheWriter(parts.paths.inventory, parts.world, desk.warn)) as cache:
        _ask(parts, cache, list(asks.values()), ctx)
        return judge(parts, cache, ctx.now.date())


def of_secret(desk: "Desk", secret: "SecretRef", ctx: "Ctx") -> list[str]:
    """Ask around one secret and its project; returns the same."""
    store: Any = desk.parts.stores.get(secret.store) if secret.store in desk.parts.stores.names else None
    asks = _scope(store, secret.scope, ctx)
    if hasattr(store, "about"):
        asks[str(secret)] = partial(store.about, secret, ctx)
    with closing(CacheWriter(desk.parts.paths.inventory, desk.parts.world, desk.warn)) as cache:
        _ask(desk.parts, cache, list(asks.values()), ctx)
        return judge(desk.parts, cache, ctx.now.date())


def _scope(plugin: Any, scope: str, ctx: "Ctx") -> dict[str, Ask]:
    """The question around a scope, once for all plugins that share it."""
    return {_project(scope): partial(plugin.around, scope, ctx)} if hasattr(plugin, "around") else {}


def _project(scope: str) -> str:
    """The subject that a scope, or a region in one, belongs to."""
    return f"project:{scope.partition('@')[0]}"


def _ref(row: Any) -> "SecretRef":
    from keyward.inventory.rows import secret_info

    return secret_info(row).ref


def _ask(parts: "Parts", cache: CacheWriter, asks: Sequence[Ask], ctx: "Ctx") -> None:
    with ThreadPoolExecutor(parts.settings.scan.workers, thread_name_prefix="around") as pool:
        for start in range(0, len(asks), _AT_ONCE):
            ctx.check()
            found = list(pool.map(lambda ask: ask(), asks[start : start + _AT_ONCE]))
            with cache.batch():
                keep(cache, (one for several in found for one in several))


# Telling


def told(desk: "Desk", cache: "CacheReader", key: Mapping[str, Any]) -> dict[str, Any]:
    """`context` and `owners` of a key, from what is known already.

    Args:
        desk: whose settings say which labels name an owner.
        cache: where it is remembered.
        key: an entry of `keys` in `keyward.inventory/1`.
    """
    secrets = list(dict.fromkeys(str(one["secret"]) for one in key["placements"]))
    scopes = [key["scope"], *(one["scope"] for one in key["placements"] if one["host"] is None)]
    facts = list(known(cache, dict.fromkeys([*map(_project, scopes), *secrets])))
    credential = cache.credential(key["id"])
    own = {key["id"]: credential.annotations if credential is not None else {}}
    return _told(desk, own | _labels(cache, secrets), facts)


def told_of_secret(desk: "Desk", cache: "CacheReader", secret: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a secret; `secret` is an entry of `secrets` in `keyward.inventory/1`."""
    facts = list(known(cache, [_project(secret["scope"]), secret["secret"]]))
    return _told(desk, _labels(cache, [secret["secret"]]), facts)


def _labels(cache: "CacheReader", secrets: Iterable[str]) -> dict[str, Mapping[str, str]]:
    return {one: info.labels for one in secrets if (info := cache.secret(one)) is not None}


def _told(desk: "Desk", labels: Mapping[str, Mapping[str, str]], facts: Sequence[About]) -> dict[str, Any]:
    every = dict(labels)
    for fact in facts:
        if fact.what is What.LABELS and fact.status is Known.KNOWN:
            every[fact.subject] = dict(value.partition("=")[::2] for value in fact.values)
    names = desk.parts.settings.scan.owner_labels
    return {
        "context": [_document(one) for one in facts],
        "owners": [
            {"owner": found[name], "label": name, "of": subject}
            for subject, found in every.items()
            for name in names
            if found.get(name)
        ],
    }


def _document(one: About) -> dict[str, Any]:
    return {
        "subject": one.subject,
        "what": one.what.value,
        "status": one.status.value,
        "values": list(one.values),
        "public": any(public(value) for value in one.values) if one.what in (What.READERS, What.KEY_READERS) else False,
        "detail": one.detail or None,
        "at": stamp(one.at.timestamp()),
    }
