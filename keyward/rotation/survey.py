"""Reading the world for a plan: provider, usage, every known place, now. Nothing is written, the cache is not asked."""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from keyward.ledger.records import RotationRow, RotationState
from keyward.model.capability import Act, Can, CrashClass, Readiness, Ready
from keyward.model.credential import Credential, State
from keyward.model.errors import Gone, Refused, SourceError
from keyward.model.ids import CredentialRef
from keyward.model.placement import Role
from keyward.model.usage import UNSUPPORTED, LastUse, UsageReport, UseStatus
from keyward.providers.interface import Provider, Want
from keyward.rotation.consumers.tell import announced
from keyward.rotation.destination import added
from keyward.rotation.facts import Facts, Home, KeyAsRead, OpenRotation
from keyward.rotation.foreign import hands_off, owners
from keyward.rotation.home import find_home
from keyward.rotation.into import misfits, wanted
from keyward.rotation.places import place_of
from keyward.rotation.policy import Policy
from keyward.rotation.reach import Coverage, Reach
from keyward.rotation.seen import seen
from keyward.rotation.state import KeyFacts
from keyward.rotation.stops import paused
from keyward.rotation.survey_places import glance, read_places
from keyward.rotation.work import told

USAGE_WINDOW = timedelta(days=42)
"""How far back a plan asks for use; what the record really reaches is said with the answer."""


def survey(reach: Reach, keys: Iterable[CredentialRef], policy: Policy, *, workers: int = 1) -> Facts:
    """Everything a plan for these keys needs, as it is now. A key that cannot be read is a fact too, not an error.

    Args:
        reach: the world.
        keys: which keys.
        policy: how they are to be rotated.
        workers: how many keys are read at once.

    Raises:
        NotConfigured: a provider is not available here.
        Interrupted: cancelled.
    """
    usage, asked = _Usage(reach), tuple(keys)
    with ThreadPoolExecutor(max(1, min(workers, len(asked))), thread_name_prefix="survey") as pool:
        # First every key with its known places, then the look for copies, which then asks about the rest only.
        begun = list(pool.map(lambda ref: _begin(reach, ref, policy), asked))
        read = list(pool.map(lambda one: one if isinstance(one, KeyAsRead) else _key(reach, one, policy, usage), begun))
    about = (reach.actor, reach.identity, reach.world, reach.host, reach.endpoints, reach.terraform.files)
    return Facts(reach.ctx.now, tuple(read), *about)


class _Usage:
    """The use of each scope, asked once."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._lock = threading.Lock()
        self._asking: dict[tuple[str, str], threading.Lock] = {}
        self._known: dict[tuple[str, str], UsageReport] = {}

    def of(self, provider: Provider, ref: CredentialRef) -> UsageReport:
        """The report of the key's scope."""
        scope = (ref.provider, ref.scope)
        with self._lock:
            asking = self._asking.setdefault(scope, threading.Lock())
        with asking:
            if scope not in self._known:
                since = self._reach.ctx.now - USAGE_WINDOW
                self._known[scope] = provider.usage(ref.scope, since, self._reach.ctx)
            return self._known[scope]


@dataclass(frozen=True, slots=True)
class _Begun:
    """A key as its provider has it, before it is looked for anywhere."""

    credential: Credential
    want: Want
    crash: CrashClass
    fingerprint: str
    readiness: tuple[Readiness, ...]
    reads: int


def _begin(reach: Reach, ref: CredentialRef, policy: Policy) -> _Begun | KeyAsRead:
    reach.ctx.check()
    provider = reach.provider(ref)
    try:
        credential = reach.sightings.key(ref, lambda: provider.get(ref, reach.ctx))
        want = wanted(credential, policy.into)
        readiness = tuple(provider.preflight(want, reach.ctx))
        crash = provider.crash_for(want, reach.ctx)
    except (SourceError, Gone, Refused) as error:
        return KeyAsRead(str(ref), problem=told(error), under_way=_under_way(reach, str(ref)))
    fingerprint, reads, unreadable = _fingerprint(reach, provider, credential, policy)
    credential = replace(credential, fingerprint=fingerprint or None, first_seen=_first_seen(reach, credential))
    glance(reach, credential)
    return _Begun(credential, want, crash, fingerprint, (*readiness, *unreadable), reads)


