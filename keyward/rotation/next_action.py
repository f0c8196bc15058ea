"""What is to be done next for a rotation, or until when there is nothing to do. Pure and total: every state has an answer."""

from collections.abc import Callable, Mapping
from datetime import datetime

from keyward.ledger.records import RotationState as S
from keyward.model.capability import CrashClass
from keyward.rotation.happened import Action
from keyward.rotation.state import Rotation


def next_action(rotation: Rotation, now: datetime) -> Action:
    """What is to be done now. Total: every state has an answer."""
    if rotation.closed:
        return Action.NOTHING
    if rotation.due is not None and now < rotation.due:
        return Action.REST
    return _BY_STATE[rotation.state](rotation, now)


def _until(moment: datetime | None, now: datetime, action: Action) -> Action:
    return Action.REST if moment is not None and now < moment else action


def _creating_action(rotation: Rotation) -> Action:
    if rotation.new is None:
        return Action.CREATE
    return Action.PROVE if rotation.crash is CrashClass.NAMED else Action.STAGE


def _overlap_until(rotation: Rotation) -> datetime | None:
    """Until when both keys are to work; there is nothing to wait for once a person says that the old one was deleted."""
    return None if rotation.policy.old_gone else rotation.overlap_until


def _retiring(rotation: Rotation, _: datetime) -> Action:
    if rotation.revoked is None:
        return Action.REVOKE
    return Action.CONFIRM if rotation.dead is None else Action.TIDY


_BY_STATE: Mapping[S, Callable[[Rotation, datetime], Action]] = {
    S.PLANNED: lambda _r, _n: Action.CREATE,
    S.CREATING: lambda r, _n: _creating_action(r),
    S.STAGED: lambda _r, _n: Action.PROVE,
    S.VERIFIED: lambda _r, _n: Action.WRITE,
    S.DISTRIBUTING: lambda _r, _n: Action.WRITE,
    S.OVERLAP: lambda r, now: _until(_overlap_until(r), now, Action.GATE),
    S.DISABLED: lambda r, now: _until(r.soak_until, now, Action.GATE),
    S.RETIRING: _retiring,
    S.DONE: lambda _r, _n: Action.NOTHING,
    S.ROLLING_BACK: lambda r, _n: Action.RESTORE if r.restored is None else Action.WRITE_BACK,
    S.RB_WAIT: lambda r, now: _until(r.back_until, now, Action.DELETE_NEW),
    S.ABORTED: lambda _r, _n: Action.NOTHING,
}


def rests_until(rotation: Rotation) -> datetime | None:
    """Until when there is nothing to do; None when something can be tried at any time."""
    if rotation.due is not None:
        return rotation.due
    by_state = {S.OVERLAP: _overlap_until(rotation), S.DISABLED: rotation.soak_until, S.RB_WAIT: rotation.back_until}
    return by_state.get(rotation.state)
