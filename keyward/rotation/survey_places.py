"""Every known place of a key, read again now: what it holds, who accepted it, who else owns it, whether it is NEW."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase

from keyward.ledger.records import PlacementRow, TargetRow
from keyward.model.capability import Can
from keyward.model.credential import Credential
from keyward.model.errors import Gone, Refused, SourceError
from keyward.model.ids import PlacementRef, SecretRef
from keyward.model.placement import Placement, Role
from keyward.model.secretinfo import Payload, SecretInfo, VersionState
from keyward.rotation.facts import PlaceFacts
from keyward.rotation.foreign import hands_off, owner, rotator
from keyward.rotation.places import Holds, form_of, holds, place_of
from keyward.rotation.policy import Policy
from keyward.rotation.reach import Reach
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
class _Read:
    """One secret as it is now, read once for all its parts."""

    info: SecretInfo | None = None
    payload: Payload | None = None
    problem: str = ""
    gone: bool = False


def read_places(
    reach: Reach, credential: Credential, fresh: Sequence[Placement], policy: Policy
) -> tuple[PlaceFacts, ...]:
    """Every place of this key that the ledger knows or the fresh look found, as it is now."""
    rows = reach.ledger.placements(credential=credential.id, include_gone=True)
    began = _last_began(reach, credential.id, rows)
    accepted = reach.ledger.targets()
    read: dict[SecretRef, _Read] = {}
    found = []
    for known in _merged(rows, fresh):
        if known.alive:
            place = _place(reach, credential, known, read)
            if place is not None:
                found.append(_judged(place, known, began, accepted, policy))
    return tuple(sorted(found, key=lambda place: (place.at, place.host)))


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


def _place(reach: Reach, credential: Credential, known: _Known, read: dict[SecretRef, _Read]) -> PlaceFacts | None:
    """The place as it is now; None when its secret is no more, or holds the key only as an old version that nobody points at."""
    place, secret = known.place, known.place.secret
    here = not known.host or known.host == reach.host
    facts = PlaceFacts(
        str(place), str(secret), place.part, secret.store, secret.scope, host=known.host, here=here, new=False
    )
    if not here:
        if all(row.role == Role.OLD for row in known.rows if row.gone is None):
            return None
        return replace(facts, problem=f"it is on host {known.host} and cannot be read from {reach.host}")
    if secret not in read:
        read[secret] = _read(reach, secret)
    now = read[secret]
    if now.gone:
        return None
    store = reach.store(secret)
    facts = replace(facts, audited=Can.LOCAL not in store.can, versions=Can.VERSIONS in store.can)
    if now.info is not None:
        facts = _about(facts, now.info, reach, credential, known)
    if now.payload is None:
        return replace(facts, problem=now.problem)
    held = holds(now.payload, place.part, reach.fingerprints, old=credential.fingerprint or "", new="")
    facts = replace(facts, version=now.payload.version, form=form_of(now.payload, place.part), holds=held)
    if held is not Holds.OLD:
        return facts if facts.pins else None
    return replace(facts, readiness=tuple(store.preflight(secret, _WANTED, reach.ctx)))


def _read(reach: Reach, secret: SecretRef) -> _Read:
    store = reach.store(secret)
    info = None
    try:
        info = store.get(secret, reach.ctx)
        return _Read(info, store.read(secret, reach.ctx))
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
        foreign=owner(info.labels, info.annotations) or rotator(info),
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
        held = holds(payload, known.place.part, reach.fingerprints, old=credential.fingerprint or "", new="")
        if held is Holds.OLD:
            pins.append((alias, version))
    return pins


def _judged(
    place: PlaceFacts,
    known: _Known,
    began: datetime | None,
    accepted: dict[str, TargetRow],
    policy: Policy,
) -> PlaceFacts:
    """Whether it is NEW, and whether a person accepted it."""
    seen = [row.first_seen for row in known.rows if row.first_seen is not None]
    written = any(row.written_by for row in known.rows)
    first = min(seen, default=None)
    new = began is not None and not written and (first is None or first > began)
    place = replace(place, new=new, first_seen=first)
    how = _how(place, accepted, policy)
    return replace(place, accepted=bool(how), how=how)


def _how(place: PlaceFacts, accepted: dict[str, TargetRow], policy: Policy) -> str:
    if place.at in accepted:
        row = accepted[place.at]
        return f"accepted by {row.actor} on {row.at:%Y-%m-%d} ({row.how})"
    if place.at in policy.accept_target or place.secret in policy.accept_target:
        return "accepted now by name"
    # NEW is never accepted in bulk: neither by a pattern of the settings nor by "all".
    if not place.new and any(fnmatchcase(name, mask) for mask in policy.allow for name in (place.at, place.secret)):
        return "allowed by the settings"
    ours = not (place.new or place.foreign or place.hands_off or place.unsafe)
    return "accepted now with all that are not NEW" if policy.accept_targets and ours and place.here else ""


def _last_began(reach: Reach, credential: str, rows: Sequence[PlacementRow]) -> datetime | None:
    """When the key's last rotation began: the one that made it, or one of its own that got as far as writing everywhere."""
    written = {row.written_by for row in rows if row.written_by}
    makers = (reach.ledger.rotation(rotation_id) for rotation_id in written)
    rotations = [row for row in makers if row is not None]
    rotations.extend(row for row in reach.ledger.rotations(credential=credential) if row.data.get("cutover"))
    return max((row.created for row in rotations if row.created is not None), default=None)
