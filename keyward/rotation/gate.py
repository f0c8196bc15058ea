"""The gate before the old key goes: quiet, re-read everywhere, proved on a value that a target holds, pinned nowhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyward.ledger.records import RotationState, WaitingOn
from keyward.model.capability import Act, Can
from keyward.model.errors import Refused, SourceError
from keyward.model.verdict import VerdictKind
from keyward.rotation.machine import Happened, Kind
from keyward.rotation.policy import Retire
from keyward.rotation.quiet import assess
from keyward.rotation.reread import Found, reread
from keyward.rotation.work import Work, told

STEP = "gate"
_SOON = 60.0


@dataclass(frozen=True, slots=True)
class Check:
    """One condition. When it does not hold: what it waits on, and when to look again."""

    name: str
    ok: bool
    evidence: str
    waived: bool = False
    waiting_on: WaitingOn = WaitingOn.PERSON
    until: datetime | None = None


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
    if work.rotation.policy.retire is Retire.NEVER:
        why = "the plan keeps the old key; retire it with `keyward revoke` when you like"
        work.halt(WaitingOn.PERSON, why, kind=Kind.GATE_SHUT, step=STEP)
        return False
    checks: list[Check] = []
    # Asked in the order of cost: what only time can change comes before reading values again.
    for check in _checks(work):
        checks.append(check)
        if check.waived:
            work.note("waived", STEP, gate=check.name, why=check.evidence, reason=work.rotation.policy.reason)
        if work.rotation.state not in (RotationState.OVERLAP, RotationState.DISABLED, RotationState.RETIRING):
            return False  # a target had drifted, and is being written again
        if not check.ok and not check.waived:
            _shut(work, check)
            return False
    work.note(STEP, STEP, conditions={check.name: check.evidence for check in checks})
    work.gate_passed = True
    return True


def _shut(work: Work, check: Check) -> None:
    seconds = None if check.until is None else max(1.0, (check.until - work.ctx.now).total_seconds())
    work.halt(check.waiting_on, check.evidence, seconds=seconds, kind=Kind.GATE_SHUT, step=STEP)


def _checks(work: Work) -> Iterator[Check]:
    if work.rotation.state is not RotationState.DISABLED:
        yield _quiet(work)
    found = reread(work)
    for item in found.problems:
        yield Check(item.name, False, item.why, item.waived, item.waiting_on)
    yield Check("re-read", True, f"{found.good} targets hold the new key; {found.looked}")
    yield _proof(work, found)


def _quiet(work: Work) -> Check:
    rotation, now = work.rotation, work.ctx.now
    cutover = rotation.cutover or now
    policy = rotation.policy
    if policy.retire is Retire.NOW:
        return Check("quiet", False, "retire now: neither quiet nor retire_by was waited for", waived=True)
    report = work.provider.usage(rotation.old.ref.scope, cutover - timedelta(days=1), work.ctx)
    probes = work.reach.ledger.probes(rotation.old.id, cutover - timedelta(days=1))
    known = assess(
        report,
        rotation.old.uid,
        probes,
        cutover=cutover,
        reader_delay=policy.reader_delay,
        quiet=policy.quiet,
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
        return Check("proof", False, why, waived=work.rotation.policy.accept_unread)
    verdict = work.probe(found.value, work.new.ref, work.new.id, STEP)
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
    except (Refused, SourceError) as error:
        work.halt(WaitingOn.REFUSED, told(error), step="disable")
        return
    work.happened(Happened(Kind.DISABLED, work.ctx.now, until=until), "disable", soak_until=until)
