"""Where a key's value can be had: from memory, its provider, the pending secret, or a place that holds it. It is kept nowhere else."""

from typing import TYPE_CHECKING

from keyward.model.capability import Can
from keyward.model.errors import Conflict, Gone, Refused, SourceError
from keyward.model.secret import Secret
from keyward.rotation import slot
from keyward.rotation.places import value_at
from keyward.rotation.state import KeyFacts
from keyward.rotation.whose import within_reach

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyward.model.secretinfo import Payload
    from keyward.rotation.state import Target
    from keyward.rotation.work import Work


def value_of(work: "Work", facts: KeyFacts) -> Secret | None:
    """The key's value; None when it cannot be had, or is not the one that is known by its fingerprint.

    Raises:
        SourceError: its provider, or the home store, could not be asked just now.
    """
    kept = work.reach.values.get(facts.id)
    if kept is not None:
        return kept
    handed_in = work.reach.values.get(work.rotation.id)
    if handed_in is not None and facts.fingerprint and _is(work, facts, handed_in):
        return work.reach.values.keep(facts.id, handed_in)
    value = _from_provider(work, facts) if Can.READ_VALUE in work.provider.can else _from_slot(work, facts)
    if value is None and Can.READ_VALUE not in work.provider.can:
        value = value_in_places(work, facts)
    if value is None or not _is(work, facts, value):
        return None
    return work.reach.values.keep(facts.id, value)


def value_in_places(work: "Work", facts: KeyFacts) -> Secret | None:
    """The key's value as a target holds it now, or in the version that held it before; recognised by its fingerprint."""
    for target in within_reach(work.rotation, work.reach.host):
        for payload in _payloads(work, target):
            value = value_at(payload, target.place.part)
            if value is not None and facts.fingerprint and _is(work, facts, value):
                return value
    return None


def _payloads(work: "Work", target: "Target") -> "Iterator[Payload]":
    store = work.reach.store(target.secret)
    versions = [None, *(version for version in (target.before, target.after) if version and Can.VERSIONS in store.can)]
    for version in versions:
        try:
            yield store.read(target.secret, work.ctx, version)
        except (Gone, Refused, SourceError):
            continue


def _is(work: "Work", facts: KeyFacts, value: Secret) -> bool:
    return not facts.fingerprint or work.reach.fingerprints.fingerprint(value) == facts.fingerprint


def _from_provider(work: "Work", facts: KeyFacts) -> Secret | None:
    try:
        return work.provider.read_value(facts.ref, work.ctx)
    except (Gone, Refused):
        return None


def _from_slot(work: "Work", facts: KeyFacts) -> Secret | None:
    if not work.rotation.slot:
        return None
    try:
        pending = slot.read(work)
    except (Refused, Conflict):
        return None
    return pending.old if facts.id == work.rotation.old.id else pending.value
