"""Every known place of a key, read again now: what it holds, who accepted it, who else owns it, whether it is NEW."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from keyward.ledger.records import PlacementRow, TargetRow
from keyward.model.capability import Can
from keyward.model.credential import Credential
from keyward.model.errors import Gone, Refused, SourceError
from keyward.model.ids import PlacementRef, SecretRef
from keyward.model.placement import Placement, Role
from keyward.model.secretinfo import Payload, SecretInfo, VersionState
from keyward.rotation.allowed import ALLOWED, allowed, allowed_elsewhere
from keyward.rotation.facts import PlaceFacts
from keyward.rotation.foreign import hands_off, owner, rotator
from keyward.rotation.places import Holds, form_of, holds, id_at, place_of
from keyward.rotation.policy import Policy
from keyward.rotation.reach import Coverage, Reach
from keyward.rotation.slot import pending
from keyward.rotation.state import KeyFacts
from keyward.rotation.torn import torn
from keyward.rotation.whose import FRESH, LONG_AGO
from keyward.rotation.work import told

_WANTED = frozenset({Can.READ, Can.WRITE})


@dataclass(slots=True)
class _Known:
    """What is known of one part of one secret on one host before it is read."""

    place: PlacementRef
    host: str
    rows: list[PlacementRow]
    fresh: bool = False

    @property
    def alive(self) -> bool:
        """Whether it may hold the key still: somebody saw it there and nobody saw it gone."""
        return self.fresh or any(row.gone is None for row in self.rows)


@dataclass(frozen=True, slots=True)
class _Word:
    """Who accepts places: this plan's policy, what was accepted before, and what other hosts say that their settings allow."""

    policy: Policy
    accepted: Mapping[str, TargetRow]
    elsewhere: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Read:
    """One secret as it is now, read once for all its parts."""

    info: SecretInfo | None = None
    payload: Payload | None = None
    problem: str = ""
    gone: bool = False


def glance(reach: Reach, credential: Credential) -> None:
    """Read the places in clouds where the key is known to be, so that a look for copies need not ask about them again."""
    rows = reach.ledger.placements(credential=credential.id)
    secrets = {place_of(row).secret for row in rows if row.role != Role.OLD and not row.host}
    for secret in sorted(secrets):
        if not pending(reach.ledger, secret):
            with suppress(Gone, Refused, SourceError):  # whoever needs it reads it again, and says what is wrong
                reach.read(secret)


def read_places(reach: Reach, credential: Credential, coverage: Coverage, policy: Policy) -> tuple[PlaceFacts, ...]:
    """Every place of this key that the ledger knows or the fresh look found, as it is now."""
    rows = reach.ledger.placements(credential=credential.id, include_gone=True)
    began = _last_began(reach, credential.id, rows)
    read: dict[SecretRef, _Read] = {}
    found = []
    for known in _merged(rows, coverage.placements):
        if known.alive and not pending(reach.ledger, known.place.secret):
            place = _place(reach, credential, known, read, coverage)
            if place is not None:
                found.append((place, known))
    accepted = reach.ledger.targets([place.at for place, _ in found])
    elsewhere = allowed_elsewhere(reach.ledger) if any(not place.here for place, _ in found) else {}
    word = _Word(policy, accepted, elsewhere)
    judged = (_judged(place, known, began, word) for place, known in found)
    return tuple(sorted(judged, key=lambda place: (place.at, place.host)))


def _merged(rows: Sequence[PlacementRow], fresh: Sequence[Placement]) -> list[_Known]:
    """One entry for each (secret, part, host), whatever versions were seen."""
    merged: dict[tuple[str, str, str], _Known] = {}
    for row in rows:
        place = place_of(row).current
        known = merged.setdefault((str(place.secret), place.part, row.host), _Known(place, row.host, []))
        known.rows.append(row)
    for placement in fresh:
        place = placement.at.current
        known = merged.setdefault((str(place.secret), place.part, placement.host), _Known(place, placement.host, []))
        known.fresh = True
    return list(merged.values())


def _place(
    reach: Reach, credential: Credential, known: _Known, read: dict[SecretRef, _Read], coverage: Coverage
) -> PlaceFacts | None:
    """The place as it is now; None when its secret is no more, or holds the key only as an old version that nobody points at."""
    place, secret = known.place, known.place.secret
    here = not known.host or known.host == reach.host
    facts = PlaceFacts(
        str(place), str(secret), place.part, secret.store, secret.scope, host=known.host, here=here, new=False
    )
    if not here:
        return _elsewhere(reach, credential, known, facts)
    if secret not in read:
        read[secret] = _read(reach, secret, coverage)
    now = read[secret]
    if now.gone:
        return None
    store = reach.store(secret)
    facts = replace(facts, audited=Can.LOCAL not in store.can, versions=Can.VERSIONS in store.can)
    if now.info is not None:
        facts = _about(facts, now.info, reach, credential, known)
    if now.payload is None:
        return replace(facts, problem=now.problem)
    facts = _holding(facts, now.payload, reach, KeyFacts.of(credential))
    if facts.holds is Holds.OLD:
        return replace(facts, readiness=tuple(store.preflight(secret, _WANTED, reach.ctx, now.info)))
    return facts if facts.pins or facts.holds is None else None


