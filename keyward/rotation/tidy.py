"""The end of a rotation: nothing of it is left hanging."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from keyward.ledger.records import PlacementRow
from keyward.model.capability import Act, Can, CrashClass
from keyward.model.errors import Ambiguous, Conflict, Gone, Refused, SourceError
from keyward.model.ids import SecretRef
from keyward.model.secretinfo import VersionState
from keyward.rotation import slot
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.leftovers import unsettled
from keyward.rotation.made import own
from keyward.rotation.places import place_of
from keyward.rotation.work import Work, told


def tidy(work: Work) -> None:
    """Delete what else this rotation made, disable the versions that held the old key, and close."""
    if not sweep_made(work, keep=work.new.id):
        return
    notes: list[str] = []
    rows = [row for row in work.reach.ledger.placements(credential=work.rotation.old.id) if _ours(work, row)]
    disabled: set[tuple[str, str]] = set()
    for secret in sorted({target.secret for target in work.rotation.targets}):
        if Can.VERSIONS in work.reach.store(secret).can:
            held = {row.version for row in rows if row.secret == str(secret)}
            held |= {target.before for target in work.rotation.targets if target.secret == secret and target.before}
            notes.extend(disable_versions(work, secret, held, disabled))
    work.reach.values.forget(work.rotation.old.id)
    work.reach.values.forget(work.new.id)
    work.happened(
        Happened(Kind.TIDIED, work.ctx.now, notes=tuple(notes)),
        "done",
        placements=_rows_at_end(work, rows, disabled),
        evidence=f"{work.rotation.old.id} is replaced by {work.new.id}",
        credential=work.rotation.old.id,
        successor=work.new.id,
        targets=[target.at for target in work.rotation.targets],
        confirmed=work.rotation.confirmed,
        undo_until=work.rotation.undo_until,
        notes=notes,
    )


def sweep_made(work: Work, *, keep: str | None) -> bool:
    """Revoke every live key that this rotation made, over all attempts, except the one to keep; then remove its pending secret.

    False when it stands still, because more may be its own than shows just now.

    Raises:
        SourceError: something could not be read or asked.
        Refused: a key could not be revoked, or the pending secret not removed.
        Ambiguous: no answer came; doing it again is harmless.
    """
    if unsettled(work):
        return False
    pending = slot.read(work)
    # A name that this rotation chose can be taken only once, and no second name was ever put down.
    only = work.rotation.crash is CrashClass.NAMED and work.rotation.attempt == 1 and keep is not None
    made = {} if only else {one.id: one for one in own(work, pending)}
    new = work.rotation.new
    if new is not None and keep is None and new.id not in made and work.rotation.crash is not CrashClass.PERSON:
        credential = work.look_up(new.ref)
        if credential is not None:
            made[credential.id] = credential
    for credential in made.values():
        if credential.live and credential.id != keep:
            work.intend("sweep", f"revoke {credential.id}, which this rotation made", etag=credential.etag)
            work.provider.act(Act.REVOKE, credential.ref, work.ctx, etag=credential.etag)
            work.note("outcome", "sweep", ok=True, credential=credential.id, evidence="revoked")
    if work.rotation.slot:
        work.intend("unstage", f"remove {work.rotation.slot}", target=work.rotation.slot)
        slot.wipe(work)
        work.note("outcome", "unstage", target=work.rotation.slot, ok=True, evidence="removed")
    return True


def _ours(work: Work, row: PlacementRow) -> bool:
    """Whether the row is of a secret that keyward was allowed to write."""
    return str(place_of(row).secret) in {str(target.secret) for target in work.rotation.targets}


def disable_versions(work: Work, secret: SecretRef, held: set[str], disabled: set[tuple[str, str]]) -> Iterator[str]:
    """Disable the versions that held a dead key, except those that somebody may read; says which stay. Fills `disabled`."""
    store = work.reach.store(secret)
    try:
        info = store.get(secret, work.ctx)
    except (SourceError, Gone) as error:
        yield f"old versions of {secret} were not disabled: {told(error)}"
        return
    for version_id in sorted(held):
        version = info.version(version_id)
        if version is None or version.state is not VersionState.ENABLED:
            continue
        if version_id == info.current or version_id in info.aliases.values():
            yield f"{secret.at(version_id)} held a dead key and stays enabled: it is current or an alias points at it"
            continue
        before, target = VersionState.ENABLED.value, str(secret)
        work.intend("disable-version", f"disable {secret.at(version_id)}", target=target, before=before)
        try:
            store.set_state(secret, version_id, VersionState.DISABLED, work.ctx)
        except (Refused, Ambiguous, Conflict, SourceError) as error:
            why = f"{secret.at(version_id)} was not disabled: {told(error)}"
            work.note("outcome", "disable-version", target=target, ok=False, evidence=why)
            yield why
        else:
            disabled.add((str(secret), version_id))
            after = VersionState.DISABLED.value
            evidence = f"version {version_id} disabled"
            work.note(
                "outcome", "disable-version", target=target, ok=True, before=before, after=after, evidence=evidence
            )


def _rows_at_end(work: Work, rows: Sequence[PlacementRow], disabled: set[tuple[str, str]]) -> tuple[PlacementRow, ...]:
    """What is known of the old key's places afterwards: old versions, or gone where a store keeps none."""
    current = {(str(target.secret), target.after) for target in work.rotation.targets}
    changed = []
    for row in rows:
        if (row.secret, row.version) in disabled:
            changed.append(replace(row, role="old", version_state=VersionState.DISABLED.value))
        elif Can.VERSIONS not in work.reach.store(place_of(row).secret).can or (row.secret, row.version) in current:
            changed.append(replace(row, gone=work.ctx.now))
    return tuple(changed)
