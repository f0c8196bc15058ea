"""The rows of the ledger, as the rest of the program sees them. Times are UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class RotationState(StrEnum):
    """Where a rotation stands (DESIGN.md section 7)."""

    PLANNED = "planned"
    CREATING = "creating"
    STAGED = "staged"
    VERIFIED = "verified"
    DISTRIBUTING = "distributing"
    OVERLAP = "overlap"
    DISABLED = "disabled"
    RETIRING = "retiring"
    DONE = "done"
    ROLLING_BACK = "rolling-back"
    RB_WAIT = "rollback-waiting"
    ABORTED = "aborted"

    @property
    def closed(self) -> bool:
        """Whether nothing more will be done."""
        return self in (RotationState.DONE, RotationState.ABORTED)


class WaitingOn(StrEnum):
    """Why a rotation stands still."""

    NOTHING = ""
    TIME = "time"
    USE = "use"
    HOST = "host"
    PROVIDER = "provider"
    PERSON = "person"
    CONFLICT = "conflict"
    BLOCKED = "blocked"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RotationRow:
    """One rotation. `data` is the engine's own state as JSON-ready data: identifiers, fingerprints and times, never a value.

    `due` is when the next step can be tried; None means now. `group` binds rotations that were started together.
    """

    id: str
    credential: str
    state: RotationState
    data: Mapping[str, object]
    waiting_on: WaitingOn = WaitingOn.NOTHING
    why: str = ""
    due: datetime | None = None
    group: str = ""
    actor: str = ""
    host: str = ""
    reason: str = ""
    schema: int = 1
    created: datetime | None = None
    updated: datetime | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One line of the audit trail.

    `kind` is a word such as `intent`, `outcome`, `verdict`, `waived`, `accepted`, `state`; `step` names the machine's step. `detail`
    holds identifiers, versions before and after, verdicts and evidence. `chain` is the HMAC over this line and the one before.
    """

    kind: str
    rotation: str = ""
    step: str = ""
    target: str = ""
    detail: Mapping[str, object] = field(default_factory=dict)
    actor: str = ""
    host: str = ""
    at: datetime | None = None
    seq: int = 0
    chain: str = ""


@dataclass(frozen=True, slots=True)
class PlacementRow:
    """A placement as the ledger remembers it: by whom it was seen, when first, when last, and whether it is gone."""

    secret: str
    version: str
    part: str
    credential: str
    fingerprint: str
    role: str
    version_state: str
    store: str
    scope: str
    host: str = ""
    alias: str = ""
    found_by: str = "fingerprint"
    first_seen: datetime | None = None
    last_read: datetime | None = None
    gone: datetime | None = None
    written_by: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a scan found in one store source (`<store>:<scope>`), seen by `host` where only that one can; `complete` when nothing is missing."""

    source: str
    host: str
    rows: tuple[PlacementRow, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A place that a person accepted as one that keyward may write to. `target` is a place id without a version.

    `hosts` are the machines on which it was accepted, where each has a place of that name of its own; the empty one stands for all.
    """

    target: str
    actor: str
    at: datetime
    how: str
    hosts: tuple[str, ...] = ("",)

    def on(self, host: str) -> bool:
        """Whether the place of that name on that machine (empty: the one that all share) was accepted."""
        return "" in self.hosts or host in self.hosts


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """A use of a key that keyward itself made, to be subtracted from what the provider counts."""

    credential: str
    at: datetime
    verdict: str
    evidence: str
    rotation: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to act alone on a rotation or a target, until it expires. Every commit carries the fence."""

    name: str
    owner: str
    fence: int


@dataclass(frozen=True, slots=True)
class RiskRow:
    """A finding that a person accepted until a date. `subject` is the id of the key, secret or project that the rule speaks of."""

    rule: str
    subject: str
    actor: str
    reason: str
    at: datetime
    until: datetime


class Statement(StrEnum):
    """What a person said of a checklist item: that it holds, that they agree with who said so, that it waits, that it holds no more."""

    ATTESTED = "attested"
    AGREED = "agreed"
    SKIPPED = "skipped"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class AttestationRow:
    """A person's dated statement about a checklist item in a scope, until it expires.

    `scope` is a subject such as `project:acme-prod`, or a pattern of several. `evidence` is where it can be seen, such as the address of a
    ticket; `data` has the answers to the item's fields, and the version of the item.
    """

    checklist: str
    item: str
    scope: str
    actor: str
    statement: str
    at: datetime
    expires: datetime
    kind: Statement = Statement.ATTESTED
    evidence: str = ""
    data: Mapping[str, object] = field(default_factory=dict)
