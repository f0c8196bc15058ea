"""Killed anywhere: crashes before and after every effect and commit, lost answers, zombies, and mutations that must be seen.

The process is a Python object here and dies by an exception that nothing catches; the command line is killed for real elsewhere.
"""

import json
import random
from datetime import timedelta

import pytest

from keyward.model.credential import State
from keyward.model.errors import Held, Refused
from keyward.rotation import create, distribute, gate, retire, runner, tidy, undo
from keyward.rotation.outcome import Until
from tests.rotation.conftest import Play
from tests.rotation.fake_world import Crash

LIVES = 14
PAUSE = timedelta(seconds=35)


def drive(play, crashes=(), *, lose=frozenset(), undo_at=None, lives=LIVES, pause=None):
    """Live after life until the rotation is closed; `crashes` are the points of each life where it dies."""
    deaths, points = 0, 0
    pending = list(crashes)
    for life in range(lives):
        engine = play.life()
        count = [0]
        at = pending.pop(0) if pending else None

        def hook(point, count=count, at=at):
            count[0] += 1
            if at is not None and count[0] == at:
                play.world.crashed = True
                raise Crash(point)

        play.world.hook = hook
        answers = [0]

        def loses(what, answers=answers, life=life):
            answers[0] += 1
            return life == 0 and answers[0] in lose

        play.world.lose = loses
        try:
            open_now = [row.id for row in play.ledger.rows.values() if not row.state.closed]
            if (
                undo_at is not None
                and open_now
                and life >= undo_at
                and not play.ledger.rows[open_now[0]].data["failure"]
            ):
                engine.undo(open_now[0], "test")
            elif open_now:
                engine.go_on(open_now)
            elif not play.ledger.rows:
                _, plan = None, engine.plan([play.stage.old.ref], play.policy)
                engine.run(plan)
        except Crash:
            deaths += 1
        points = max(points, count[0])
        play.world.hook = lambda point: None
        play.world.lose = lambda what: False
        if play.ledger.rows and all(row.state.closed for row in play.ledger.rows.values()):
            break
        play.world.advance(pause or (PAUSE if life < 6 else timedelta(minutes=3)))
    return deaths, points


def staged(**policy):
    from tests.rotation.conftest import now_policy

    play = Play()
    play.policy = now_policy(grace=timedelta(minutes=2), refresh=timedelta(seconds=90), **policy)
    return play


def problems(play, *, undone=False):
    """What is wrong with the world at the end."""
    stage = play.stage
    found = play.tidy_problems()
    states = [row.state.value for row in play.ledger.rows.values()]
    if states != ["aborted" if undone else "done"]:
        found.append(f"ended as {states}")
    live = [key for key in play.world.live() if key is not stage.beside]
    if len(live) != 1 or (live[0] is stage.old) is not undone:
        found.append(f"live at the end: {[key.ref.local[0] for key in live]}")
        return found
    material = live[0].material
    values = {
        "vault": json.loads(stage.vault.current(("acme", "app")))["a"],
        "file": stage.env_value(),
        "ring": stage.ring.current(("service", "user")),
    }
    found += [f"{place} does not hold the live key" for place, value in values.items() if value != material]
    if json.loads(stage.vault.current(("acme", "app")))["b"] != stage.beside.material:
        found.append("the value beside it was lost")
    return found


def points_of(undo_at=None):
    _, points = drive(play := staged(), undo_at=undo_at, lives=40)
    assert problems(play, undone=undo_at is not None) == []
    return points


@pytest.mark.crash
@pytest.mark.parametrize("undo_at", [None, 1, 2, 3])
def test_one_crash_anywhere(undo_at):
    fired = 0
    for life in range(6):
        for point in range(1, 60):
            play = staged()
            deaths, _ = drive(play, [None] * life + [point], undo_at=undo_at, lives=40)
            if deaths == 0:
                break
            fired += 1
            # An undo that was asked for before anything was begun is a rotation that goes its way.
            undone = undo_at is not None and any(row.data["failure"] for row in play.ledger.rows.values())
            assert problems(play, undone=undone) == [], (life, point)
    assert fired > 20


@pytest.mark.crash
def test_six_resumes_are_enough():
    """One process dies anywhere; at most six ticks with half an hour between them come to the end."""
    point = deaths = 1
    while deaths:
        play = staged()
        deaths, _ = drive(play, [point], lives=7, pause=timedelta(minutes=31))
        assert problems(play) == [], point
        point += 1
    assert point > 8


@pytest.mark.crash
def test_two_crashes_in_successive_lives():
    pick = random.Random(7)
    points = points_of()
    fired = 0
    for _ in range(400):
        crashes = [None] * pick.randrange(3) + [pick.randint(1, points), pick.randint(1, points)]
        play = staged()
        deaths, _ = drive(play, crashes, lives=40)
        fired += deaths == 2
        assert problems(play) == [], crashes
    assert fired > 20


