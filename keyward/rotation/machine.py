"""The machine: (rotation, what happened) -> rotation. Pure and total.

    planned -> creating -> (staged) -> verified -> distributing -> overlap -> (disabled) -> retiring -> done
    rolling back -> rollback waiting -> aborted          reached from everywhere by an undo

Two rules hold by construction, and the tests walk every pair to see it: the old key leaves "usable" only after an overlap, and the
new key is deleted only after every target was brought back, or while nothing holds it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from keyward.ledger.records import RotationState as S
from keyward.ledger.records import WaitingOn
from keyward.model.capability import CrashClass
from keyward.rotation import moves
from keyward.rotation.emergency import unstoppable
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.moves import Move
from keyward.rotation.state import Rotation
from keyward.rotation.whose import given_up, left_out, to_bring_back, unfinished

_HALT: dict[Kind, tuple[S | None, Move]] = {Kind.HALTED: (None, moves.halted)}
_UNDO: dict[Kind, tuple[S | None, Move]] = {
    **_HALT,
    Kind.UNDO: (S.ROLLING_BACK, moves.undo),
    Kind.AMENDED: (None, moves.amended),
}

MOVES: Mapping[S, Mapping[Kind, tuple[S | None, Move]]] = {
    S.PLANNED: {
        **_UNDO,
        Kind.LISTED: (None, moves.listed),
        Kind.CREATING: (S.CREATING, moves.creating),
        Kind.MADE: (S.CREATING, moves.made),
    },
    S.CREATING: {
        **_UNDO,
        Kind.CREATING: (None, moves.creating),
        Kind.LISTED: (None, moves.listed),
        Kind.SPENT: (None, moves.spent),
        Kind.MADE: (None, moves.made),
        Kind.LOST: (None, moves.lost),
        Kind.STAGED: (S.STAGED, moves.staged),
        Kind.PROVED: (S.VERIFIED, moves.proved),
    },
    S.STAGED: {**_UNDO, Kind.LOST: (S.CREATING, moves.lost), Kind.PROVED: (S.VERIFIED, moves.proved)},
    S.VERIFIED: {**_UNDO, Kind.TARGET: (S.DISTRIBUTING, moves.target)},
    S.DISTRIBUTING: {
        **_UNDO,
        Kind.TARGET: (None, moves.target),
        Kind.THROUGH: (None, moves.through),
        Kind.ALL_WRITTEN: (S.OVERLAP, moves.all_written),
    },
    S.OVERLAP: {
        **_UNDO,
        Kind.READ: (None, moves.read),
        Kind.DRIFTED: (S.DISTRIBUTING, moves.drifted),
        Kind.GATE_SHUT: (None, moves.shut),
        Kind.DISABLED: (S.DISABLED, moves.disabled),
        Kind.GATE_OPEN: (S.RETIRING, moves.same),
    },
    S.DISABLED: {
        **_UNDO,
        Kind.READ: (None, moves.read),
        Kind.DRIFTED: (S.DISTRIBUTING, moves.drifted),
        Kind.GATE_OPEN: (S.RETIRING, moves.same),
        Kind.GATE_SHUT: (None, moves.shut),
    },
    S.RETIRING: {
        **_UNDO,
        Kind.READ: (None, moves.read),
        Kind.GATE_SHUT: (S.OVERLAP, moves.shut),
        Kind.DRIFTED: (S.DISTRIBUTING, moves.drifted),
        Kind.REVOKING: (None, moves.revoking),
        Kind.REVOKED: (None, moves.revoked),
        Kind.PROBED: (None, moves.probed),
        Kind.DEAD: (None, moves.dead),
        Kind.TIDIED: (S.DONE, moves.tidied),
    },
    S.DONE: {Kind.UNDO: (S.ROLLING_BACK, moves.undo)},
    S.ROLLING_BACK: {
        **_HALT,
        Kind.AMENDED: (None, moves.amended),
        Kind.RESTORED: (None, moves.restored),
        Kind.TARGET: (None, moves.target),
        Kind.THROUGH: (None, moves.through),
        Kind.ALL_BACK: (S.RB_WAIT, moves.all_back),
    },
    S.RB_WAIT: {
        **_HALT,
        Kind.AMENDED: (None, moves.amended),
        Kind.READ: (None, moves.read),
        Kind.DRIFTED: (S.ROLLING_BACK, moves.drifted_back),
        Kind.NEW_GONE: (S.ABORTED, moves.tidied),
    },
    S.ABORTED: {},
}


_FACTS: Mapping[Kind, Callable[[Rotation, Happened], bool]] = {
    Kind.PROVED: lambda r, _: r.new is not None and (r.crash is CrashClass.NAMED or r.state is S.STAGED),
    Kind.STAGED: lambda r, _: r.new is not None,
    Kind.LOST: lambda r, _: r.new is not None,
    Kind.ALL_WRITTEN: lambda r, e: (
        bool(r.targets)
        and all(target.written or given_up(r, target) or left_out(r, target) for target in r.targets)
        and (unstoppable(r.policy) or not unfinished(r, e.host))
    ),
    Kind.GATE_OPEN: lambda r, _: r.cutover is not None,
    Kind.DISABLED: lambda r, _: r.cutover is not None,
    Kind.REVOKING: lambda r, _: r.revoked is None,
    Kind.DRIFTED: lambda r, _: r.state is not S.RETIRING or r.revoked is None,
    Kind.GATE_SHUT: lambda r, _: r.state is not S.RETIRING or r.revoked is None,
    Kind.AMENDED: lambda r, e: not e.added or (r.revoked is None and not r.failure),
    Kind.REVOKED: lambda r, _: r.revoking,
    Kind.PROBED: lambda r, _: r.revoked is not None,
    Kind.DEAD: lambda r, _: r.revoked is not None,
    Kind.TIDIED: lambda r, _: r.dead is not None,
    Kind.ALL_BACK: lambda r, e: (
        r.restored is not None
        and not any(to_bring_back(target) and not left_out(r, target) for target in r.targets)
        and not unfinished(r, e.host)
    ),
}
"""What the tables cannot say: facts that a move rests on."""


def _allowed(rotation: Rotation, event: Happened) -> bool:
    fact = _FACTS.get(event.kind)
    return fact is None or fact(rotation, event)


_BESIDE = (Kind.READ,)
"""What changes nothing of what it waits for."""

_STILL = (Kind.READ, Kind.HALTED, Kind.GATE_SHUT)
"""What happens while it stands still, so that who is waited for is waited for since the same time."""


def legal(rotation: Rotation, kind: Kind) -> bool:
    """Whether this can happen in that state at all."""
    return kind in MOVES[rotation.state]


def advance(rotation: Rotation, event: Happened) -> Rotation:
    """The rotation after what happened; unchanged when that cannot happen there (a late or repeated message)."""
    entry = MOVES[rotation.state].get(event.kind)
    if entry is None or not _allowed(rotation, event):
        return rotation
    state, move = entry
    running = rotation if event.kind in _BESIDE else replace(rotation, waiting_on=WaitingOn.NOTHING, why="", due=None)
    if event.kind not in _STILL:
        running = replace(running, awaits=(), awaited_since=None)
    moved = move(running, event)
    return moved if state is None else replace(moved, state=state)
