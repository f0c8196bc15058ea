"""Keys that rotations made and nobody wants: by the marks on them, and by what the ledger remembers of unmarkable ones."""

from collections.abc import Iterator, Mapping, Sequence

from keyward.ledger.records import RotationRow, RotationState
from keyward.model.capability import CrashClass
from keyward.model.credential import Credential
from keyward.model.errors import SourceError
from keyward.model.ids import CredentialRef
from keyward.providers.interface import Clues, Marker
from keyward.rotation.mend.troubles import Trouble, Wrong
from keyward.rotation.reach import Reach
from keyward.rotation.state import Rotation, from_row
from keyward.rotation.survey import successor_of

Listed = Mapping[str, Credential]
"""Credentials by their ids."""

_ONE_SHOT = (CrashClass.MARKABLE, CrashClass.UNMARKABLE, CrashClass.OWN_MATERIAL)


def marked(reach: Reach, listed: Listed) -> Iterator[tuple[Credential, Marker]]:
    """The listed keys that show which rotation made them."""
    for credential in listed.values():
        marker = reach.provider(credential.ref).marked(credential)
        if marker is not None:
            yield credential, marker


def by_mark(reach: Reach, listed: Listed, rows: Mapping[str, RotationRow]) -> Iterator[Trouble]:
    """Live marked keys that are no successor of an open or finished rotation."""
    for credential, marker in marked(reach, listed):
        if not credential.live:
            continue
        row = rows.get(marker.rotation)
        if row is None:
            # The ledger of another team, or one that was lost: not ours to judge.
            what = f"{credential.id} was made by rotation {marker.rotation}, which this ledger does not know"
            todo = f"If no other ledger knows it and nobody uses it: keyward revoke {credential.id}"
            yield Trouble(Wrong.STRANGER, credential.id, what, todo=todo, rotation=marker.rotation)
        elif row.state.closed and _nobodys(credential, row, rows):
            yield _orphan(credential, row)


def _nobodys(credential: Credential, row: RotationRow, rows: Mapping[str, RotationRow]) -> bool:
    if row.state is RotationState.DONE and successor_of(row) == credential.id:
        return False
    return not any(
        credential.id in (other.credential, successor_of(other)) for other in rows.values() if other is not row
    )


def _orphan(credential: Credential, row: RotationRow) -> Trouble:
    what = f"{credential.id} was made by rotation {row.id}, which is {row.state.value} without it"
    return Trouble(Wrong.ORPHAN, credential.id, what, f"revoke {credential.id}", rotation=row.id)


def by_memory(reach: Reach, rows: Sequence[RotationRow]) -> Iterator[Trouble]:
    """Live keys of unmarkable kinds that appeared while a rotation that is closed now was making one."""
    known = {row.credential for row in rows} | {successor_of(row) for row in rows}
    said: set[str] = set()
    for row in rows:
        rotation = from_row(row)
        if not rotation.closed or rotation.crash not in _ONE_SHOT or not rotation.tried or not _here(reach, rotation):
            continue
        marker = Marker(rotation.id, rotation.attempt, rotation.old.id)
        clues = Clues(None, frozenset(rotation.baseline), rotation.looked_at)
        provider = reach.provider(rotation.old.ref)
        try:
            own = provider.own(rotation.want, marker, reach.ctx, clues)
            suspects = provider.suspects(rotation.want, marker, reach.ctx, clues)
        except SourceError:
            continue  # what cannot be read is told by the other lines of the doctor
        for credential in (*own, *suspects):
            if credential.live and credential.id not in known | said | set(rotation.policy.disowned):
                said.add(credential.id)
                yield _orphan(credential, row) if credential in own else _suspect(credential, row)


def _here(reach: Reach, rotation: Rotation) -> bool:
    return rotation.old.ref.provider in reach.providers


def _suspect(credential: Credential, row: RotationRow) -> Trouble:
    what = f"{credential.id} appeared while rotation {row.id} was making a key, and nothing proves who made it"
    todo = f"If nobody knows it: keyward disable {credential.id}, watch, then keyward revoke {credential.id}"
    return Trouble(Wrong.SUSPECT, credential.id, what, todo=todo, rotation=row.id)


def listed(reach: Reach, scopes: Mapping[str, Sequence[str]]) -> Listed:
    """Every key of these scopes (by provider) that can be listed just now."""
    found: dict[str, Credential] = {}
    for name, of_provider in scopes.items():
        provider = reach.provider(CredentialRef(name, ""))
        for scope in of_provider:
            reach.ctx.check()
            try:
                found |= {credential.id: credential for credential in provider.list(scope, reach.ctx)}
            except SourceError:
                continue  # coverage is what the scan tells
    return found