@pytest.mark.crash
@pytest.mark.parametrize("answer", range(1, 12))
def test_every_answer_can_be_lost(answer):
    play = staged()
    drive(play, lose={answer}, lives=40)
    assert problems(play) == []


@pytest.mark.crash
def test_a_lost_answer_and_a_crash_right_after():
    for answer in range(1, 6):
        for point in range(8, 40, 3):
            play = staged()
            drive(play, [point], lose={answer}, lives=40)
            assert problems(play) == [], (answer, point)


@pytest.mark.crash
def test_a_zombie_is_fenced_and_does_no_harm():
    """A process is frozen at each point, another one (whose turn came when the lease ran out) finishes, then it wakes up."""
    woken = 0
    for point in range(1, 75):
        play = staged()
        engine = play.life()
        count = [0]

        def hook(name, count=count, play=play, point=point):
            count[0] += 1
            if count[0] == point and play.ledger.rows:
                play.world.hook = lambda name: None
                play.world.advance(timedelta(minutes=10))
                drive(play, lives=40)

        play.world.hook = hook
        try:
            engine.run(engine.plan([play.stage.old.ref], play.policy), until=Until.DEAD)
        except Held:
            woken += 1
        play.world.hook = lambda name: None
        drive(play, lives=40)
        assert problems(play) == [], point
    assert woken > 10


def _no_looking_first(monkeypatch):
    monkeypatch.setattr(create, "adopt", lambda work, pending=None: False)
    real = create.Marker
    counter = iter(range(2, 10_000))
    monkeypatch.setattr(create, "Marker", lambda rotation, attempt, replaces: real(rotation, next(counter), replaces))
    # The sweep at the end would clean up behind it: two nets, and each is tried without the other.
    monkeypatch.setattr(tidy, "sweep_made", lambda work, keep: True)


def _retire_before_read_back(monkeypatch):
    def written(secret, parts, wrote):
        for part in parts:
            distribute._written(part.work, part.target, wrote or "?", "not read back")
        return True

    monkeypatch.setattr(distribute, "_read_back", written)
    monkeypatch.setattr(gate, "reread", lambda work: gate.Found(good=3))
    monkeypatch.setattr(gate, "_proof", lambda work, found: gate.Check("proof", True, "skipped"))


def _no_overlap(monkeypatch):
    real = distribute.Happened

    def at_once(kind, at, **more):
        return real(kind, at, **{**more, "until": at} if kind is distribute.Kind.ALL_WRITTEN else more)

    monkeypatch.setattr(distribute, "Happened", at_once)


def _delete_new_first(monkeypatch):
    def too_early(work):
        undo.sweep_made(work, keep=None)
        undo_write_back(work)

    undo_write_back = undo.write_back
    monkeypatch.setitem(runner.STEPS, runner.Action.WRITE_BACK, too_early)


def _value_in_the_ledger(monkeypatch):
    real = create.KeyFacts.of

    def leaky(credential, fingerprint=""):
        return real(credential, LEAK[credential.ref.local[0]]())

    monkeypatch.setattr(create.KeyFacts, "of", leaky)


def _no_orphan_sweep(monkeypatch):
    monkeypatch.setattr(undo, "sweep_made", lambda work, keep: True)


def _unproved(monkeypatch):
    def blind(work):
        facts = create.replace(work.new, fingerprint=work.reach.fingerprints.fingerprint(work.value(work.new)))
        work.happened(create.Happened(create.Kind.PROVED, work.ctx.now, key=facts), "verify")

    monkeypatch.setitem(runner.STEPS, runner.Action.PROVE, blind)


LEAK: dict = {}


@pytest.mark.crash
@pytest.mark.parametrize(
    ("mutation", "undo_at"),
    [(_no_looking_first, None), (_no_overlap, None), (_delete_new_first, 2), (_no_orphan_sweep, 2)],
)
def test_mutations_are_seen(monkeypatch, mutation, undo_at):
    monkeypatch.setattr(runner, "STEPS", dict(runner.STEPS))
    mutation(monkeypatch)
    if mutation is _no_looking_first:
        monkeypatch.setitem(runner.STEPS, runner.Action.CREATE, create.create)
    seen = False
    for life in range(4):
        for point in range(1, 45):
            play = staged()
            deaths, _ = drive(play, [None] * life + [point], undo_at=undo_at, lives=25)
            undone = undo_at is not None and any(row.data["failure"] for row in play.ledger.rows.values())
            if problems(play, undone=undone):
                seen = True
                break
            if not deaths:
                break
        if seen:
            break
    assert seen


