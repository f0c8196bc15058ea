"""What each action does to the world, request by request: the engine's steps with everything left out but the order.

A program yields what it asks for and is sent the answer. It is a pure function of the answers, so it can be told again from the
beginning at any time; that is how a process can be copied in the middle of a step. `flaws` are deliberate mistakes, by name.
"""

from dataclasses import replace

from keyward.ledger.records import RotationState as S
from keyward.ledger.records import WaitingOn
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.machine import legal
from keyward.rotation.state import Rotation, TargetStatus
from keyward.rotation.whose import holds_new, to_bring_back
from tests.rotation.explore.world import FOREIGN, GONE, LATER, NOW, OFF, OLD, ON, Slot, facts_of, key_of, rotation


class Stop(Exception):  # an end of a step, not an error
    """The step stands still."""


class Me:
    """A process within a step: its copy of the row, what it keeps in memory, and whether it passed the gate."""

    def __init__(self, row: int, given: tuple, crash: str, proof: bool, flaws: frozenset[str]) -> None:
        self.row = row
        self.value, self.gate, self.made = given
        self.crash, self.proof, self.flaws = crash, proof, flaws

    @property
    def now(self) -> Rotation:
        return rotation(self.row)

    @property
    def new(self) -> int:
        return key_of(self.now.new) if self.now.new else 0

    def commit(self, kind, leak=False, **more):
        self.row = yield ("commit", self.row, Happened(kind, NOW, **more), leak)

    def guard(self, *, fresh=True):
        """Right before an effect; `fresh`: right after the intent too."""
        yield ("guard", fresh)

    def halt(self, on, *, wait=False, kind=Kind.HALTED):
        yield from self.commit(kind, waiting_on=on, why=on.value, until=LATER if wait else None)
        raise Stop


def _act(me, key, state):
    """An act whose lost answer ends the step; the next one looks."""
    yield from me.guard()
    if (yield ("act", key, state)) == "lost":
        yield from me.halt(WaitingOn.PROVIDER, wait=True)


def tell(action: str, me: Me):
    """The program of an action."""
    return PROGRAMS[action](me)


# making ------------------------------------------------------------------------------------------------------------------------


def create(me):
    makers = {"A": _named, "B": _upload, "C": _one_shot, "D": _one_shot, "E": _by_person}
    yield from makers[me.crash](me)


def _made(me, key):
    yield from me.commit(Kind.MADE, key=facts_of(key))


def _attempt(me, *, made_of=0):
    """One create: intent, request, and what came of it; 0 when nobody knows."""
    if "no intent" in me.flaws:
        yield from me.guard()
    else:
        yield from me.commit(Kind.CREATING)
        yield from me.guard()
    name = "random" if "random ids" in me.flaws else me.now.attempt
    said, key = yield ("create", name, made_of)
    if said == "ok":
        me.made = key
        return key
    if said == "adopted":
        return key
    if said == "spent":
        yield from me.commit(Kind.SPENT)
        return None
    if "retry of create" in me.flaws:
        said, key = yield ("create", name, made_of)
        return key if said in ("ok", "adopted") else 0
    return 0


def _named(me):
    if me.now.tried and (yield from _adopt(me)):
        return
    key = yield from _attempt(me)
    if key:
        yield from _made(me, key)
    elif key == 0 and not (yield from _adopt(me)):
        yield from me.halt(WaitingOn.PROVIDER, wait=True)


def _adopt(me, made_of=0):
    own = yield ("own", made_of)
    if "random ids" in me.flaws:
        own = ()
    if own:
        yield from _made(me, own[-1])
    return bool(own)


def _list(me):
    if me.now.looked_at is None:
        everything = yield ("list",)
        yield from me.commit(Kind.LISTED, baseline=tuple(str(key) for key in everything))


def _late_baseline(me):
    """The flaw of one who lists only when something was tried already."""
    if me.now.state is not S.PLANNED:
        yield from _list(me)


