"""The judge is worth something: every deliberate mistake in the engine is seen by the crash suite.

The same mistakes are looked for in tests/rotation/explore; there they are made in its own words.
"""

import itertools
import json
from contextlib import suppress
from dataclasses import replace

import pytest

from keyward.model.capability import CrashClass
from keyward.model.credential import State
from keyward.model.errors import Ambiguous, Held
from keyward.model.secret import Secret
from keyward.rotation import (
    create,
    distribute,
    gate,
    into,
    leftovers,
    machine,
    made,
    one_shot,
    retire,
    runner,
    slot,
    tidy,
    undo,
    values,
    whose,
)
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.work import Work
from tests.rotation import matrix
from tests.rotation.memory_ledger import MemoryLedger
from tests.rotation.story import Story, problems

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]


class Seen(Exception):  # the search is over
    """A problem was found."""


class Finder:
    """Stops at the first problem."""

    fired = fenced = 0

    def turn(self):
        return True

    def judge(self, story, where, fired=1):
        found = problems(story)
        if found:
            raise Seen(f"{where}: {found[0]}")


# the mistakes ------------------------------------------------------------------------------------------------------------------


def no_sweep(patch):
    patch.setattr(one_shot, "delete_unstaged", lambda work, keep=frozenset(): None)
    patch.setattr(tidy, "own", lambda work, pending=None: ())


def stage_after_create(patch):
    def late(work):
        material = work.provider.material(work.rotation.want, work.ctx)
        work.intend("create", "upload", event=Happened(Kind.CREATING, work.ctx.now))
        created = work.provider.create(work.rotation.want, made.marker_of(work), work.ctx, material=material)
        slot.write(work, material=material)
        made.made(work, created.credential)

    patch.setattr(create, "BY_CLASS", {**create.BY_CLASS, CrashClass.OWN_MATERIAL: late})


def random_ids(patch):
    real, numbers = create.Marker, itertools.count(2)
    patch.setattr(create, "Marker", lambda rotation, attempt, replaces="": real(rotation, next(numbers), replaces))
    patch.setattr(create, "adopt", lambda work, pending=None: False)
    patch.setattr(tidy, "sweep_made", lambda work, keep: True)


def no_overlap(patch):
    def at_once(kind, at, **more):
        return Happened(kind, at, **{**more, "until": at} if kind is Kind.ALL_WRITTEN else more)

    patch.setattr(distribute, "Happened", at_once)


def no_fence(patch):
    def anyone(self, lease):
        return self.leases.setdefault(lease.name, [lease.owner, lease.fence, 0.0])

    patch.setattr(MemoryLedger, "_mine", anyone)


def undo_in_the_wrong_order(patch):
    def too_early(work):
        tidy.sweep_made(work, keep=None)
        undo.write_back(work)

    patch.setattr(runner, "STEPS", {**runner.STEPS, runner.Action.WRITE_BACK: too_early})


def retry_of_create(patch):
    from tests.rotation.fake_makers import FakeShown

    real = FakeShown.create

    def twice(self, want, marker, ctx, *, material=None):
        with suppress(Ambiguous):
            return real(self, want, marker, ctx, material=material)
        return real(self, want, marker, ctx, material=material)

    patch.setattr(FakeShown, "create", twice)


def value_in_the_ledger(patch):
    real = Work.happened

    def chatty(self, event, step, **more):
        if event.kind is Kind.STAGED:
            more["evidence"] = f"staged {self.value(event.key).reveal_text()}"
        return real(self, event, step, **more)

    patch.setattr(Work, "happened", chatty)


def foreign_value_overwritten(patch):
    patch.setattr(distribute, "_compare", lambda part: None)


def old_payload_replayed(patch):
    """What an undo writes is what was there before, and not what is there now with the one part replaced."""

    def replayed(payload, swaps):
        (swap,) = swaps
        first = REPLAY[0].vault.secrets["acme", "app"][0][0]
        return Secret.of(first) if swap.part == "/a" else undo_spliced(payload, swaps)

    undo_spliced = undo.spliced
    patch.setattr(undo, "spliced", replayed)


def marker_copied(patch):
    patch.setattr(into, "_OWN", "nothing is left out")


def fingerprint_check_skipped(patch):
    patch.setattr(values, "_is", lambda work, facts, value: True)
    # The pending secret's seal would stop the edit before: two nets, and this is about the second.
    patch.setattr(slot, "sealed", lambda data, fingerprints: True)


def never_read_back(patch):
    def written(secret, parts, wrote):
        for part in parts:
            distribute._written(part.work, part.target, wrote or "2", "not read back")
        return True

    patch.setattr(distribute, "_read_back", written)
    patch.setattr(gate, "reread", lambda work: gate.Found(good=3))
    patch.setattr(gate, "_proof", lambda work, found: gate.Check("proof", True, "skipped"))