@pytest.mark.crash
def test_retiring_on_a_write_that_was_never_read_back_is_seen(monkeypatch):
    """The store says yes and keeps the old value: only reading back can tell."""
    _retire_before_read_back(monkeypatch)
    play = staged()
    real = play.stage.ring.write

    def lying(ref, data, ctx, *, expect, mark):
        return (
            play.stage.vault.get(play.stage.json, ctx).versions[0]
            if ref.store == "ring"
            else real(ref, data, ctx, expect=expect, mark=mark)
        )

    monkeypatch.setattr(play.stage.ring, "write", lying)
    drive(play, lives=40)
    assert any("OUTAGE" in problem for problem in problems(play))


@pytest.mark.crash
def test_a_store_that_lies_stops_the_rotation(monkeypatch):
    play = staged()
    monkeypatch.setattr(
        play.stage.ring, "write", lambda ref, data, ctx, **more: play.stage.vault.get(play.stage.json, ctx).versions[0]
    )
    drive(play, lives=20)
    assert play.stage.old.state is State.ACTIVE
    assert play.world.violations == []


def _die_at(play, engine, point, do):
    def hook(name):
        if name == point:
            play.world.crashed = True
            raise Crash(name)

    play.world.hook = hook
    with pytest.raises(Crash):
        do(engine)
    play.world.hook = lambda name: None


@pytest.mark.crash
def test_a_gate_that_was_passed_before_a_crash_is_passed_again():
    play = staged()
    engine = play.life()
    plan = engine.plan([play.stage.old.ref], play.policy)
    _die_at(play, engine, "before revoke old", lambda engine: engine.run(plan, until=Until.DEAD))
    play.stage.ring.put("service", "user", payload=play.stage.old.material)
    play.world.advance(timedelta(days=1))
    play.life().go_on(list(play.ledger.rows), until=Until.DEAD)
    assert problems(play) == []


@pytest.mark.crash
def test_what_a_killed_write_left_is_swept_even_when_nothing_is_written():
    play = staged()
    engine = play.life()
    plan = engine.plan([play.stage.old.ref], play.policy)
    _die_at(play, engine, "after stage files:/w/.env", lambda engine: engine.run(plan, until=Until.DEAD))
    assert play.stage.files.left
    play.world.watched.pop(1)
    play.stage.files.put("/w/.env", payload="KEY='somebody wrote this'\n", hint="dotenv")
    play.life().go_on(list(play.ledger.rows))
    assert play.stage.files.left == {}


@pytest.mark.crash
def test_the_world_is_looked_at_before_a_second_create():
    play = staged()
    engine = play.life()
    plan = engine.plan([play.stage.old.ref], play.policy)
    _die_at(play, engine, "before create kw-01r00000000000000000000001-1", lambda engine: engine.run(plan))
    play.world.calls.clear()
    play.world.hook = play.world.calls.append
    play.life().go_on(list(play.ledger.rows))
    assert play.world.calls.index("own") < play.world.calls.index("before create kw-01r00000000000000000000001-1")


@pytest.mark.crash
def test_the_lease_lasts_through_every_effect():
    """Each step is slow, and somebody else is waiting for the lease to run out."""
    play = staged()
    engine = play.life()
    taken = []

    def hook(name):
        if name.startswith("before") and "commit" not in name:
            play.world.advance(timedelta(seconds=130))
            for row in play.ledger.rows:
                try:
                    taken.append(play.ledger.acquire(f"rotation:{row}", "somebody-else", 1))
                except Held:
                    continue

    play.world.hook = hook
    engine.run(engine.plan([play.stage.old.ref], play.policy), until=Until.DEAD)
    assert taken == []


@pytest.mark.crash
def test_extra_keys_of_the_rotation_are_deleted_at_the_end(monkeypatch):
    """A second name was needed, and a late create of a frozen life turns up under the first one."""
    play = staged()
    real, spent = play.stage.keys.create, [Refused("deleted by somebody", reason="spent")]

    def create(want, marker, ctx, *, material=None):
        if spent:
            raise spent.pop()
        return real(want, marker, ctx)

    monkeypatch.setattr(play.stage.keys, "create", create)
    engine = play.life()
    (outcome,) = engine.run(engine.plan([play.stage.old.ref], play.policy))
    play.world.add_key("kw-late", marker=outcome.rotation)
    engine.go_on([outcome.rotation], until=Until.DEAD)
    assert problems(play) == []


def test_waiting_and_killed_at_the_same_place_over_and_over():
    play = staged()
    drive(play, [12] * 12, lives=60)
    assert problems(play) == []


def test_the_steps_that_a_mutation_needs_are_where_it_looks():
    assert retire.passes is gate.passes
