"""Acts on single keys: the plan from the world as it is, and the doing; then the list of keys is brought up to date."""

from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from keyward.desk.agreeing import policy
from keyward.desk.engine import engine
from keyward.desk.refreshing import catching_up
from keyward.inventory.cache_write import CacheWriter
from keyward.model.credential import State
from keyward.model.errors import Gone, NeedsPerson, QueryError, Refused, SourceError
from keyward.model.ids import CredentialRef
from keyward.model.query import parse
from keyward.model.query_rows import QueryRow
from keyward.rotation.acts import doing
from keyward.rotation.acts.facts import IsProduction, read
from keyward.rotation.acts.plan import ActPlan, command
from keyward.rotation.acts.plan import plan as planned

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from keyward.desk.desk import Desk
    from keyward.model.context import Ctx
    from keyward.model.credential import Credential
    from keyward.model.events import Event
    from keyward.rotation.acts.outcome import ActOutcome
    from keyward.rotation.acts.plan import KeyAct
    from keyward.rotation.acts.wish import Wish
    from keyward.rotation.reach import Reach

_STALE = timedelta(minutes=1)
"""A plan that a person looked at for longer is made again before it is done."""


def plan(desk: "Desk", keys: Sequence[str], wish: "Wish", cancel: "threading.Event | None" = None) -> ActPlan:
    """Read the world again and say what this act would do to these keys (full ids). Changes nothing anywhere.

    Raises:
        NotConfigured: a provider is not available here.
    """
    with engine(desk, desk.parts.ctx(cancel=cancel), traceless=True) as made:
        return _plan(desk, made.reach, keys, wish)


def do(
    desk: "Desk",
    agreed: ActPlan,
    report: "Callable[[Event], None] | None" = None,
    cancel: "threading.Event | None" = None,
    *,
    wait: bool = False,
    timeout: timedelta | None = None,
) -> "tuple[ActOutcome, ...]":
    """Do a plan that was agreed to.

    Raises:
        NeedsPerson: something is in the way, or it is not what was agreed to any more; nothing was done.
        Interrupted: cancelled; the same command goes on.
    """
    ctx = desk.parts.ctx(report, cancel)
    with engine(desk, ctx) as made:
        if ctx.now - agreed.at > _STALE:
            agreed = _still(agreed, _plan(desk, made.reach, [key.id for key in agreed.keys], agreed.wish))
        try:
            return doing.do(made.reach, agreed, wait=wait, timeout=timeout)
        finally:
            _refresh(desk, agreed, ctx)


def _plan(desk: "Desk", reach: "Reach", keys: Sequence[str], wish: "Wish") -> ActPlan:
    refs = [CredentialRef.parse(key) for key in keys]
    base = replace(policy(desk.parts), waive=wish.waive, interactive=wish.interactive)
    found = planned(read(reach, refs, wish, base, production(desk, reach.ctx.now)), wish, reach.ctx.now)
    return ActPlan(
        reach.ctx.now,
        wish,
        found,
        reach.actor,
        reach.identity,
        reach.world,
        reach.host,
        reach.endpoints,
        command(found, wish),
    )


def _still(agreed: ActPlan, now: ActPlan) -> ActPlan:
    """The plan as it is now, if it is what was agreed to.

    Raises:
        NeedsPerson: it would do more harm than what was shown.
    """
    for before, after in zip(agreed.keys, now.keys, strict=True):
        worse = [one for one in after.breaks if one not in before.breaks]
        worse += [blocker.what for blocker in after.blockers]
        if after.in_use is not before.in_use:
            worse.append(f"it is {after.in_use.value} by now")
        if worse:
            raise NeedsPerson(f"{after.id} changed since the plan was made: {'; '.join(worse)}. Nothing was done.")
    return now


def production(desk: "Desk", now: datetime) -> IsProduction:
    """Whether a key is production by the settings; when that cannot be told, it is."""
    try:
        matches = parse(desk.parts.settings.production.match).compile(now)
    except QueryError:
        return lambda _: True

    def row(credential: "Credential") -> QueryRow:
        ref = credential.ref
        return QueryRow(
            credential.id,
            name=credential.name or "",
            provider=ref.provider,
            scope=ref.scope,
            kind=credential.kind.value,
            state=credential.state.value,
            created=None if credential.created is None else credential.created.timestamp(),
        )

    return lambda credential: matches(row(credential))


def _refresh(desk: "Desk", plan: ActPlan, ctx: "Ctx") -> None:
    """Bring the cached rows of these keys up to date; what cannot be asked just now stays as it was."""
    with catching_up(desk), closing(CacheWriter(desk.parts.paths.inventory, desk.parts.world, desk.warn)) as cache:
        cache.use_key(desk.books.writing()[1].id)
        for key in plan.keys:
            if not key.person and key.ref.provider in desk.parts.providers.names:
                with suppress(SourceError, Refused):
                    credential = _now(desk, key, ctx)
                    with cache.batch():
                        cache.keys(key.ref.source, [credential] if credential else [], ctx.now)
        with cache.batch():
            cache.order()


def _now(desk: "Desk", key: "KeyAct", ctx: "Ctx") -> "Credential | None":
    """The key as its provider has it; one that is no more as it was known, deleted."""
    try:
        return desk.parts.providers.get(key.ref.provider).get(key.ref, ctx)
    except Gone:
        with closing(desk.cache()) as cache:
            known = cache.credential(key.id)
        return None if known is None else replace(known, state=State.DELETED)
