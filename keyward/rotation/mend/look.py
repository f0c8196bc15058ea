"""Everything that is wrong around rotations, in the order in which it should be mended."""

from collections.abc import Iterator, Mapping, Sequence

from keyward.rotation.mend import keys, lost, places, standing
from keyward.rotation.mend.troubles import Trouble, Wrong
from keyward.rotation.policy import Policy
from keyward.rotation.reach import Reach
from keyward.rotation.state import from_row

Scopes = Mapping[str, Sequence[str]]
"""Scopes by the name of the provider or store that is asked about them."""


def troubles(reach: Reach, providers: Scopes, stores: Scopes, policy: Policy) -> Iterator[Trouble]:
    """Look at the ledger, the keys of these scopes and the places of this host; nothing is changed.

    Args:
        reach: the world.
        providers: whose keys to list.
        stores: where to look for pending secrets.
        policy: by which rotations go that are found again after the ledger was lost.
    """
    yield from standing.chain(reach)
    rows = reach.ledger.rotations()
    listed = keys.listed(reach, providers)
    if not rows:
        yield from _anew(reach, listed, stores, policy)
        return
    by_id = {row.id: row for row in rows}
    rotations = [from_row(row) for row in rows]
    yield from standing.leases(reach)
    yield from standing.stuck([(one, row.updated) for one, row in zip(rotations, rows, strict=True)], reach.ctx.now)
    yield from places.drifted(reach, rotations)
    said = set()
    for trouble in (*keys.by_mark(reach, listed, by_id), *keys.by_memory(reach, rows)):
        if trouble.subject not in said:
            said.add(trouble.subject)
            yield trouble
    yield from places.pending_secrets(reach, by_id, stores)
    yield from places.temporary_files(reach, rotations)


def _anew(reach: Reach, listed: keys.Listed, stores: Scopes, policy: Policy) -> Iterator[Trouble]:
    """With no rotation on record: what keys and pending secrets tell, and marked keys that tell too little."""
    told: set[str] = set()
    for trouble in (*lost.by_marks(reach, listed, policy), *lost.by_slots(reach, stores, policy)):
        told.add(trouble.rotation)
        yield trouble
    for trouble in (*keys.by_mark(reach, listed, {}), *places.pending_secrets(reach, {}, stores)):
        if trouble.rotation not in told or trouble.wrong is Wrong.ORPHAN:
            yield trouble
