"""Reading what a plan for an act needs: the key, its use, every known place, now. Nothing is changed anywhere."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from keyward.ledger.records import RotationState
from keyward.model.capability import Can, CrashClass
from keyward.model.credential import Credential
from keyward.model.errors import Gone, NotConfigured, Refused, SourceError
from keyward.model.ids import CredentialRef
from keyward.model.usage import UseStatus
from keyward.providers.interface import Provider
from keyward.rotation.acts.trail import unfinished
from keyward.rotation.acts.wish import Wish
from keyward.rotation.facts import KeyAsRead
from keyward.rotation.policy import Policy
from keyward.rotation.quiet import foreign_use
from keyward.rotation.reach import Reach
from keyward.rotation.survey import successor_of, survey

IsProduction = Callable[[Credential], bool]


class InUse(StrEnum):
    """Whether somebody uses a key, as far as its provider's record shows."""

    YES = "in use"
    NO = "not seen in use"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ActFacts:
    """One key as it was just read.

    `in_use` and `used` (UTC, the end of the last hour or day that was counted) leave out keyward's own tries. `needs` are the permissions
    that the act takes. `by_hand` says what a person has to do where keyward cannot. `replaced` is (rotation, successor) of a key that a
    rotation replaced. `unfinished` is an act that was begun earlier and of which nobody knows the end. `gone`
    says that its provider has no such key (any more).
    """

    key: KeyAsRead
    in_use: InUse = InUse.UNKNOWN
    used: datetime | None = None
    needs: frozenset[str] = frozenset()
    checks_usage: bool = False
    by_hand: str = ""
    replaced: tuple[str, str] = ("", "")
    unfinished: str = ""
    production: bool = False
    gone: bool = False


def read(
    reach: Reach, keys: Iterable[CredentialRef], wish: Wish, policy: Policy, is_production: IsProduction
) -> tuple[ActFacts, ...]:
    """Everything a plan for this act on these keys needs, as it is now.

    Raises:
        NotConfigured: a provider is not available here.
        Interrupted: cancelled.
    """
    return tuple(_facts(reach, key, wish, is_production) for key in survey(reach, keys, policy).keys)


def _facts(reach: Reach, key: KeyAsRead, wish: Wish, is_production: IsProduction) -> ActFacts:
    ref = CredentialRef.parse(key.id)
    if key.credential is None:
        return ActFacts(key, unfinished=unfinished(reach.ledger, key.id), gone=_gone(reach, ref))
    provider = reach.provider(ref)
    in_use, used = _use(reach, provider, key, key.credential) if wish.ends else (InUse.UNKNOWN, None)
    return ActFacts(
        key,
        in_use,
        used,
        needs=provider.needs(wish.act),
        checks_usage=Can.USAGE_CHECK in provider.can,
        by_hand=provider.by_hand(wish.act, ref) if key.crash is CrashClass.PERSON else "",
        replaced=_replaced(reach, key.id),
        unfinished=unfinished(reach.ledger, key.id),
        production=is_production(key.credential),
    )


def _gone(reach: Reach, ref: CredentialRef) -> bool:
    """Whether a key that cannot be read is no more."""
    try:
        reach.provider(ref).get(ref, reach.ctx)
    except Gone:
        return True
    except (NotConfigured, SourceError, Refused):
        pass
    return False


def _use(reach: Reach, provider: Provider, key: KeyAsRead, credential: Credential) -> tuple[InUse, datetime | None]:
    """Whether others used it within the time that its provider's record needs to be silent."""
    known, since = key.last_use, reach.ctx.now - key.quiet
    if known.status is UseStatus.NEVER:
        return InUse.NO, None
    if known.status is UseStatus.NOT_SEEN:
        deep = known.window_days is not None and known.window_days >= key.quiet.days
        return (InUse.NO if deep else InUse.UNKNOWN), None
    if known.status is not UseStatus.USED or known.at is None:
        return InUse.UNKNOWN, None
    if known.at <= since:
        return InUse.NO, known.at
    last = _by_others(reach, provider, credential, known.at, since)
    return (InUse.NO if last is None else InUse.YES), last


def _by_others(
    reach: Reach, provider: Provider, credential: Credential, seen: datetime, since: datetime
) -> datetime | None:
    """When others used it last since then; what was seen counts as theirs where the record cannot tell."""
    own = reach.ledger.probes(credential.id, since)
    if not own:
        return seen
    report = provider.usage(credential.ref.scope, since, reach.ctx)
    if report.status is not UseStatus.USED or not report.complete:
        return seen
    return foreign_use(report, credential.uid, own, since)[0]


def _replaced(reach: Reach, key: str) -> tuple[str, str]:
    """The rotation that replaced this key, and its successor; empty when none did."""
    for row in reach.ledger.rotations(credential=key):
        if row.state is RotationState.DONE:
            return row.id, successor_of(row)
    return "", ""
