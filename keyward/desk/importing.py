"""Importing a key into a place: the plan, and the doing; then what is known of the secret is brought up to date."""

from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from keyward.desk.agreeing import policy
from keyward.desk.engine import engine
from keyward.desk.refreshing import catching_up
from keyward.inventory.cache_write import CacheWriter
from keyward.inventory.link import Found
from keyward.model.capability import Can
from keyward.model.errors import Gone, Refused, SourceError
from keyward.model.ids import CredentialRef, PlacementRef
from keyward.rotation.acts import importing

if TYPE_CHECKING:
    import threading

    from keyward.desk.desk import Desk
    from keyward.model.secret import Secret
    from keyward.rotation.acts.importing import ImportPlan
    from keyward.rotation.acts.outcome import ActOutcome


def plan(
    desk: "Desk",
    key: str,
    to: str,
    *,
    allow_less_guarded: bool = False,
    interactive: bool = False,
    reason: str = "",
    cancel: "threading.Event | None" = None,
) -> "ImportPlan":
    """What importing this key (a full id) into that place would do. Changes nothing anywhere.

    Raises:
        UsageError: the place is none.
        NotConfigured: a provider or store is not available here.
    """
    wished = replace(policy(desk.parts), allow_less_guarded=allow_less_guarded, interactive=interactive, reason=reason)
    with engine(desk, desk.parts.ctx(cancel=cancel), traceless=True) as made:
        return importing.plan(made.reach, CredentialRef.parse(key), PlacementRef.parse(to), wished)


def do(
    desk: "Desk", agreed: "ImportPlan", value: "Secret | None" = None, cancel: "threading.Event | None" = None
) -> "ActOutcome":
    """Do it.

    Raises:
        NeedsPerson: something is in the way; nothing was done.
        Held: somebody else works on the key or the place.
    """
    with engine(desk, desk.parts.ctx(cancel=cancel)) as made:
        outcome = importing.do(made.reach, agreed, value)
        if outcome.done:
            _refresh(desk, agreed)
        return outcome


def _refresh(desk: "Desk", agreed: "ImportPlan") -> None:
    """Put the secret into the cache, and what is known to be in it."""
    secret, ctx = agreed.destination.place.secret, desk.parts.ctx()
    store = desk.parts.stores.get(secret.store)
    with catching_up(desk), closing(CacheWriter(desk.parts.paths.inventory, desk.parts.world, desk.warn)) as cache:
        cache.use_key(desk.books.writing()[1].id)
        with suppress(Gone, SourceError, Refused):
            info, fingerprint = store.get(secret, ctx), agreed.fingerprint
            with cache.batch():
                cache.secrets([info], desk.parts.host if Can.LOCAL in store.can else "")
                if fingerprint and info.current:
                    part = Found(agreed.destination.place.part, "", fingerprint, "")
                    cache.found(str(secret), info.current, [part], lasting=info.immutable_versions)
                    cache.value(agreed.id, fingerprint)
            with cache.batch():
                cache.relink(frozenset(), dict, ctx.now)
                cache.order()