def _upload(me):
    yield from _list(me)
    slot = yield ("slot",)
    made_of = slot.made_of if slot else 0
    if "stage after create" in me.flaws and not made_of:
        made_of = yield ("material",)
        key = yield from _attempt(me, made_of=made_of)
        yield from _put(me, slot, made_of=made_of)
        if key:
            yield from _made(me, key)
        else:
            yield from me.halt(WaitingOn.PROVIDER, wait=True)
        return
    if not made_of:
        if me.now.tried and (yield from _person_must_tell(me)):
            return
        made_of = yield ("material",)
        yield from _put(me, slot, made_of=made_of)
    if me.now.tried and (yield from _adopt(me, made_of)):
        return
    key = yield from _attempt(me, made_of=made_of)
    if key:
        yield from _made(me, key)
    elif not (yield from _adopt(me, made_of)):
        yield from me.halt(WaitingOn.PROVIDER, wait=True)


def _one_shot(me):  # noqa: C901  # the order of a dozen requests is what this is about
    yield from _late_baseline(me) if "late baseline" in me.flaws else _list(me)
    slot = yield ("slot",)
    if slot and slot.value:
        state = yield ("key", slot.credential)
        if state == ON:
            yield from _made(me, slot.credential)
            return
    if me.now.tried:
        if "no sweep" not in me.flaws:
            yield from _sweep(me, keep=0)
        if (yield from _person_must_tell(me)):
            return
    key = yield from _attempt(me)
    if not key:
        yield from me.halt(WaitingOn.PROVIDER, wait=True)
    yield from me.guard(fresh=False)
    said = yield ("put", slot, Slot(credential=key, value=key))
    if said == "ok":
        said = "ok" if (yield ("slot",)) else "conflict"  # reading back what was written
    if said != "ok":
        if "unguarded" not in me.flaws:
            yield from me.guard(fresh=False)
        if (yield ("act", key, GONE)) != "lost":
            yield from me.commit(Kind.SPENT)
        yield from me.halt(WaitingOn.PROVIDER, wait=True)
    yield from _made(me, key)


def _by_person(me):
    slot = yield ("slot",)
    value = me.value or (slot.value if slot else 0)
    if not value:
        yield from me.halt(WaitingOn.PERSON)
    if me.now.state is S.PLANNED:
        yield from me.commit(Kind.CREATING)
    if me.now.slot and not (slot and slot.value):
        yield from _put(me, slot, credential=value, value=value)
    me.value = value
    yield from _made(me, value)


def _put(me, slot, **values):
    yield from me.guard()
    said = yield ("put", slot, (slot or Slot())._replace(**values))
    if said != "ok":
        yield from me.halt(WaitingOn.PROVIDER if said == "lost" else WaitingOn.CONFLICT, wait=said == "lost")


def _person_must_tell(me):
    suspects = yield ("suspects", me.now.baseline)
    told = {*me.now.policy.owned, *me.now.policy.disowned}
    if any(str(key) not in told and key != me.new for key in suspects):
        yield from me.halt(WaitingOn.PERSON)
    return False


def _sweep(me, *, keep):
    slot = yield ("slot",)
    own = yield ("own", slot.made_of if slot else 0)
    if "sweeps strangers" in me.flaws:
        own = yield ("suspects", ())
    own = {*own, *(int(key) for key in me.now.policy.owned)}
    for key in sorted(own - {keep}):
        if (yield ("key", key)) == ON:
            yield from _act(me, key, GONE)


def stage(me):
    slot = yield ("slot",)
    value = slot.value if slot and slot.credential == me.new else 0
    value = value or (me.value if me.value == me.new else 0)
    if not value and me.crash == "B" and slot and slot.made_of:
        value = me.new
    if not value:
        if me.crash != "E" and (yield ("key", me.new)) == ON:
            yield from _act(me, me.new, GONE)
        yield from me.commit(Kind.LOST)
        return
    if me.now.slot and not (slot and slot.value == value and slot.old):
        yield from _put(me, slot, credential=me.new, value=value, old=True)
    me.value = value
    yield from me.commit(Kind.STAGED, key=facts_of(me.new), leak="value in the ledger" in me.flaws)


def _value(me):
    """The new key's value, from memory, its provider or the pending secret; 0 when it cannot be had."""
    if me.value == me.new or me.crash == "A":
        return me.new
    slot = yield ("slot",)
    return slot.value if slot and slot.credential == me.new else 0


def prove(me):
    value = yield from _value(me)
    if not value and me.crash == "E":
        yield from me.halt(WaitingOn.PERSON)
    if not value or (yield ("key", value)) != ON:
        yield from me.halt(WaitingOn.PROVIDER, wait=True)
    yield from me.commit(Kind.PROVED, key=facts_of(me.new), verdict="works")


