"""What is remembered of one rotation: data, never code, and never a value."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from keyward.ledger.records import RotationRow, RotationState, WaitingOn
from keyward.model.capability import CrashClass
from keyward.model.credential import Credential, Kind, State
from keyward.model.errors import LedgerBroken
from keyward.model.ids import CredentialRef, PlacementRef, SecretRef
from keyward.providers.interface import Want
from keyward.rotation.codec import decode, encode
from keyward.rotation.policy import Policy

SCHEMA = 3
"""Version 1 knew readable keys only: no crash class, no pending secret. Version 2 never waited for another host."""


class TargetStatus(StrEnum):
    """How far one target is: not yet written, written and read back, written but not readable, held up, or given up in an emergency."""

    TODO = "todo"
    DONE = "done"
    UNREAD = "written, unread"
    CONFLICT = "conflict"
    REFUSED = "refused"
    BACK = "back on the old key"
    LEFT = "left as it was found"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What is kept of a key: names and a fingerprint. `pair_id` is the id beside its secret, where a key is the two of them."""

    id: str
    uid: str = ""
    resource: str = ""
    name: str | None = None
    kind: str = ""
    etag: str = ""
    fingerprint: str = ""
    created: datetime | None = None
    pair_id: str = ""

    @property
    def ref(self) -> CredentialRef:
        """Which credential."""
        return CredentialRef.parse(self.id)

    @property
    def credential(self) -> Credential:
        """As much of the credential as is kept; whether it works is not."""
        return Credential(
            self.ref,
            Kind(self.kind) if self.kind else Kind.BY_SHAPE,
            State.UNKNOWN,
            self.resource,
            self.uid,
            self.name,
            self.created,
            etag=self.etag,
            fingerprint=self.fingerprint or None,
            pair_id=self.pair_id,
        )

    @classmethod
    def of(cls, credential: Credential, fingerprint: str = "") -> "KeyFacts":
        """The facts of a credential as its provider tells them."""
        return cls(
            credential.id,
            credential.uid,
            credential.resource,
            credential.name,
            credential.kind.value,
            credential.etag,
            fingerprint or credential.fingerprint or "",
            credential.created,
            credential.pair_id,
        )


@dataclass(frozen=True, slots=True)
class Target:
    """One place that is written: `at` is a place id without a version.

    `before` is the version that held the old key, `after` the one that was written; both empty until known. `aliases` are names that
    readers use for `before` and that move along; `moved` those that have. `back` is the version written by an undo. `intent` says
    that a write was begun, so a temporary file may be there. `told` names the consumers that were run since it was written.
    `fresh` says that it never held this key: it is written only while it holds nothing. `read` (UTC) is when its own host last read it
    and found what it should hold: all that the other hosts know of it.
    """

    at: str
    scope: str = ""
    host: str = ""
    status: TargetStatus = TargetStatus.TODO
    before: str = ""
    after: str = ""
    back: str = ""
    aliases: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    intent: bool = False
    why: str = ""
    told: tuple[str, ...] = ()
    fresh: bool = False
    read: datetime | None = None

    @property
    def named(self) -> str:
        """The place with its host, where it is one that not all hosts share; also what `--waive` takes."""
        return f"{self.at} on {self.host}" if self.host else self.at

    @property
    def place(self) -> PlacementRef:
        """The part of the secret's current version."""
        place = PlacementRef.parse(self.at)
        return replace(place, secret=replace(place.secret, scope=self.scope or place.secret.scope))

    @property
    def secret(self) -> SecretRef:
        """The secret that it is a part of."""
        return self.place.secret

    @property
    def written(self) -> bool:
        """Whether it holds the new key."""
        return self.status in (TargetStatus.DONE, TargetStatus.UNREAD) and set(self.aliases) <= set(self.moved)


