"""How a run on one rotation ended, and what that means as an exit code."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from keyward.ledger.records import RotationState, WaitingOn
from keyward.model.errors import Exit
from keyward.rotation.next_action import rests_until
from keyward.rotation.policy import Retire
from keyward.rotation.state import Rotation

PRECEDENCE = (
    Exit.INTERRUPTED,
    Exit.USAGE,
    Exit.NOT_CONFIGURED,
    Exit.FINDINGS,
    Exit.WORLD_CHANGED,
    Exit.NEEDS_PERSON,
    Exit.HELD,
    Exit.PARTIAL,
    Exit.OK,
)


class Until(StrEnum):
    """How far a waiting run goes: until all targets hold the new key, the old one is off, or it is proved dead."""

    CUT_OVER = "cut-over"
    RETIRED = "retired"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a rotation stands after a tick. `due` is when the next tick can do something; None means at once, or never when closed.

    `awaits` are the other hosts that it stands still for, since `awaited_since` (UTC).
    """

    rotation: str
    credential: str
    successor: str
    state: RotationState
    waiting_on: WaitingOn
    why: str
    due: datetime | None
    exit_code: Exit
    notes: tuple[str, ...] = ()
    awaits: tuple[str, ...] = ()
    awaited_since: datetime | None = None

    @classmethod
    def of(cls, rotation: Rotation) -> "Outcome":
        """The outcome that a rotation's state tells."""
        return cls(
            rotation.id,
            rotation.old.id,
            "" if rotation.new is None else rotation.new.id,
            rotation.state,
            rotation.waiting_on,
            rotation.why or rotation.failure,
            rests_until(rotation),
            _code(rotation),
            rotation.notes,
            rotation.awaits,
            rotation.awaited_since,
        )

    def because(self, code: Exit, why: str) -> "Outcome":
        """The same outcome with another reason."""
        return replace(self, exit_code=code, why=why)


def _code(rotation: Rotation) -> Exit:
    if rotation.state is RotationState.ABORTED:
        return Exit.OK if rotation.failure.startswith("undo") else Exit.FINDINGS
    if rotation.waiting_on in (WaitingOn.CONFLICT, WaitingOn.BLOCKED):
        return Exit.NEEDS_PERSON
    if rotation.waiting_on is WaitingOn.PERSON:
        # Keeping the old key for good was asked for, so waiting for ever is what was wanted.
        return Exit.OK if rotation.policy.retire is Retire.NEVER and rotation.cutover else Exit.NEEDS_PERSON
    if rotation.waiting_on is WaitingOn.REFUSED:
        return Exit.FINDINGS
    return Exit.OK


def reached(outcome: Outcome, rotation: Rotation, until: Until) -> bool:
    """Whether a run that waits until then is done with this rotation: it came so far, or only a person can help."""
    if rotation.closed or outcome.exit_code is not Exit.OK:
        return True
    if rotation.policy.retire is Retire.NEVER and rotation.waiting_on is WaitingOn.PERSON:
        return True
    if rotation.state in (RotationState.ROLLING_BACK, RotationState.RB_WAIT):
        return False
    if until is Until.CUT_OVER:
        return rotation.cutover is not None
    return until is Until.RETIRED and rotation.revoked is not None


def worst(codes: Iterable[Exit]) -> Exit:
    """The exit code of several ends: 2 > 4 > 1 > 7 > 6 > 5 > 3 > 0."""
    found = set(codes)
    return next((code for code in PRECEDENCE if code in found), Exit.OK)