# writing -----------------------------------------------------------------------------------------------------------------------


def _target(me, place, status, **more):
    target = replace(me.now.targets[place], status=status, why="", **more)
    yield from me.commit(Kind.TARGET, target=target)


def write(me):
    seen = {}
    for place, target in enumerate(me.now.targets):
        if not target.written:
            seen[place] = yield ("read", place)
    for place, found in seen.items():
        if found.value not in (me.new, OLD) and "foreign value overwritten" not in me.flaws:
            yield from _target(me, place, TargetStatus.CONFLICT)
            yield from me.halt(WaitingOn.CONFLICT)
    for place, found in seen.items():
        if found.value == me.new:
            yield from _target(me, place, TargetStatus.DONE, after="2")
            continue
        value = yield from _value(me)
        if not value:
            yield from me.halt(WaitingOn.PROVIDER, wait=True)
        yield from _target(me, place, TargetStatus.TODO, intent=True)
        yield from me.guard()
        side = 0 if "old payload replayed" in me.flaws else found.side
        said = yield ("write", place, found.version, value, side)
        if said == "conflict":
            yield from _target(me, place, TargetStatus.CONFLICT)
            yield from me.halt(WaitingOn.CONFLICT)
        back = yield ("read", place)
        if back.value != me.new and "fingerprint check skipped" not in me.flaws:
            wait = back.value == OLD
            yield from me.halt(WaitingOn.PROVIDER if wait else WaitingOn.CONFLICT, wait=wait)
        yield from _target(me, place, TargetStatus.DONE, after="2")
    yield from me.commit(Kind.ALL_WRITTEN, until=NOW if "no overlap" in me.flaws else LATER)


# the end of the old key --------------------------------------------------------------------------------------------------------


def _passes(me):
    shut = Kind.GATE_SHUT
    used = me.now.state is not S.DISABLED and me.crash != "E" and (yield ("use",))
    if used and "no quiet" not in me.flaws:
        yield from me.halt(WaitingOn.USE, wait=True, kind=shut)
    for place, target in enumerate(me.now.targets):
        if "fingerprint check skipped" in me.flaws:
            continue
        found = yield ("read", place)
        if found.value == OLD:
            if me.now.state is S.DISABLED:
                yield from _act(me, OLD, ON)
            drifted = replace(target, status=TargetStatus.TODO)
            yield from me.commit(Kind.DRIFTED, target=drifted)
            return False
        if found.value != me.new:
            yield from me.halt(WaitingOn.CONFLICT, kind=shut)
    if (yield ("key", me.new)) != ON:
        yield from me.halt(WaitingOn.PROVIDER, wait=True, kind=shut)
    me.gate = True
    return True


def gate(me):
    if not (yield from _passes(me)):
        return
    if me.now.state is S.OVERLAP and me.crash in ("B", "D"):
        yield from _act(me, OLD, OFF)
        yield from me.commit(Kind.DISABLED, until=LATER)
        return
    yield from me.commit(Kind.GATE_OPEN)


def revoke(me):
    if (yield ("key", OLD)) == GONE and me.crash != "E":
        if not me.now.revoking:
            yield from me.commit(Kind.REVOKING)
        yield from me.commit(Kind.REVOKED)
        return
    if not me.gate and "gate only once" not in me.flaws and not (yield from _passes(me)):
        return
    if me.crash == "E":
        if not me.now.policy.old_gone:
            yield from me.halt(WaitingOn.PERSON)
        yield from me.commit(Kind.REVOKING)
        yield from me.commit(Kind.REVOKED)
        return
    yield from me.commit(Kind.REVOKING)
    yield from me.guard()
    yield ("act", OLD, GONE)
    if (yield ("key", OLD)) != GONE:
        yield from me.halt(WaitingOn.PROVIDER, wait=True)
    yield from me.commit(Kind.REVOKED)


def confirm(me):
    if (yield ("key", OLD)) != GONE:
        yield from me.halt(WaitingOn.PERSON)
    yield from me.commit(Kind.DEAD, verdict="dead")


def _unsettled(me):
    now = me.now
    unheard = now.doubt or (now.tried and now.new is None)
    if me.crash not in "BCD" or not unheard or now.tried_at is None or "no settling" in me.flaws:
        return
    if now.tried_at == NOW:
        yield from me.halt(WaitingOn.PROVIDER, wait=True)
    yield from _person_must_tell(me)


