"""Real processes meet at one ledger: they contend, are killed, wake up too late."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from keyward.ledger.boot import since_boot
from keyward.ledger.owner import surely_dead, this_process
from keyward.model.errors import Held
from tests.ledger.conftest import CHAIN_KEY, WORLD, event, rotation
from tests.parts.need import require

ROOT = Path(__file__).parents[2]
ENVIRON = os.environ | {"PYTHONPATH": str(ROOT)}
BEGIN = """
import sys
from keyward.ledger.opening import open_ledger
from keyward.ledger.owner import this_process
from keyward.model.errors import Held
from tests.ledger.conftest import CHAIN_KEY, WORLD, event, rotation
ledger = open_ledger(sys.argv[1], world=WORLD, chain_key=CHAIN_KEY, create=True)
me = this_process("here")
def say(*words): print(*words, flush=True)
"""
CONTEND = """
sys.stdin.readline()
turns = 0
while turns < 20:
    try:
        lease = ledger.acquire("x", me, 3600)
    except Held:
        continue
    turns += 1
    seen = int(ledger.meta("turns") or 0)
    ledger.set_meta("turns", str(seen + 1))  # two at once would count one turn twice
    ledger.append([event("turn", detail={"fence": lease.fence})])
    say(lease.fence)
    ledger.release(lease)
"""
HOLD = """
lease = ledger.open_rotation(rotation(), [event("state")], lease_seconds=float(sys.argv[2]), owner=me)
say(me)
sys.stdin.readline()
try:
    ledger.commit(lease, rotation(), [event("late")])
    say("written")
except Held as held:
    say("held")
"""
SWARM = """
import os, random, time
from dataclasses import replace
from keyward.ledger.records import RotationState
ledger.close()
begin = time.monotonic() + 0.3
for number in range(int(sys.argv[2])):
    if os.fork():
        continue
    ledger = open_ledger(sys.argv[1], world=WORLD, chain_key=CHAIN_KEY)
    me = this_process("here")
    time.sleep(max(0, begin - time.monotonic()))
    keys = list(range(20))
    random.shuffle(keys)
    opened = held = 0
    for key in keys:
        row = rotation(1000 * key + number, f"key-{key}")
        try:
            lease = ledger.open_rotation(row, [event("begun", row.id)], lease_seconds=60, owner=me)
        except Held:
            held += 1
            continue
        for state in (RotationState.CREATING, RotationState.OVERLAP):
            ledger.commit(lease, replace(row, state=state), [event(state.value, row.id)])
        opened += 1
    os.write(1, f"{opened} {held}\\n".encode())
    os._exit(0)
for _ in range(int(sys.argv[2])):
    assert os.wait()[1] == 0
"""
TAKE = """
try:
    ledger.acquire(rotation_lease, me, 60)
    say("taken")
except Held as held:
    say("held")
