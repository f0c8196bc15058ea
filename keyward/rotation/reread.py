"""Reading every known place of the old key again, now, before it goes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from keyward.ledger.records import PlacementRow, WaitingOn
from keyward.model.errors import Gone, Refused, SourceError
from keyward.model.ids import SecretRef
from keyward.model.placement import Role
from keyward.model.secret import Secret
from keyward.model.secretinfo import Payload
from keyward.rotation.machine import Happened, Kind
from keyward.rotation.pins import Problem, held, pins
from keyward.rotation.places import Holds, place_of, value_at
from keyward.rotation.state import Target, TargetStatus
from keyward.rotation.work import Work, told

FRESH = timedelta(hours=24)
"""How old another host's reading of its own places may be."""


@dataclass(slots=True)
class Found:
    """What re-reading found. `value` is the new key's value as one target holds it, `value_at` that target."""

    problems: list[Problem] = field(default_factory=list)
    good: int = 0
    value: Secret | None = None
    value_at: str = ""
    looked: str = ""


def reread(work: Work) -> Found:
    """Read every target, every other known place and every place that a fresh look finds.

    A target that went back to the old key is put down as drifted: the machine is writing again afterwards.
    """
    found = Found()
    payloads: dict[SecretRef, Payload | Problem] = {}
    for target in work.rotation.targets:
        if not _target(work, target, payloads, found):
            return found
    # What was known before the look: a look may write what it finds into the ledger.
    known = work.reach.ledger.placements(credential=work.rotation.old.id)
    found.problems.extend(pins(work, known))
    rows = [row for row in known if row.role != Role.OLD]
    found.problems.extend(_others(work, rows, payloads))
    found.problems.extend(_fresh(work, rows, found))
    return found


def _read(work: Work, secret: SecretRef, payloads: dict[SecretRef, Payload | Problem]) -> Payload | Problem:
    if secret not in payloads:
        try:
            payloads[secret] = work.reach.store(secret).read(secret, work.ctx)
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
    waived = policy.waives(target.at, str(target.secret))
    payload = _read(work, target.secret, payloads)
    if isinstance(payload, Problem):
        unread = target.status is TargetStatus.UNREAD and policy.accept_unread
        found.problems.append(replace(payload, waived=waived or unread))
        return True
    holding = held(work, payload, target.place.part)
    if holding is Holds.NEW:
        found.good += 1
        if found.value is None:
            found.value, found.value_at = value_at(payload, target.place.part), target.at
    elif holding is Holds.OLD:
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
        if (place.secret, row.part, row.host) in mine:
            continue
        waived = work.rotation.policy.waives(str(place.current), str(place.secret), str(place))
        if row.host and row.host != work.reach.host:
            yield Problem("another host", _elsewhere(work, row), waived)
            continue
        payload = _read(work, place.secret, payloads)
        if isinstance(payload, Problem):
            # What was moved or removed holds the old key no more, as the plan said too; a copy elsewhere is for the fresh look to find.
            if payload.name != "gone":
                yield replace(payload, waived=waived)
        elif held(work, payload, row.part) is Holds.OLD:
            yield Problem("re-read", f"{place.current} still holds the old key and is no target", waived)


def _elsewhere(work: Work, row: PlacementRow) -> str:
    place = place_of(row).current
    if row.last_read is not None and work.ctx.now - row.last_read <= FRESH:
        return f"{place} on host {row.host} still held the old key when that host looked"
    return f"{place} on host {row.host} was not read again within 24 h; run keyward there"


def _fresh(work: Work, rows: Sequence[PlacementRow], found: Found) -> Iterator[Problem]:
    """Copies of the old key that nobody knew of."""
    credential = work.look_up(work.rotation.old.ref)
    if credential is None:
        found.looked = "no fresh look: the old key is no more"
        return
    credential = replace(credential, fingerprint=work.rotation.old.fingerprint)
    coverage = work.reach.look(credential)
    found.looked = f"a fresh look at {sum(report.looked for report in coverage.sources)} payloads"
    known = {(target.secret, target.place.part) for target in work.rotation.targets}
    known |= {(place_of(row).secret, row.part) for row in rows if not row.host or row.host == work.reach.host}
    for placement in coverage.placements:
        if placement.role is Role.OLD or (placement.at.secret, placement.at.part) in known:
            continue
        place = placement.at.current
        waived = work.rotation.policy.waives(str(place), str(place.secret), str(placement.at))
        yield Problem("new place", f"{place} holds the old key and was not known when this was planned", waived)
