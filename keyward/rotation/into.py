"""What a successor is to be: a likeness of its predecessor, or what a migration wants of it. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from keyward.model.credential import Credential, Kind, Restrictions
from keyward.model.errors import UsageError
from keyward.providers.interface import Want
from keyward.rotation.policy import Into

_OWN = "keyward"


def wanted(credential: Credential, into: Into) -> Want:
    """The successor: everything that can be copied, with what the migration changes. keyward's own annotations stay behind."""
    annotations = {name: value for name, value in credential.annotations.items() if name.partition("-")[0] != _OWN}
    scope = credential.ref.scope
    likeness = Want(scope, credential.name, credential.restrictions, annotations, credential.bound_identity)
    if into.nothing:
        return likeness
    return replace(
        likeness,
        scope=into.scope or scope,
        origin=scope if into.scope and into.scope != scope else "",
        restrictions=_narrowed(credential.restrictions, into.apis) if into.apis else credential.restrictions,
        bound_identity=into.account or credential.bound_identity,
    )


def _narrowed(before: Restrictions | None, apis: tuple[str, ...]) -> Restrictions:
    """The same clients, other services; made from its parts, since the provider's own form was for the services before."""
    if before is None:
        return Restrictions(apis)
    return Restrictions(tuple(sorted(apis)), before.client, before.allowed)


def check(into: Into) -> None:
    """Make sure that what is asked for means something, before anything is read.

    Raises:
        UsageError: a kind that nothing can be turned into, or one half of a pair.
    """
    if into.kind and into.kind != Kind.AUTH_KEY:
        raise UsageError(
            f"A key cannot be replaced by one of type {into.kind!r}.",
            hint=f"--as {Kind.AUTH_KEY} --service-account EMAIL makes a key that is bound to a service account.",
        )
    if into.kind and not into.account:
        raise UsageError(f"--as {into.kind} needs --service-account EMAIL.", hint="Name the account it is bound to.")
    if into.account and not into.kind:
        raise UsageError(
            "--service-account changes the type of the key, which has to be said.", hint=f"Add --as {Kind.AUTH_KEY}."
        )


def misfits(credential: Credential, into: Into) -> Iterator[str]:
    """Why this key cannot be turned into that."""
    if into.kind and credential.kind not in (Kind.API_KEY, Kind.AUTH_KEY):
        yield f"a {credential.kind.value} cannot become an {into.kind}"
    before = credential.restrictions
    lost = set(into.apis) - set(before.apis) if before is not None and before.apis else set()
    if lost:
        # A migration may narrow what a key opens; widening it is nothing that a rotation does by the way.
        yield f"it would open more than before: {', '.join(sorted(lost))}"
