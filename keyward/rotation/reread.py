"""Reading every known place of the old key again, now, before it goes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from keyward.ledger.records import PlacementRow, RotationState, WaitingOn
from keyward.model.capability import Act
from keyward.model.credential import Credential
from keyward.model.errors import Gone, Refused, SourceError
from keyward.model.ids import SecretRef
from keyward.model.placement import Role
from keyward.model.secret import Secret
from keyward.model.secretinfo import Payload
from keyward.rotation.foreign import hands_off
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.pins import KEEPS, Problem, held, pins
from keyward.rotation.places import Holds, place_of, row_of, value_at
from keyward.rotation.reach import Coverage
from keyward.rotation.relay import needs_run
from keyward.rotation.slot import pending
from keyward.rotation.state import Target, TargetStatus
from keyward.rotation.whose import FRESH, given_up, reaches, taking_part, to_read, within_reach
from keyward.rotation.work import Work, told


@dataclass(slots=True)
class Found:
    """What re-reading found. `value` is the new key's value as one target holds it, `value_at` that target."""

    problems: list[Problem] = field(default_factory=list)
    good: int = 0
    value: Secret | None = None
    value_at: str = ""
    looked: str = ""


def reread(work: Work) -> Found:
    """Read every target, every other known place and every place that a fresh look finds; of other hosts' places what those read last.

    A target that went back to the old key is put down as drifted: the machine is writing again afterwards.
    """
    found = Found()
    payloads: dict[SecretRef, Payload | Problem] = {}
    here = work.reach.host
    for target in work.rotation.targets:
        if not reaches(here, target):
            _told(work, target, found)
        elif not _target(work, target, payloads, found):
            return found
    if not any(one for one in found.problems if not one.waived) and to_read(work.rotation, here):
        _put_down(work)
    # What was known before the look: a look may write what it finds into the ledger.
    known = work.reach.ledger.placements(credential=work.rotation.old.id)
    rows = [row for row in known if row.role != Role.OLD]
    others = tuple(_others(work, rows, payloads))
    coverage, copies = _fresh(work, rows, found)
    found.problems.extend((*pins(work, known, coverage), *others, *copies))
    return found


def read_own(work: Work) -> None:
    """Read this host's own places, of which the other hosts know only what is put down here, and look for copies of the old key.

    One that went back to the old key is put down as drifted, one that holds something else as in trouble: then it stands still.
    """
    found, payloads = Found(), dict[SecretRef, Payload | Problem]()
    for target in to_read(work.rotation, work.reach.host):
        if not _target(work, target, payloads, found):
            return
        problem = next((one for one in found.problems if not one.waived), None)
        if problem is not None:
            why = f"{target.named}: {problem.why}"
            if target.why != problem.why:  # said once, not at every tick
                event = Happened(Kind.READ, work.ctx.now, target=replace(target, read=None, why=problem.why))
                work.happened(event, "re-read", target=target.at, ok=False, evidence=problem.why)
            work.halt(problem.waiting_on, why, step="re-read")
            return
    _put_down(work)
    credential = work.look_up(work.rotation.old.ref)
    if credential is not None:  # what it finds comes into the ledger, where whoever looks before the end sees it
        work.reach.look(replace(credential, fingerprint=work.rotation.old.fingerprint))


def _put_down(work: Work) -> None:
    """Put down that this host's own places hold the new key now."""
    now, new = work.ctx.now, work.new
    own = to_read(work.rotation, work.reach.host)
    rows = [row_of(one, new, one.after, role="current", at=now, written_by=work.rotation.id) for one in own]
    event = Happened(Kind.READ, now, host=work.reach.host)
    evidence = f"read on {work.reach.host}: {', '.join(one.at for one in own)}"
    work.happened(event, "re-read", placements=rows, evidence=evidence)


def _told(work: Work, target: Target, found: Found) -> None:
    """What another host read last in a place that it alone can read."""
    rotation = work.rotation
    waived = rotation.waives(target)
    if given_up(rotation, target):
        found.problems.append(Problem("given up", f"{target.named} {target.why}", waived=True))
    elif target.status is TargetStatus.UNREAD:
        why = f"{target.named} was written and could not be read back"
        found.problems.append(Problem("re-read", why, waived or rotation.policy.accept_unread, WaitingOn.BLOCKED))
    elif target.read is not None and work.ctx.now - target.read <= FRESH:
        found.good += 1
    elif target.why:
        found.problems.append(Problem("re-read", f"{target.named}: {target.why}", waived, WaitingOn.CONFLICT))
    else:
        why = f"{target.named} was not read within 24 h and {needs_run(work, (target.host,))}"
        found.problems.append(Problem("re-read", why, waived, WaitingOn.HOST, (target.host,)))


def _read(work: Work, secret: SecretRef, payloads: dict[SecretRef, Payload | Problem]) -> Payload | Problem:
    if secret not in payloads:
        try:
            payloads[secret] = work.reach.read_or_seen(secret)
        except (Refused, SourceError) as error:
            why = f"{secret} cannot be read now: {told(error)}"
            payloads[secret] = Problem("re-read", why, waiting_on=WaitingOn.BLOCKED)
        except Gone as error:
            why = f"{secret} is not there any more: {told(error)}"
            payloads[secret] = Problem("gone", why, waiting_on=WaitingOn.PERSON)
    return payloads[secret]


