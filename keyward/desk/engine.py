"""The rotation engine within reach of the real world, with a fresh look at every place whose values may be read."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from keyward.clock import steady
from keyward.desk.declaring import keep
from keyward.desk.named import Named
from keyward.desk.sources import local, may_read, sources
from keyward.desk.wish import ScanWish
from keyward.inventory.cache_write import CacheWriter
from keyward.inventory.look import Looker
from keyward.inventory.request import ScanRequest, StoreSource
from keyward.ledger.owner import this_process
from keyward.model.capability import Can
from keyward.model.ids import DECLARED
from keyward.rotation.consumers.consumer import Consumer, Consumers
from keyward.rotation.engine import Engine
from keyward.rotation.foreign_terraform import NO_STATE, TerraformState
from keyward.rotation.reach import Reach

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from keyward.desk.desk import Desk
    from keyward.model.context import Ctx
    from keyward.model.credential import Credential
    from keyward.rotation.reach import Coverage
    from keyward.wiring import Parts


@contextmanager
def engine(
    desk: "Desk",
    ctx: "Ctx",
    *,
    traceless: bool = False,
    unattended: bool = False,
    terraform: TerraformState = NO_STATE,
) -> Iterator[Engine]:
    """The engine.

    Args:
        desk: parts and books.
        ctx: clock, cancellation and listener.
        traceless: whether what the look sees stays out of the ledger, as for a plan.
        unattended: whether nobody watches: what fails is put off for longer each time.
        terraform: what Terraform was said to manage.

    Raises:
        FingerprintKeyMissing: the ledger names a key that is not here.
        AnotherWorld: the ledger belongs to other endpoints.
    """
    parts = desk.parts
    ledger, key = desk.books.writing()

    def open_cache() -> CacheWriter:
        cache = CacheWriter(parts.paths.inventory, parts.world, desk.warn)
        cache.use_key(key.id)
        keep(cache, ledger, parts.providers.get(DECLARED), ctx)  # the look links what it finds to keys of the cache
        return cache

    looker = Looker(
        request(desk, ctx), open_cache, key, ctx, None if traceless else ledger, recent=desk.sightings.recent
    )
    with closing(looker):
        reach = Reach(
            providers=Named(parts.providers),
            stores=Named(parts.stores),
            ledger=ledger,
            fingerprints=key,
            ctx=replace(ctx, changes=not parts.read_only),  # the look above is a scan, and asks as one
            owner=this_process(parts.host),
            host=parts.host,
            actor=parts.actor,
            identity=parts.identity,
            world=parts.world,
            endpoints=parts.endpoints.active_overrides(),
            look=cast("Callable[[Credential], Coverage]", looker.look),
            unattended=unattended,
            closed_until=_closed(parts),
            consumers=_consumers(parts),
            terraform=terraform,
            steady=steady,
            sightings=desk.sightings,
            allow=parts.settings.targets.allow,
        )
        yield Engine(reach, workers=parts.settings.scan.workers)


def _consumers(parts: "Parts") -> Consumers:
    """The commands of this host's own settings, and the environment that they are picked from."""
    every = (
        Consumer(one.match, one.run, one.ready, one.refresh, one.timeout, one.stdin == "value", one.env)
        for one in parts.settings.consumers
    )
    return Consumers(tuple(every), parts.environ)


def _closed(parts: "Parts") -> "Callable[[datetime], datetime | None]":
    from keyward.model.calendar import Calendar  # most settings have no blackout

    return Calendar.parse(parts.settings.rotation.blackout).closed_until


def request(desk: "Desk", ctx: "Ctx") -> ScanRequest:
    """Where a key is looked for before it is rotated: what this host has, and every scope that was scanned, each by its consent."""
    parts = desk.parts
    scopes = parts.settings.scan.read_values
    with closing(desk.cache()) as cache:
        known = [
            (plugin, scope) for plugin, scope in cache.rows("SELECT plugin, scope FROM source WHERE side = 'store'")
        ]
    cloud = [
        StoreSource(parts.stores.get(plugin), scope, may_read(scope, scopes))
        for plugin, scope in known
        if plugin in parts.stores.names and Can.LOCAL not in parts.stores.get(plugin).can
    ]
    if scopes and not cloud:  # the cache was lost, but what may be read must be looked at
        return sources(parts, ScanWish(), desk.books.folders(), ctx).request
    here = tuple(local(parts, desk.books.folders()))
    return ScanRequest((), (*here, *cloud), usage=False, workers=parts.settings.scan.workers, host=parts.host)
