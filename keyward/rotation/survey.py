"""Reading the world for a plan: provider, usage, every known place, now. Nothing is written, the cache is not asked."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from keyward.ledger.records import RotationRow
from keyward.model.capability import Can, Readiness, Ready
from keyward.model.credential import Credential
from keyward.model.errors import Gone, Refused, SourceError
from keyward.model.ids import CredentialRef
from keyward.model.usage import UNSUPPORTED, LastUse, UsageReport
from keyward.providers.interface import Provider, Want
from keyward.rotation.facts import Facts, KeyAsRead, OpenRotation
from keyward.rotation.foreign import hands_off
from keyward.rotation.policy import Policy
from keyward.rotation.reach import Reach
from keyward.rotation.state import KeyFacts
from keyward.rotation.survey_places import read_places
from keyward.rotation.work import told

USAGE_WINDOW = timedelta(days=42)
"""How far back a plan asks for use; what the record really reaches is said with the answer."""

_WITHOUT_PROVIDER = frozenset({"shape", "declared"})
_BY_HAND = (
    "nothing that keyward can reach makes or deletes such keys. Make a new one where this one was made, put it into the places that "
    "`keyward show` lists, then delete this one there"
)


def survey(reach: Reach, keys: Iterable[CredentialRef], policy: Policy) -> Facts:
    """Everything a plan for these keys needs, as it is now. A key that cannot be read is a fact too, not an error.

    Raises:
        NotConfigured: a provider is not available here.
        Interrupted: cancelled.
    """
    usage: dict[tuple[str, str], UsageReport] = {}
    read = [_key(reach, ref, policy, usage) for ref in keys]
    return Facts(reach.ctx.now, tuple(read), reach.actor, reach.identity, reach.world, reach.host, reach.endpoints)


def _key(reach: Reach, ref: CredentialRef, policy: Policy, usage: dict[tuple[str, str], UsageReport]) -> KeyAsRead:
    reach.ctx.check()
    if ref.provider in _WITHOUT_PROVIDER:
        return KeyAsRead(str(ref), problem=_BY_HAND)
    provider = reach.provider(ref)
    try:
        credential = provider.get(ref, reach.ctx)
        want = _want(credential)
        readiness = tuple(provider.preflight(want, reach.ctx))
    except (SourceError, Gone, Refused) as error:
        return KeyAsRead(str(ref), problem=told(error), under_way=_under_way(reach, str(ref)))
    fingerprint, reads, unreadable = _fingerprint(reach, provider, credential)
    credential = replace(credential, fingerprint=fingerprint or None)
    # Only a key whose value is known can be looked for, and every look costs reads.
    coverage = reach.look(credential) if fingerprint else None
    places = read_places(reach, credential, coverage.placements if coverage else (), policy)
    return KeyAsRead(
        id=str(ref),
        credential=credential,
        facts=KeyFacts.of(credential, fingerprint),
        want=want,
        crash=provider.crash,
        can=tuple(sorted(can.value for can in provider.can)),
        readiness=(*readiness, *unreadable),
        last_use=_last_use(reach, provider, credential, usage),
        places=places,
        sources=coverage.sources if coverage else (),
        under_way=_under_way(reach, str(ref)),
        hands_off=hands_off({}, credential.annotations),
        dead_after=provider.dead_after(credential),
        audited_reads=reads + sum(place.audited for place in places),
    )


def _want(credential: Credential) -> Want:
    annotations = {name: value for name, value in credential.annotations.items() if name.partition("-")[0] != "keyward"}
    return Want(credential.ref.scope, credential.name, credential.restrictions, annotations, credential.bound_identity)


def _fingerprint(reach: Reach, provider: Provider, credential: Credential) -> tuple[str, int, tuple[Readiness, ...]]:
    """The key's fingerprint from its provider, else from the ledger; how many audited reads that took; what was in the way."""
    problem: tuple[Readiness, ...] = ()
    if Can.READ_VALUE in provider.can:
        try:
            value = provider.read_value(credential.ref, reach.ctx)
        except (SourceError, Gone, Refused) as error:
            permission = getattr(error, "permission", "")
            problem = (Readiness("read the key's value", Ready.NO, told(error), error.hint, permission),)
        else:
            return reach.fingerprints.fingerprint(value), 1, ()
    known = {row.fingerprint for row in reach.ledger.placements(credential=credential.id) if row.fingerprint}
    return (known.pop() if len(known) == 1 else ""), 0, problem


def _last_use(
    reach: Reach, provider: Provider, credential: Credential, usage: dict[tuple[str, str], UsageReport]
) -> LastUse:
    if Can.USAGE not in provider.can:
        return UNSUPPORTED
    scope = (credential.ref.provider, credential.ref.scope)
    if scope not in usage:
        usage[scope] = provider.usage(credential.ref.scope, reach.ctx.now - USAGE_WINDOW, reach.ctx)
    return usage[scope].last_use(credential.uid, credential.created)


def _under_way(reach: Reach, credential: str) -> OpenRotation | None:
    """The open rotation that this key belongs to, as the old key or as its successor."""
    for row in reach.ledger.rotations(open_only=True):
        if credential in (row.credential, successor_of(row)):
            return OpenRotation(row.id, row.state, row.waiting_on.value, row.why)
    return None


def successor_of(row: RotationRow) -> str:
    """The id of the key that a rotation made; empty before."""
    new = row.data.get("new")
    return str(new.get("id", "")) if isinstance(new, dict) else ""
