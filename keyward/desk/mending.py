"""Looking for what went wrong around rotations, and mending what a person agreed to."""

from collections import defaultdict
from contextlib import closing
from typing import TYPE_CHECKING

from keyward.desk.agreeing import policy
from keyward.desk.engine import engine
from keyward.desk.sources import sources
from keyward.desk.wish import Mended, ScanWish
from keyward.model.errors import KeywardError
from keyward.rotation.mend.doing import mend as _mend
from keyward.rotation.mend.look import troubles as _troubles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyward.desk.desk import Desk
    from keyward.model.context import Ctx
    from keyward.rotation.mend.troubles import Trouble

Scopes = dict[str, list[str]]


def troubles(desk: "Desk", ctx: "Ctx") -> "tuple[Trouble, ...]":
    """What is wrong; nothing is changed, but a ledger is made where there is none."""
    providers, stores = _scopes(desk, ctx)
    with engine(desk, ctx, traceless=True) as made:
        return tuple(_troubles(made.reach, providers, stores, policy(desk.parts)))


def mend(desk: "Desk", wanted: "Sequence[Trouble]", ctx: "Ctx") -> tuple[Mended, ...]:
    """Mend these, one after the other; one that cannot be mended stops no other."""
    done = []
    with engine(desk, ctx) as made:
        for trouble in wanted:
            ctx.check()
            try:
                done.append(Mended(trouble.subject, _mend(made.reach, trouble), ok=True))
            except KeywardError as error:
                done.append(Mended(trouble.subject, str(error), ok=False))
    return tuple(done)


def _scopes(desk: "Desk", ctx: "Ctx") -> tuple[Scopes, Scopes]:
    """What was scanned before; where nothing was, what a scan would ask."""
    providers: Scopes = defaultdict(list)
    stores: Scopes = defaultdict(list)
    with closing(desk.cache()) as cache:
        known = list(cache.rows("SELECT side, plugin, scope FROM source"))
    if not known:
        request = sources(desk.parts, ScanWish(), desk.books.folders(), ctx).request
        known = [("provider", one.provider.name, one.scope) for one in request.providers]
        known += [("store", one.store.name, one.scope) for one in request.stores]
    for side, plugin, scope in known:
        if side == "provider" and plugin in desk.parts.providers.names:
            providers[plugin].append(scope)
        elif side == "store" and plugin in desk.parts.stores.names:
            stores[plugin].append(scope)
    return providers, stores