def _holding(facts: PlaceFacts, payload: Payload, reach: Reach, key: KeyFacts) -> PlaceFacts:
    """The place with what it holds now, and where; holding nothing that could be replaced when the key is torn there."""
    held = holds(payload, facts.part, reach.fingerprints, old=key)
    facts = replace(facts, version=payload.version, form=form_of(payload, facts.part), holds=held)
    found = torn(payload, facts.part, key, held)
    if found is not None:
        return replace(facts, holds=None, problem=found[0], fix=found[1])
    beside = id_at(payload, facts.part) if key.pair_id else None
    return replace(facts, beside=beside.name if beside is not None else "")


def _elsewhere(reach: Reach, credential: Credential, known: _Known, facts: PlaceFacts) -> PlaceFacts | None:
    """A place that only its own host can read, as that host read it last; None when it holds the key only as an old version there."""
    rows = [row for row in known.rows if row.gone is None and row.role != Role.OLD]
    if not rows:
        return None
    newest = max(rows, key=lambda row: row.last_read or LONG_AGO)
    facts = replace(facts, version=newest.version, last_read=newest.last_read)
    if newest.last_read is None or reach.ctx.now - newest.last_read > FRESH:
        when = f"at {newest.last_read:%Y-%m-%d %H:%M} UTC" if newest.last_read else "at a time that is not known"
        return replace(facts, problem=f"was last read {when}, and must have been read within 24 h")
    if not credential.fingerprint or newest.fingerprint != credential.fingerprint:
        return replace(
            facts,
            problem=f"was found by the key's id alone; only {known.host} can tell whether the key lies there as it should",
        )
    return replace(facts, holds=Holds.OLD)


def _read(reach: Reach, secret: SecretRef, coverage: Coverage) -> _Read:
    listed, info = coverage.info(secret), None
    try:
        info = listed or reach.store(secret).get(secret, reach.ctx, versions=False)
        payload = reach.read_or_seen(secret)
        if listed is not None and listed.current != payload.version:  # it changed since it was listed
            info = reach.store(secret).get(secret, reach.ctx, versions=False)
        # What was read is what is current; a list of all versions would tell no more that is of use here.
        return _Read(replace(info, current=info.current or payload.version), payload)
    except Gone:
        return _Read(gone=True)
    except (SourceError, Refused) as error:
        return _Read(info, problem=f"cannot be read now: {told(error)}")


def _about(facts: PlaceFacts, info: SecretInfo, reach: Reach, credential: Credential, known: _Known) -> PlaceFacts:
    aliases = tuple(sorted(name for name, version in info.aliases.items() if version == info.current))
    others = {name: version for name, version in info.aliases.items() if version != info.current}
    return replace(
        facts,
        aliases=aliases,
        pins=tuple(sorted(_pins(reach, credential, known, info, others))),
        foreign=reach.terraform.secret(info.ref) or owner(info.labels, info.annotations) or rotator(info),
        hands_off=hands_off(info.labels, info.annotations),
        unsafe=info.unsafe,
    )


def _pins(
    reach: Reach, credential: Credential, known: _Known, info: SecretInfo, others: dict[str, str]
) -> list[tuple[str, str]]:
    """Aliases that point at an older version which holds this key."""
    pins = []
    for alias, version in others.items():
        state = info.version(version)
        if state is not None and state.state is not VersionState.ENABLED:
            continue
        if any(row.version == version and row.gone is None for row in known.rows):
            pins.append((alias, version))
            continue
        try:
            payload = reach.store(info.ref).read(info.ref, reach.ctx, version)
        except (Gone, Refused, SourceError):
            continue
        if holds(payload, known.place.part, reach.fingerprints, old=KeyFacts.of(credential)) is Holds.OLD:
            pins.append((alias, version))
    return pins


def _judged(
    place: PlaceFacts,
    known: _Known,
    began: datetime | None,
    word: _Word,
) -> PlaceFacts:
    """Whether it is NEW, and whether a person accepted it."""
    seen = [row.first_seen for row in known.rows if row.first_seen is not None]
    written = any(row.written_by for row in known.rows)
    first = min(seen, default=None)
    new = began is not None and not written and (first is None or first > began)
    place = replace(place, new=new, first_seen=first)
    how = _how(place, word)
    return replace(place, accepted=bool(how), how=how)


def _how(place: PlaceFacts, word: _Word) -> str:
    policy, row = word.policy, word.accepted.get(place.at)
    if row is not None and row.on(place.host):
        return f"accepted by {row.actor} on {row.at:%Y-%m-%d} ({row.how})"
    if not place.here:  # nobody here can accept it
        told = not place.new and allowed(word.elsewhere.get(place.host, ()), place.at, place.secret)
        return f"{ALLOWED} of {place.host}" if told else ""
    if place.at in policy.accept_target or place.secret in policy.accept_target:
        return "accepted now by name"
    # NEW is never accepted in bulk: neither by a pattern of the settings nor by "all".
    if not place.new and allowed(policy.allow, place.at, place.secret):
        return ALLOWED
    ours = not (place.new or place.foreign or place.hands_off or place.unsafe)
    return "accepted now with all that are not NEW" if policy.accept_targets and ours else ""


def _last_began(reach: Reach, credential: str, rows: Sequence[PlacementRow]) -> datetime | None:
    """When the key's last rotation began: the one that made it, or one of its own that got as far as writing everywhere."""
    written = {row.written_by for row in rows if row.written_by}
    makers = (reach.ledger.rotation(rotation_id) for rotation_id in written)
    rotations = [row for row in makers if row is not None]
    rotations.extend(row for row in reach.ledger.rotations(credential=credential) if row.data.get("cutover"))
    return max((row.created for row in rotations if row.created is not None), default=None)
