"""What can happen to a rotation and what can be done for it: the words between the machine and the steps."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from keyward.ledger.records import WaitingOn
from keyward.rotation.policy import Policy
from keyward.rotation.state import KeyFacts, Target


class Kind(StrEnum):
    """What can happen to a rotation."""

    LISTED = "listed"
    CREATING = "creating"
    SPENT = "spent"
    LOST = "lost"
    MADE = "made"
    STAGED = "staged"
    PROVED = "proved"
    TARGET = "target"
    THROUGH = "through"
    READ = "read"
    ALL_WRITTEN = "all-written"
    DRIFTED = "drifted"
    DISABLED = "disabled"
    GATE_OPEN = "gate-open"
    GATE_SHUT = "gate-shut"
    REVOKING = "revoking"
    REVOKED = "revoked"
    PROBED = "probed"
    DEAD = "dead"
    TIDIED = "tidied"
    UNDO = "undo"
    RESTORED = "restored"
    ALL_BACK = "all-back"
    NEW_GONE = "new-gone"
    HALTED = "halted"
    AMENDED = "amended"


class Action(StrEnum):
    """What is to be done next."""

    CREATE = "create"
    STAGE = "stage"
    PROVE = "prove"
    WRITE = "write"
    GATE = "gate"
    REVOKE = "revoke"
    CONFIRM = "confirm"
    TIDY = "tidy"
    RESTORE = "restore"
    WRITE_BACK = "write-back"
    DELETE_NEW = "delete-new"
    REST = "rest"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Happened:
    """Something happened at `at` (UTC). The other fields belong to some kinds only.

    `key`: the successor (MADE, STAGED, PROVED). `baseline`: the ids of the keys that are there before the create (LISTED). `verdict`: of which proof (PROVED) or death (DEAD). `target`: as it is now (TARGET, DRIFTED). `until`:
    when a stage of waiting ends (ALL_WRITTEN, DISABLED, REVOKED, ALL_BACK) or when to try again (HALTED, PROBED). `alive`: what a probe
    said; None when it said nothing. `waiting_on`, `why`: why it stands still (HALTED, GATE_SHUT), or why it is undone (UNDO). `policy`, `added`: what a
    person decided meanwhile, and places that are targets from now on (AMENDED). `hosts`: who is waited for (HALTED, GATE_SHUT). `host`:
    whose work or reading it is (THROUGH, READ, ALL_WRITTEN, ALL_BACK); `delay`: how long readers there may keep a value (THROUGH).
    """

    kind: Kind
    at: datetime
    key: KeyFacts | None = None
    verdict: str = ""
    target: Target | None = None
    until: datetime | None = None
    alive: bool | None = None
    waiting_on: WaitingOn = WaitingOn.NOTHING
    why: str = ""
    notes: tuple[str, ...] = ()
    policy: Policy | None = None
    added: tuple[Target, ...] = ()
    baseline: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    host: str = ""
    delay: timedelta = timedelta(0)