def _key(reach: Reach, begun: _Begun, policy: Policy, usage: _Usage) -> KeyAsRead:
    credential, want, crash, fingerprint = begun.credential, begun.want, begun.crash, begun.fingerprint
    ref, provider = credential.ref, reach.provider(credential.ref)
    # Only a key whose value is known can be looked for, and every look costs reads.
    coverage = reach.look(credential) if fingerprint else Coverage()
    known = read_places(reach, credential, coverage, policy)
    places = announced(reach, added(reach, credential, known, policy))
    last_use = _last_use(provider, credential, usage)
    return KeyAsRead(
        id=str(ref),
        credential=credential,
        facts=KeyFacts.of(credential, fingerprint),
        want=want,
        crash=crash,
        quiet=provider.quiet,
        home=Home() if crash is CrashClass.NAMED else find_home(reach, policy, places),
        can=tuple(sorted(can.value for can in provider.can)),
        readiness=begun.readiness,
        last_use=last_use,
        places=places,
        sources=coverage.sources,
        under_way=_under_way(reach, str(ref)) or _ended(reach, credential),
        hands_off=hands_off({}, credential.annotations),
        paused=_paused(reach, KeyFacts.of(credential)),
        dead_after=provider.dead_after(credential),
        by_hand=(provider.by_hand(None, ref), provider.by_hand(Act.REVOKE, ref)),
        audited_reads=begun.reads + sum(place.audited for place in places),
        misfits=tuple(misfits(credential, policy.into)),
        tolerate=tuple(provider.tolerate(credential, want, _used(provider, credential, usage))),
        foreign=tuple(owners(credential, reach.terraform)),
        seen=tuple(seen(reach.ledger, credential.id, places)) if policy.emergency else (),
    )


def _fingerprint(
    reach: Reach, provider: Provider, credential: Credential, policy: Policy
) -> tuple[str, int, tuple[Readiness, ...]]:
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
    found, differ = _remembered(reach, credential, policy)
    return found, 0, (*problem, *differ)


def _remembered(reach: Reach, credential: Credential, policy: Policy) -> tuple[str, tuple[Readiness, ...]]:
    """The fingerprint that the ledger knows: what keyward itself wrote, else what readers get; places with different ones prove nothing."""
    rows = [row for row in reach.ledger.placements(credential=credential.id) if row.fingerprint]
    rows = [row for row in rows if not policy.waives(str(place_of(row).current), str(place_of(row).secret))]
    current = [row for row in rows if row.role != Role.OLD]
    rows = [row for row in rows if row.written_by] or current or rows
    known = {row.fingerprint for row in rows}
    if len(known) <= 1:
        return "".join(known), ()
    why = f"different values stand for it in {', '.join(sorted({str(place_of(row).current) for row in rows}))}"
    fix = "Put the right one there and scan, or leave the wrong one out with --waive PLACE."
    return "", (Readiness("tell the key's value", Ready.NO, why, fix),)


def _first_seen(reach: Reach, credential: Credential) -> datetime | None:
    """When a key that nobody dates was first seen in any place: it is at least that old."""
    if credential.created is not None or credential.first_seen is not None:
        return credential.first_seen
    rows = reach.ledger.placements(credential=credential.id, include_gone=True)
    return min((row.first_seen for row in rows if row.first_seen is not None), default=None)


def _last_use(provider: Provider, credential: Credential, usage: _Usage) -> LastUse:
    if Can.USAGE not in provider.can:
        return UNSUPPORTED
    return usage.of(provider, credential.ref).last_use(credential.uid, credential.created, off=credential.off)


def _used(provider: Provider, credential: Credential, usage: _Usage) -> dict[str, int] | None:
    """The services that the key was lately used for, with how many calls; None when that is not known."""
    if Can.USAGE not in provider.can:
        return None
    report = usage.of(provider, credential.ref)
    if report.status is not UseStatus.USED or not report.complete:
        return None
    found: dict[str, int] = {}
    for bucket in report.by_key.get(credential.uid, ()):
        if bucket.count > 0 and bucket.service:
            found[bucket.service] = found.get(bucket.service, 0) + bucket.count
    return found


def _paused(reach: Reach, key: KeyFacts) -> str:
    pause = paused(reach, key)
    return "" if pause is None else pause.said


def _under_way(reach: Reach, credential: str) -> OpenRotation | None:
    """The open rotation that this key belongs to, as the old key or as its successor."""
    for row in reach.ledger.rotations(open_only=True):
        if credential in (row.credential, successor_of(row)):
            return OpenRotation(row.id, row.state, row.waiting_on.value, row.why, credential != row.credential)
    return None


def _ended(reach: Reach, credential: Credential) -> OpenRotation | None:
    """The rotation that replaced a key which is off: who asks for one a moment after somebody else finds it done."""
    if credential.state not in (State.RESTORABLE, State.DELETED):
        return None
    newest = next(iter(reach.ledger.rotations(credential=credential.id)), None)
    if newest is None or newest.state is not RotationState.DONE:
        return None
    return OpenRotation(newest.id, newest.state, "", "", successor=False)


def successor_of(row: RotationRow) -> str:
    """The id of the key that a rotation made; empty before."""
    new = row.data.get("new")
    return str(new.get("id", "")) if isinstance(new, dict) else ""
