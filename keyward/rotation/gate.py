"""The gate before the old key goes: quiet, re-read everywhere, proved on a value that a target holds, pinned nowhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyward.ledger.records import RotationState, WaitingOn
from keyward.model.capability import Act, Can, CrashClass
from keyward.model.errors import Refused
from keyward.model.verdict import VerdictKind
from keyward.rotation.consumers.tell import reader_delay
from keyward.rotation.emergency import unstoppable
from keyward.rotation.foreign import HANDS_OFF
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.policy import Retire
from keyward.rotation.quiet import assess
from keyward.rotation.relay import needs_run
from keyward.rotation.reread import Found, reread
from keyward.rotation.stops import halted
from keyward.rotation.whose import taking_part, within_reach
from keyward.rotation.work import Work, told

STEP = "gate"
_SOON = 60.0


@dataclass(frozen=True, slots=True)
class Check:
    """One condition. When it does not hold: what it waits on, when to look again, which other hosts have to come."""

    name: str
    ok: bool
    evidence: str
    waived: bool = False
    waiting_on: WaitingOn = WaitingOn.PERSON
    until: datetime | None = None
    hosts: tuple[str, ...] = ()


def gate(work: Work) -> None:
    """Look at everything that must hold; open the gate, or stand still with the first reason."""
    if not passes(work):
        return
    if work.rotation.state is RotationState.OVERLAP and Can.DISABLE in work.provider.can:
        _disable(work)
        return
    work.happened(Happened(Kind.GATE_OPEN, work.ctx.now), STEP, evidence="every condition holds")


def passes(work: Work) -> bool:
    """Whether every condition holds now. What was found is on the trail; when not, the rotation stands still or is writing again."""
    if work.rotation.policy.retire is Retire.NEVER and not work.rotation.policy.old_gone:
        how = "retire it with `keyward revoke`"
        if work.rotation.crash is CrashClass.PERSON:
            how = f"delete it and say so with `keyward swap {work.rotation.old.id} --old-deleted`"
        why = f"the plan keeps the old key; {how} when you like"
        work.halt(WaitingOn.PERSON, why, kind=Kind.GATE_SHUT, step=STEP)
        return False
    for waiting_on, why, seconds in halted(work):
        work.halt(waiting_on, why, seconds=seconds, kind=Kind.GATE_SHUT, step=STEP)
        return False
    checks: list[Check] = []
    # Asked in the order of cost: what only time can change comes before reading values again.
    for check in _checks(work):
        checks.append(check)
        if check.waived:
            work.remark("waived", STEP, gate=check.name, why=check.evidence, reason=work.rotation.policy.reason)
        if work.rotation.state not in (RotationState.OVERLAP, RotationState.DISABLED, RotationState.RETIRING):
            return False  # a target had drifted, and is being written again
        if not check.ok and not check.waived:
            _shut(work, check)
            return False
    work.remark(STEP, STEP, conditions={check.name: check.evidence for check in checks})
    work.gate_passed = True
    return True


def _shut(work: Work, check: Check) -> None:
    seconds = None if check.until is None else max(1.0, (check.until - work.ctx.now).total_seconds())
    work.halt(check.waiting_on, check.evidence, seconds=seconds, kind=Kind.GATE_SHUT, step=STEP, hosts=check.hosts)


def _checks(work: Work) -> Iterator[Check]:
    if work.rotation.state is not RotationState.DISABLED:
        yield _quiet(work)
    found = reread(work)
    # A person who says that nothing may keep a leaked key alive says nothing about keys that somebody else wants left alone.
    any_how = unstoppable(work.rotation.policy)
    for item in found.problems:
        waived = item.waived or (any_how and item.name != HANDS_OFF)
        yield Check(item.name, False, item.why, waived, item.waiting_on, hosts=item.hosts)
    yield Check("re-read", True, f"{found.good} targets hold the new key; {found.looked}")
    if work.rotation.soak_until is not None and work.rotation.revoked is None:
        yield _still_off(work)
    yield _proof(work, found)


def _still_off(work: Work) -> Check:
    """Whoever switched the old key on again during its soak needs it."""
    old = work.rotation.old
    credential = work.look_up(old.ref)
    if credential is None or not credential.live:
        return Check("soak", True, "the old key stayed off")
    why = f"{old.id} was enabled again during its soak, so somebody needs it; undo this rotation, or disable the key again"
    return Check("soak", False, why)


def _quiet(work: Work) -> Check:
    rotation, now = work.rotation, work.ctx.now
    cutover = rotation.cutover or now
    policy = rotation.policy
    if rotation.crash is CrashClass.PERSON and Can.USAGE not in work.provider.can:
        seen = work.provider.usage(rotation.old.ref.scope, cutover, work.ctx).detail
        why = "a person deleted it" if policy.old_gone else "keyward sees no use of such keys; who deletes it looks"
        return Check("quiet", True, f"{why}{f' ({seen})' if seen else ''}")
    if policy.retire is Retire.NOW:
        return Check("quiet", False, "retire now: neither quiet nor retire_by was waited for", waived=True)
    report = work.provider.usage(rotation.old.ref.scope, cutover - timedelta(days=1), work.ctx)
    probes = work.reach.ledger.probes(rotation.old.id, cutover - timedelta(days=1))
    known = assess(
        report,
        rotation.old.uid,
        probes,
        cutover=cutover,
        reader_delay=reader_delay(work),
        quiet=work.provider.quiet if policy.quiet is None else policy.quiet,
        now=now,
    )
    if known.quiet:
        return Check("quiet", True, known.evidence)
    last_call = cutover + policy.retire_by
    choice = "retire now (--retire now), later, or never"
    if now >= last_call or (known.quiet is None and policy.interactive):
        return Check("quiet", False, f"{known.evidence}; a person decides: {choice}")
    until = min(known.until, last_call) if known.until else min(now + timedelta(days=1), last_call)
    return Check("quiet", False, known.evidence, waiting_on=WaitingOn.USE, until=until)


def _proof(work: Work, found: Found) -> Check:
    """Use the value that a target really holds."""
    if found.value is None:
        why = "no target's value could be read for a proof"
        others = tuple(one for one in taking_part(work.rotation) if one != work.reach.host)
        if others and not within_reach(work.rotation, work.reach.host):
            why = f"{why} here; it {needs_run(work, others)}"
            return Check("proof", False, why, waiting_on=WaitingOn.HOST, hosts=others)
        written = any(target.written for target in work.rotation.targets)
        waived = work.rotation.policy.accept_unread or (written and unstoppable(work.rotation.policy))
        return Check("proof", False, why, waived=waived)
    verdict = work.proved(found.value, work.new.ref, work.new.id, STEP)
    evidence = f"{verdict.kind.value}: {verdict.evidence} (value read from {found.value_at})"
    if verdict.alive:
        return Check("proof", True, evidence)
    if verdict.kind is VerdictKind.UNPROVED:
        return Check("proof", False, evidence, waived=work.rotation.policy.accept_unproved)
    if verdict.kind is VerdictKind.BLOCKED:
        return Check("proof", False, evidence, waiting_on=WaitingOn.BLOCKED)
    soon = work.ctx.now + timedelta(seconds=_SOON)
    return Check("proof", False, evidence, waiting_on=WaitingOn.PROVIDER, until=soon)


def _disable(work: Work) -> None:
    """Where a key can be switched off without being deleted, that comes first, for a soak."""
    old = work.rotation.old
    until = work.ctx.now + work.rotation.policy.soak
    work.intend("disable", f"disable {old.id}")
    try:
        work.provider.act(Act.DISABLE, old.ref, work.ctx)
    except Refused as error:
        work.halt(WaitingOn.REFUSED, told(error), step="disable")
        return
    work.happened(Happened(Kind.DISABLED, work.ctx.now, until=until), "disable", soak_until=until)
