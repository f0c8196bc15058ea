"""Real processes meet at one ledger: they contend, are killed, wake up too late."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from keyward.ledger.opening import open_ledger
from keyward.ledger.owner import surely_dead, this_process
from keyward.model.errors import Held
from tests.ledger.conftest import CHAIN_KEY, WORLD, event, rotation

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
for turn in range(60):
    try:
        lease = ledger.acquire("x", me, 3600)
    except Held:
        continue
    seen = int(ledger.meta("turns") or 0)
    ledger.set_meta("turns", str(seen + 1))  # two at once would count one turn twice
    ledger.append([event("turn", detail={"fence": lease.fence})])
    say(lease.fence)
    ledger.release(lease)
"""
HOLD = """
lease = ledger.open_rotation(rotation(), [event("state")], lease_seconds=3600, owner=me)
say(me)
sys.stdin.readline()
try:
    ledger.commit(lease, rotation(), [event("late")])
    say("written")
except Held as held:
    say("held")
"""


def start(program, place):
    return subprocess.Popen(
        [sys.executable, "-c", BEGIN + program, str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=ENVIRON,
    )


@pytest.fixture
def own(place):
    ledger = open_ledger(place, world=WORLD, chain_key=CHAIN_KEY, create=True)
    yield ledger
    ledger.close()


@pytest.fixture
def holder(own, place):
    with start(HOLD, place) as process:
        process.owner = process.stdout.readline().strip()
        yield process
        process.kill()


def test_processes_that_make_and_use_one_ledger_at_the_same_time_never_hold_a_lease_together(place):
    place.parent.mkdir(mode=0o700)
    processes = [start(CONTEND, place) for _ in range(3)]
    outputs = []
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        outputs += process.communicate(timeout=60)[0].split()
        assert process.returncode == 0
    fences = sorted(map(int, outputs))
    ledger = open_ledger(place, world=WORLD, chain_key=CHAIN_KEY)
    assert fences == list(range(1, len(fences) + 1))
    assert int(ledger.meta("turns")) == len(fences) >= 60
    assert [line.detail["fence"] for line in ledger.events()] == fences
    assert ledger.verify_chain() == (len(fences), None)
    ledger.close()


def test_what_a_living_process_holds_is_held(own, holder):
    with pytest.raises(Held, match=holder.owner):
        own.acquire(f"rotation:{rotation().id}", this_process("here"), 60)


def test_what_a_killed_process_held_is_free_at_once(own, holder):
    os.kill(holder.pid, signal.SIGKILL)
    os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)  # dead, and not yet buried
    lease = own.acquire(f"rotation:{rotation().id}", this_process("here"), 60)
    assert lease.fence == 2
    own.commit(lease, rotation(), [event()])
    holder.wait()
    assert own.acquire(lease.name, this_process("here"), 60).fence == 3


def test_a_killed_process_of_another_host_is_not_known_to_be_dead(own, holder):
    holder.kill()
    holder.wait()
    with pytest.raises(Held):
        own.acquire(f"rotation:{rotation().id}", this_process("elsewhere"), 60)


def test_a_process_that_wakes_up_too_late_writes_nothing(own, holder, place):
    holder.send_signal(signal.SIGSTOP)
    moved = open_ledger(place, world=WORLD, chain_key=CHAIN_KEY, moments=later_moment)
    lease = moved.acquire(f"rotation:{rotation().id}", this_process("here"), 7200)
    holder.send_signal(signal.SIGCONT)
    assert holder.communicate("\n", timeout=30)[0].strip() == "held"
    moved.commit(lease, rotation(), [event("on time")])
    assert [line.kind for line in moved.events()] == ["state", "on time"]
    moved.close()


def later_moment():
    from keyward.ledger.boot import Moment, since_boot

    now = since_boot()
    return Moment(now.boot, now.seconds + 4000)


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