def baseline_listed_late(patch):
    moves = {**machine.MOVES, machine.S.PLANNED: dict(machine.MOVES[machine.S.PLANNED])}
    del moves[machine.S.PLANNED][Kind.LISTED]
    patch.setattr(machine, "MOVES", moves)


def no_intent(patch):
    moves = {**machine.MOVES, machine.S.PLANNED: dict(machine.MOVES[machine.S.PLANNED])}
    moves[machine.S.PLANNED][Kind.CREATING] = (machine.S.CREATING, lambda rotation, event: rotation)
    moves[machine.S.CREATING] = {**moves[machine.S.CREATING], Kind.CREATING: (None, lambda rotation, event: rotation)}
    patch.setattr(machine, "MOVES", moves)


def unguarded_cleaning(patch):
    real = Work.guard

    def careless(self):
        if CLEANING:
            return
        real(self)

    stage = one_shot._stage

    def staged(work, credential, value):
        real_write = one_shot.slot.write

        def write(*args, **kwargs):
            CLEANING.clear()
            try:
                return real_write(*args, **kwargs)
            except one_shot._STAGING:
                CLEANING.append(1)
                raise

        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(one_shot.slot, "write", write)
            try:
                stage(work, credential, value)
            finally:
                CLEANING.clear()

    patch.setattr(Work, "guard", careless)
    patch.setattr(one_shot, "_stage", staged)


def gate_passed_once_for_all(patch):
    patch.setattr(retire, "passes", lambda work: True)


def pending_secret_kept(patch):
    patch.setattr(tidy.slot, "wipe", lambda work: None)


def strangers_swept(patch):
    patch.setattr(
        leftovers, "own", lambda work, pending=None: tuple(work.provider.siblings(work.rotation.want, work.ctx))[1:]
    )


def no_settling(patch):
    patch.setattr(tidy, "unsettled", lambda work: False)


def nothing_taken_back(patch):
    patch.setattr(runner, "take_back", lambda work: None)


def names_left_behind(patch):
    """An undo that was killed brings the value back and not the names that lead to it."""
    patch.setattr(undo, "to_bring_back", whose.holds_new)
    patch.setitem(
        machine._FACTS,
        Kind.ALL_BACK,
        lambda r, _: r.restored is not None and not any(whose.holds_new(target) for target in r.targets),
    )


def halves_apart(patch):
    """The secret is written, and the id that belongs to it is not, in the same write."""
    real = distribute.swap_at

    def lone(*args):
        swap = real(*args)
        return swap and replace(swap, id=None)

    patch.setattr(distribute, "swap_at", lone)


def id_not_compared(patch):
    """A place counts as the old key's by its secret alone, whatever id stands beside it."""
    real = distribute.holds

    def by_secret(payload, part, fingerprints, *, old, new):
        return real(payload, part, fingerprints, old=replace(old, pair_id=""), new=replace(new, pair_id=""))

    patch.setattr(distribute, "holds", by_secret)


REPLAY: list = []
CLEANING: list = []


# where each is seen ------------------------------------------------------------------------------------------------------------


def crashes(**story):
    return lambda: matrix.crashes(Finder(), 1, **story)


def frozen(**story):
    return lambda: matrix.zombies(Finder(), **story)


def lost(**story):
    return lambda: matrix.lost_answers(Finder(), **story)


def edit(do, **story):
    """Somebody edits something before each life in turn, with and without a crash."""

    def run():
        for life, kept, points, _ in matrix.beginnings(**story):
            for point in (None, *range(1, points + 1, 2)):
                told = Story.taken_up(kept)
                if point is not None:
                    told.life(dies_at=point)
                REPLAY[:] = [told.stage]
                if do(told):
                    told.finish()
                    found = [problem for problem in problems(told) if "ended as" not in problem]
                    if [problem for problem in found if do.broken in problem]:
                        raise Seen(f"{life}, {point}: {found}")

    return run


def _other_value(told):
    if any(row.data["new"] for row in told.ledger.rows.values()):
        return False
    told.world.watched.pop()
    told.stage.ring.put("service", "user", payload="somebody's")
    told.world.watched.append(lambda: told.stage.beside.material if _ring(told) == "somebody's" else "overwritten")
    return True


def _other_id(told):
    if told.row is None or told.row.data["new"]:
        return False
    told.world.watched.pop()
    somebodys = json.dumps({"secret": told.stage.old.material, "id": told.stage.keys.halves()["pair_id"]})
    told.stage.ring.put("service", "user", payload=somebodys)
    told.world.watched.append(lambda: told.stage.beside.material if _ring(told) == somebodys else "overwritten")
    return True


