"""Names that readers use for a version: while one leads to the old key, that key is in use."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from keyward.ledger.records import PlacementRow, WaitingOn
from keyward.model.capability import Can
from keyward.model.errors import Gone, Refused
from keyward.model.ids import SecretRef
from keyward.model.secretinfo import Payload, SecretInfo
from keyward.rotation.foreign import hands_off
from keyward.rotation.places import Holds, holds, place_of
from keyward.rotation.reach import Coverage
from keyward.rotation.whose import within_reach
from keyward.rotation.work import Work

KEEPS = (Holds.OLD, Holds.HALF)
"""What keeps the old key from going where nothing is written: a half of it is of use to who has the other one."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A place that keeps the old key from going. `hosts` are those that have to come before it can be known otherwise."""

    name: str
    why: str
    waived: bool = False
    waiting_on: WaitingOn = WaitingOn.PERSON
    hosts: tuple[str, ...] = ()


def pins(work: Work, known: Sequence[PlacementRow], coverage: Coverage) -> Iterator[Problem]:
    """Aliases that point at a version which holds the old key, in every secret that is known to have held it.

    Args:
        work: the rotation.
        known: where its old key was seen.
        coverage: the fresh look, which has listed some of these secrets just now.

    Raises:
        SourceError: a secret could not be looked at.
    """
    parts: defaultdict[SecretRef, set[str]] = defaultdict(set)
    for target in within_reach(work.rotation, work.reach.host):
        parts[target.secret].add(target.place.part)
    for row in known:
        if not row.host or row.host == work.reach.host:
            parts[place_of(row).secret].add(row.part)
    for secret in sorted(parts):
        store = work.reach.store(secret)
        if Can.ALIASES in store.can:
            yield from _pinned(work, secret, parts[secret], coverage.info(secret))


def _pinned(work: Work, secret: SecretRef, parts: set[str], listed: SecretInfo | None) -> Iterator[Problem]:
    store = work.reach.store(secret)
    try:
        info = listed or store.get(secret, work.ctx, versions=False)
    except Gone:
        return
    if hands_off(info.labels, info.annotations):
        why = f"{secret} carries keyward=hands-off"
        yield Problem("hands-off", why, work.rotation.policy.waives(str(secret)))
    aliases = info.aliases
    written = {target.after for target in work.rotation.targets if target.secret == secret}
    for alias, version in sorted(aliases.items()):
        if version in written:
            continue
        try:
            payload = store.read(secret, work.ctx, version)
        except (Refused, Gone):
            continue  # disabled or destroyed: nobody reads the old key there
        if any(held(work, payload, part) in KEEPS for part in parts):
            exact = str(secret.at(version))
            why = f"alias {alias} of {secret} still points at version {version}, which holds the old key"
            yield Problem("pinned version", why, work.rotation.policy.waives(exact))


def held(work: Work, payload: Payload, part: str) -> Holds:
    """What that part holds, for this rotation."""
    return holds(payload, part, work.reach.fingerprints, old=work.rotation.old, new=work.new)