def _target(work: Work, target: Target, payloads: dict[SecretRef, Payload | Problem], found: Found) -> bool:
    """Read one target; False when it had drifted back to the old key."""
    policy = work.rotation.policy
    if given_up(work.rotation, target):
        found.problems.append(Problem("given up", f"{target.at} {target.why}", waived=True))
        return True
    waived = work.rotation.waives(target)
    payload = _read(work, target.secret, payloads)
    if isinstance(payload, Problem):
        if target.status is TargetStatus.UNREAD:
            waived = waived or policy.accept_unread
            way_out = f"keyward resume {work.rotation.id} --accept-unread"
            payload = replace(payload, why=f"{payload.why}; it was written; let it be read, or do without: {way_out}")
        found.problems.append(replace(payload, waived=waived))
        return True
    holding = held(work, payload, target.place.part)
    if holding is Holds.NEW:
        found.good += 1
        if found.value is None:
            found.value, found.value_at = value_at(payload, target.place.part), target.at
    elif holding is Holds.OLD:
        if work.rotation.state is RotationState.DISABLED:
            # Somebody reads a key that is off: on again first, then written again.
            work.intend("enable", f"enable {work.rotation.old.id} again: {target.at} holds it", target=target.at)
            work.provider.act(Act.ENABLE, work.rotation.old.ref, work.ctx)
        again = replace(target, status=TargetStatus.TODO, moved=(), why="it went back to the old key")
        event = Happened(Kind.DRIFTED, work.ctx.now, target=again)
        work.happened(event, "drift", target=target.at, ok=False, evidence="it holds the old key again")
        return False
    else:
        why = f"{target.at} holds {holding.value} by now"
        found.problems.append(Problem("re-read", why, waived, WaitingOn.CONFLICT))
    return True


def _others(
    work: Work, rows: Sequence[PlacementRow], payloads: dict[SecretRef, Payload | Problem]
) -> Iterator[Problem]:
    """Places that the ledger knows to hold the old key and that are no targets of this rotation."""
    mine = {(target.secret, target.place.part, target.host) for target in work.rotation.targets}
    for row in rows:
        place = place_of(row)
        if (place.secret, row.part, row.host) in mine or pending(work.reach.ledger, place.secret):
            continue
        names = (str(place.current), str(place.secret), str(place), f"{place.current} on {row.host}")
        waived = work.rotation.policy.waives(*names)
        if row.host and row.host != work.reach.host:
            yield replace(_elsewhere(work, row), waived=waived)
            continue
        payload = _read(work, place.secret, payloads)
        if isinstance(payload, Problem):
            # What was moved or removed holds the old key no more, as the plan said too; a copy elsewhere is for the fresh look to find.
            if payload.name != "gone":
                yield replace(payload, waived=waived)
        elif held(work, payload, row.part) in KEEPS:
            yield Problem("re-read", f"{place.current} still holds the old key and is no target", waived)


def _elsewhere(work: Work, row: PlacementRow) -> Problem:
    place = f"{place_of(row).current} on host {row.host}"
    if row.last_read is not None and work.ctx.now - row.last_read <= FRESH:
        return Problem("another host", f"{place} still held the old key when that host looked")
    why = f"{place} was not read again within 24 h; run keyward there"
    if row.host in taking_part(work.rotation):
        return Problem("another host", why, waiting_on=WaitingOn.HOST, hosts=(row.host,))
    return Problem("another host", why)


def _fresh(work: Work, rows: Sequence[PlacementRow], found: Found) -> tuple[Coverage, tuple[Problem, ...]]:
    """A fresh look, and what it found: copies of the old key that nobody knew of."""
    old = work.rotation.old.ref
    credential = work.reach.sightings.key_just_now(old) or work.look_up(old)
    if credential is None:
        found.looked = "no fresh look: the old key is no more"
        return Coverage(), ()
    work.seen = credential
    credential = replace(credential, fingerprint=work.rotation.old.fingerprint)
    coverage = work.reach.look(credential)
    return coverage, tuple(_copies(work, rows, found, credential, coverage))


def _copies(
    work: Work, rows: Sequence[PlacementRow], found: Found, credential: Credential, coverage: Coverage
) -> Iterator[Problem]:
    if hands_off({}, credential.annotations):
        yield Problem("hands-off", f"{credential.id} carries keyward=hands-off")
    found.looked = f"a fresh look at {sum(report.looked for report in coverage.sources)} payloads"
    known = {(target.secret, target.place.part) for target in within_reach(work.rotation, work.reach.host)}
    known |= {(place_of(row).secret, row.part) for row in rows if not row.host or row.host == work.reach.host}
    for placement in coverage.placements:
        if (
            placement.role is Role.OLD
            or pending(work.reach.ledger, placement.at.secret)
            or (placement.at.secret, placement.at.part) in known
        ):
            continue
        place = placement.at.current
        waived = work.rotation.policy.waives(str(place), str(place.secret), str(placement.at))
        yield Problem("new place", f"{place} holds the old key and was not known when this was planned", waived)