def tidy(me):
    yield from _unsettled(me)
    if "no sweep" not in me.flaws:
        yield from _sweep(me, keep=me.new)
    yield from _wipe(me)
    yield from me.commit(Kind.TIDIED)


def _wipe(me):
    slot = yield ("slot",)
    if slot is not None and "pending secret kept" not in me.flaws:
        yield from me.guard()
        yield ("wipe",)


# going back --------------------------------------------------------------------------------------------------------------------


def undo(me):
    """A person's wish, checked against the world before anything moves."""
    possible = legal(me.now, Kind.UNDO)
    if possible and any(holds_new(target) for target in me.now.targets):
        state = yield ("key", OLD)
        possible = state in (ON, OFF) or (state == GONE and me.crash == "A")
        possible = possible and not (me.crash == "E" and me.now.policy.old_gone)
    if possible:
        yield from me.commit(Kind.UNDO, why="undone")


def restore(me):
    needed = any(holds_new(target) for target in me.now.targets)
    state = yield ("key", OLD)
    if needed and state == GONE and me.crash != "A":
        yield from me.halt(WaitingOn.PERSON)
    if state != ON and not (state == GONE and me.crash != "A"):
        yield from _act(me, OLD, ON)
        if (yield ("key", OLD)) != ON:
            yield from me.halt(WaitingOn.PROVIDER, wait=True)
    yield from me.commit(Kind.RESTORED)


def write_back(me):
    if "undo in the wrong order" in me.flaws:
        yield from _delete(me)
    written = False
    for place, target in enumerate(me.now.targets):
        if not to_bring_back(target):
            continue
        found = yield ("read", place)
        if found.value == me.new:
            yield from me.guard()
            side = 0 if "old payload replayed" in me.flaws else found.side
            if (yield ("write", place, found.version, OLD, side)) != "ok":
                yield from me.halt(WaitingOn.PROVIDER, wait=True)
            found = yield ("read", place)
            if found.value == me.new:
                yield from me.halt(WaitingOn.PROVIDER, wait=True)
        back = found.value == OLD
        written = written or back
        status = TargetStatus.BACK if back else TargetStatus.LEFT
        yield from _target(me, place, status, back="3" if back else "")
    written = written or any(target.back for target in me.now.targets)
    hurry = "no wait after undo" in me.flaws or not written
    yield from me.commit(Kind.ALL_BACK, until=NOW if hurry else LATER)


def delete_new(me):
    for place, target in enumerate(me.now.targets):
        if target.status is TargetStatus.BACK and me.new:
            found = yield ("read", place)
            if found.value == me.new:
                again = replace(target, status=TargetStatus.DONE, back="")
                yield from me.commit(Kind.DRIFTED, target=again)
                return
    yield from _unsettled(me)
    yield from _delete(me)
    yield from _wipe(me)
    yield from me.commit(Kind.NEW_GONE)


def _delete(me):
    if me.crash == "E":
        return
    if "no sweep" not in me.flaws:
        yield from _sweep(me, keep=None)
    if me.new and (yield ("key", me.new)) != GONE:
        yield from _act(me, me.new, GONE)


def take_back(me):
    """A process that lost its lease: see keyward.rotation.fenced."""
    row = rotation((yield ("row",)))
    made = me.made
    given_up = row.closed or row.failure
    useless = given_up if row.new is None else key_of(row.new) != made
    if made and useless and "nothing taken back" not in me.flaws:
        yield ("act", made, GONE)
    if row.closed:
        yield ("wipe",)
    elif row.state in (S.ROLLING_BACK, S.RB_WAIT, S.RETIRING):
        yield (
            "too late",
            True,
        )  # a pending secret that comes between the other's last look and its end is for the doctor
    elif made and row.new is None:
        yield (
            "too late",
            False,
        )  # the other one looks for it, and sees it unless it was made long after it was announced


PROGRAMS = {
    "create": create,
    "stage": stage,
    "prove": prove,
    "write": write,
    "gate": gate,
    "revoke": revoke,
    "confirm": confirm,
    "tidy": tidy,
    "undo": undo,
    "restore": restore,
    "write-back": write_back,
    "delete-new": delete_new,
    "take-back": take_back,
}
assert FOREIGN not in (OLD, ON)