@dataclass(frozen=True, slots=True)
class Rotation:
    """One rotation as it stands. Times are UTC.

    `tried` says that a create may have been sent, so the world is looked at before another one. `cutover` is when the last target was
    read back; `revoked` when the old key was switched off, `undo_until` until when its provider can restore it; `failing_since` begins
    the present run of failed probes, `dead` ends it. `failure` is why it is rolled back. `notes` are loose ends a person should know.

    `crash` is how the create survives a crash; `slot` the pending secret (classes B to E), empty when there is none; `baseline` the ids
    of the keys that were there before, `looked_at` when they were listed, `tried_at` when the last create was about to be sent;
    `doubt` says that one before it was sent too, of which nobody heard.

    `failures` counts the tries of unattended runs that failed in a row, `retry_at` is when the next one tries again.

    `through` are the hosts that have done all of theirs in this round of writing (or writing back), their consumers included; `slowest` is
    how long readers there may keep a value after that. `awaits` are the hosts that it stands still for, `awaited_since` (UTC) since when.
    """

    id: str
    old: KeyFacts
    want: Want
    policy: Policy
    targets: tuple[Target, ...] = ()
    state: RotationState = RotationState.PLANNED
    waiting_on: WaitingOn = WaitingOn.NOTHING
    why: str = ""
    due: datetime | None = None
    group: str = ""
    actor: str = ""
    host: str = ""
    began: datetime | None = None
    new: KeyFacts | None = None
    attempt: int = 1
    tried: bool = False
    made: datetime | None = None
    verdict: str = ""
    cutover: datetime | None = None
    overlap_until: datetime | None = None
    soak_until: datetime | None = None
    revoking: bool = False
    revoked: datetime | None = None
    undo_until: datetime | None = None
    failing_since: datetime | None = None
    failed_probes: int = 0
    last_probe: datetime | None = None
    dead: datetime | None = None
    confirmed: str = ""
    failure: str = ""
    restored: datetime | None = None
    back_until: datetime | None = None
    notes: tuple[str, ...] = field(default=())
    crash: CrashClass = CrashClass.NAMED
    slot: str = ""
    baseline: tuple[str, ...] = ()
    looked_at: datetime | None = None
    tried_at: datetime | None = None
    doubt: bool = False
    failures: int = 0
    retry_at: datetime | None = None
    through: tuple[str, ...] = ()
    slowest: timedelta = timedelta(0)
    awaits: tuple[str, ...] = ()
    awaited_since: datetime | None = None

    def target(self, at: str, host: str = "") -> Target:
        """The target of that place id on that host; without one, the place that all hosts share."""
        return next(target for target in self.targets if (target.at, target.host) == (at, host))

    def with_target(self, changed: Target) -> "Rotation":
        """The same rotation with that target replaced."""
        same = (changed.at, changed.host)
        return replace(
            self, targets=tuple(changed if (target.at, target.host) == same else target for target in self.targets)
        )

    def waives(self, target: Target) -> bool:
        """Whether a person left that target out, by its place (on all hosts), its secret, or its place on its host."""
        return self.policy.waives(target.at, str(target.secret), target.named)

    @property
    def closed(self) -> bool:
        """Whether nothing more will be done."""
        return self.state.closed


_IN_ROW = ("id", "state", "waiting_on", "why", "due", "group", "actor", "host")


def to_row(rotation: Rotation, now: datetime) -> RotationRow:
    """The rotation as a row of the ledger."""
    data = {name: value for name, value in encode(rotation).items() if name not in _IN_ROW}
    return RotationRow(
        id=rotation.id,
        credential=rotation.old.id,
        state=rotation.state,
        data=data,
        waiting_on=rotation.waiting_on,
        why=rotation.why,
        due=rotation.due,
        group=rotation.group,
        actor=rotation.actor,
        host=rotation.host,
        reason=rotation.policy.reason,
        schema=SCHEMA,
        created=rotation.began or now,
        updated=now,
    )


def from_row(row: RotationRow) -> Rotation:
    """The rotation that a row describes, also one of an older version.

    Raises:
        LedgerBroken: it was written by a newer keyward, or does not fit.
    """
    if row.schema > SCHEMA:
        raise LedgerBroken(
            f"Rotation {row.id} was written by a newer keyward (form {row.schema}; this one reads up to {SCHEMA}).",
            hint="Continue it with that version; nothing was changed.",
        )
    data = {
        **row.data,
        "id": row.id,
        "state": row.state,
        "waiting_on": row.waiting_on,
        "why": row.why,
        "due": encode(row.due),
        "group": row.group,
        "actor": row.actor,
        "host": row.host,
    }
    return decode(Rotation, data)