"""
LEASE = f"rotation:{rotation().id}"
AHEAD = (
    "faketime",
    "--exclude-monotonic",
    "-f",
    "+3d",
)  # what an administrator sets; the time since boot goes on as it was
BEHIND = ("faketime", "--exclude-monotonic", "-f", "-3d")


def start(program, where, *arguments, under=()):
    return subprocess.Popen(
        [
            *under,
            sys.executable,
            "-c",
            f"rotation_lease = {LEASE!r}\n{BEGIN}{program}",
            str(where),
            *map(str, arguments),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=ENVIRON,
    )


@pytest.fixture
def own(make_ledger):
    return make_ledger(moments=since_boot)


@pytest.fixture
def hold(own, backend):
    """Starts a process that opens a rotation, and commits once when it is told to."""
    started = []

    def begin(seconds=3600, under=()):
        process = start(HOLD, backend.where, seconds, under=under)
        started.append(process)
        process.owner = process.stdout.readline().strip()
        return process

    yield begin
    for process in started:
        process.kill()
        with process:
            pass


@pytest.mark.parametrize("processes", [3])
def test_processes_that_make_and_use_one_ledger_at_the_same_time_never_hold_a_lease_together(backend, place, processes):
    place.parent.mkdir(mode=0o700)
    running = [start(CONTEND, backend.where) for _ in range(processes)]
    outputs = []
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        outputs += process.communicate(timeout=60)[0].split()
        assert process.returncode == 0
    fences = sorted(map(int, outputs))
    ledger = backend.open(world=WORLD, chain_key=CHAIN_KEY)
    assert fences == list(range(1, 20 * processes + 1))
    assert int(ledger.meta("turns")) == len(fences)
    assert [line.detail["fence"] for line in ledger.events()] == fences
    assert ledger.verify_chain() == (len(fences), None)
    ledger.close()


def test_sixteen_processes_race_for_twenty_keys_and_each_is_opened_once(backend, place):
    place.parent.mkdir(mode=0o700)
    with start(SWARM, backend.where, 16) as swarm:
        outcomes = [tuple(map(int, line.split())) for line in swarm.communicate(timeout=120)[0].splitlines()]
    assert swarm.returncode == 0
    assert len(outcomes) == 16
    ledger = backend.open(world=WORLD, chain_key=CHAIN_KEY)
    rows = ledger.rotations()
    assert sorted(row.credential for row in rows) == sorted(f"key-{number}" for number in range(20))
    assert (sum(opened for opened, _ in outcomes), sum(held for _, held in outcomes)) == (20, 15 * 20)
    lines = [(line.rotation, line.kind) for line in ledger.events()]
    assert len(lines) == len(set(lines)), "a step was recorded twice"
    assert ledger.verify_chain() == (60, None)
    ledger.close()


def test_what_a_living_process_holds_is_held(own, hold):
    holder = hold()
    with pytest.raises(Held, match=holder.owner):
        own.acquire(LEASE, this_process("here"), 60)


def test_what_a_killed_process_held_is_free_at_once(own, hold):
    holder = hold()
    os.kill(holder.pid, signal.SIGKILL)
    os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)  # dead, and not yet buried
    lease = own.acquire(LEASE, this_process("here"), 60)
    assert lease.fence == 2
    own.commit(lease, rotation(), [event()])
    holder.wait()
    assert own.acquire(lease.name, this_process("here"), 60).fence == 3


def test_a_killed_process_of_another_host_is_not_known_to_be_dead(own, hold):
    holder = hold()
    holder.kill()
    holder.wait()
    with pytest.raises(Held):
        own.acquire(LEASE, this_process("elsewhere"), 60)


def test_a_process_that_wakes_up_too_late_writes_nothing(own, hold):
    """As a laptop that was closed: its lease ends while it sleeps, and somebody else has gone on."""
    begun = time.monotonic()
    holder = hold(1.0)
    holder.send_signal(signal.SIGSTOP)
    lease = None
    while lease is None:
        assert time.monotonic() < begun + 60, "it never ends"
        try:
            lease = own.acquire(LEASE, this_process("here"), 60)
        except Held:
            time.sleep(0.05)
    assert time.monotonic() >= begun + 1.0, "not before its time"
    holder.send_signal(signal.SIGCONT)
    assert holder.communicate("\n", timeout=30)[0].strip() == "held"
    own.commit(lease, rotation(), [event("on time")])
    assert [line.kind for line in own.events()] == ["state", "on time"]


@pytest.mark.parametrize("under", [AHEAD, BEHIND], ids=["three days ahead", "three days behind"])
def test_a_host_whose_clock_jumped_neither_steals_nor_loses_a_lease(own, hold, backend, under):
    require("faketime")
    holder = hold(60, under=under)
    with pytest.raises(Held, match=r"for up to [56][0-9] s more"):
        own.acquire(LEASE, this_process("here"), 60)
    with start(TAKE, backend.where, under=under) as thief:
        assert thief.communicate(timeout=30)[0].strip() == "held"
    assert holder.communicate("\n", timeout=30)[0].strip() == "written"
    assert [line.kind for line in own.events()] == ["state", "late"]


@pytest.mark.parametrize("under", [AHEAD, BEHIND], ids=["three days ahead", "three days behind"])
def test_a_lease_ends_on_time_although_the_holders_clock_is_wrong(own, hold, under):
    require("faketime")
    holder = hold(1.0, under=under)
    time.sleep(1.1)
    assert own.acquire(LEASE, this_process("here"), 60).fence == 2
    assert holder.communicate("\n", timeout=30)[0].strip() == "held"


def test_who_is_surely_dead():
    me = this_process("here")
    host, pid, start_time = me.rsplit(":", 2)
    other_start = f"{host}:{pid}:1.{start_time.partition('.')[2]}"
    assert not surely_dead(me, me)
    assert not surely_dead(this_process("here", "worker-2"), me)
    assert surely_dead(other_start, me), "a process id that was given to another process"
    assert surely_dead(f"{other_start}/worker-2", me)
    assert not surely_dead(f"{host}:{pid}:1.1", me), "a process of another container"
    for unknown in ("", "me", "here:x:1", "here:0:1", "a:b", other_start.replace("here", "there")):
        assert not surely_dead(unknown, me)
    for stranger in ("", "me", "here:x:1", "there:1:1"):
        assert not surely_dead(other_start, stranger)