def _ring(told):
    return told.stage.ring.current(("service", "user"))


_other_value.broken = _other_id.broken = "OUTAGE"


def _beside(told):
    current = told.stage.vault.current(("acme", "app"))
    if told.row is None or "more" in current:
        return False
    told.stage.vault.put("acme", "app", payload=current[:-1] + ', "more": "mine"}')
    told.world.watched.append(
        lambda: told.stage.beside.material if "mine" in told.stage.vault.current(("acme", "app")) else "lost"
    )
    return True


_beside.broken = "OUTAGE"


def _tamper(told):
    row = told.row
    if row is None or row.state.value not in ("staged", "verified"):
        return False
    (name,) = [name for name in told.stage.vault.secrets if "pending" in name[-1]]
    text, _ = told.stage.vault.secrets[name][-1]
    value = next(key.material for key in told.world.live() if key.made)
    told.stage.vault.secrets[name][-1][0] = text.replace(value, told.stage.beside.material)
    return True


_tamper.broken = "does not hold the live key"


def _old_back(told):
    if told.row is None or told.row.state.value != "retiring" or told.stage.old.state is not State.ACTIVE:
        return False
    told.stage.ring.put("service", "user", payload=told.stage.old.material)
    return True


_old_back.broken = "OUTAGE"


def _stranger(told):
    if told.row is None or any(key.account == "stranger" for key in told.world.keys.values()):
        return False
    key = told.world.add_key("stranger", account="stranger")
    key.created = told.world.now
    return True


_stranger.broken = "somebody else was touched"


def lying_store():
    """A store that says yes and keeps the old value."""
    told = Story("A")
    told.stage.ring.write = lambda ref, data, ctx, **more: told.stage.vault.get(told.stage.json, ctx).versions[0]
    told.finish()
    Finder().judge(told, "a store that lies")


def twice():
    """The successor is rotated too: it must not carry the first rotation's mark on."""
    told = Story("C", targets=1)
    told.finish()
    assert problems(told) == []
    key = next(key for key in told.world.live() if key.account == "app")
    told._scanned(key)
    engine = told.play.life()
    engine.run(engine.plan([key.ref], told.policy))
    for _ in range(20):
        told.world.advance(told.policy.grace)
        engine.go_on([row.id for row in told.play.ledger.rotations(open_only=True)])
    (last,) = [key for key in told.world.live() if key.account == "app"]
    if sum(name.startswith("keyward-") for name in last.annotations) != 1:
        raise Seen("two marks on one key")


MISTAKES = {
    no_sweep: crashes(crash="C", targets=1),
    stage_after_create: crashes(crash="B", targets=1),
    random_ids: crashes(crash="A", targets=1),
    no_overlap: crashes(crash="A", targets=3),
    no_fence: frozen(crash="C", targets=1),
    undo_in_the_wrong_order: crashes(crash="A", targets=3, undo_at=2),
    retry_of_create: lost(crash="C", targets=1),
    value_in_the_ledger: crashes(crash="B", targets=1),
    foreign_value_overwritten: edit(_other_value, crash="A", targets=3),
    old_payload_replayed: edit(_beside, crash="A", targets=3, undo_at=3),
    marker_copied: twice,
    fingerprint_check_skipped: edit(_tamper, crash="B", targets=1),
    never_read_back: lying_store,
    baseline_listed_late: crashes(crash="D-", targets=1),
    no_intent: crashes(crash="D-", targets=1),
    unguarded_cleaning: frozen(crash="C", targets=1),
    gate_passed_once_for_all: edit(_old_back, crash="A", targets=3),
    pending_secret_kept: crashes(crash="B", targets=1),
    strangers_swept: edit(_stranger, crash="C", targets=1),
    no_settling: crashes(crash="D", targets=1, undo_at=1),
    nothing_taken_back: frozen(crash="C", targets=1),
    names_left_behind: crashes(crash="A", targets=1, undo_at=3),
    halves_apart: crashes(crash="pairs", targets=1),
    id_not_compared: edit(_other_id, crash="pairs", targets=3),
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_a_deliberate_mistake_is_seen(mistake, monkeypatch, record_property):
    mistake(monkeypatch)
    with pytest.raises((Seen, AssertionError, Held)) as seen:
        MISTAKES[mistake]()
    assert isinstance(seen.value, Seen), seen.value
    record_property("deliberate mistakes seen by the crash suite", 1)


@pytest.mark.parametrize("mistake", [m for m in MISTAKES if MISTAKES[m].__name__ in ("run", "twice")])
def test_without_the_mistake_it_holds(mistake):
    MISTAKES[mistake]()
