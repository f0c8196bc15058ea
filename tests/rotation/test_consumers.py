"""Consumers: real processes with a clean environment, run between the last write and the overlap, and again by an undo."""

import json
import os
import secrets
import stat
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from keyward.ledger.records import RotationState, WaitingOn
from keyward.model.errors import Held
from keyward.model.secret import Secret
from keyward.rotation.consumers.consumer import Consumer, Consumers
from keyward.rotation.consumers.process import run
from keyward.rotation.consumers.tell import reader_delay
from keyward.rotation.engine import Engine
from keyward.rotation.outcome import Until
from keyward.rotation.policy import Retire
from keyward.rotation.state import from_row
from keyward.rotation.work import Work
from tests.rotation.conftest import now_policy
from tests.rotation.fake_world import Crash

DAY = timedelta(days=1)


@pytest.fixture
def program(tmp_path):
    """A function that makes an executable of these lines of Python."""

    def make(name, *lines):
        file = tmp_path / name
        file.write_text("\n".join([f"#!{sys.executable} -I", "import os, sys, json, time", *lines]) + "\n")
        file.chmod(stat.S_IRWXU)
        return str(file)

    return make


def ran(argv, *, environ=None, **more):
    return run([argv], environ or {"PATH": os.environ["PATH"]}, **{"seconds": 20, "alive": lambda: None, **more})


# One process


def test_its_environment_is_what_was_named_and_nothing_else(program, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not for children")
    tell = program("tell", "print(json.dumps(dict(os.environ), sort_keys=True))")
    consumers = Consumers((), {"PATH": "/bin", "HOME": "/", "LANG": "C", "KUBECONFIG": "/k", "TOKEN": "x"})
    consumer = Consumer("*", (tell,), env=("KUBECONFIG", "ABSENT"))
    environ = consumers.environment(consumer, {"KEYWARD_TARGET": "gsm:a/b"})
    told = json.loads(ran(tell, environ=environ).said)
    told.pop("LC_CTYPE", None)  # Python sets it for itself
    assert told == {"PATH": "/bin", "HOME": "/", "LANG": "C", "KUBECONFIG": "/k", "KEYWARD_TARGET": "gsm:a/b"}


def test_the_value_goes_to_standard_input_and_only_when_asked(program):
    value = Secret.of(secrets.token_hex(20))
    count = program("count", "print(len(sys.stdin.read()))")
    assert ran(count, value=value).said == "40"
    assert ran(count).said == "0"


def test_a_program_that_does_not_read_its_input_is_fine(program):
    assert ran(program("deaf"), value=Secret(b"x" * 1_000_000)).ok


def test_what_it_says_is_kept_without_values(program):
    value = Secret.of("correct horse battery staple")  # of no shape that a detector knows
    chatty = program(
        "chatty",
        "value = sys.stdin.read()",
        "print('noise\\n' * 9000)",
        "print('\\x1b[31mthe value is', value, file=sys.stderr)",
        "sys.exit(3)",
    )
    ended = ran(chatty, value=value, hide=[value])
    assert (ended.ok, ended.status) == (False, 3)
    assert value.reveal_text() not in ended.said
    assert "the value is [hidden]" in ended.said
    assert "\x1b" not in ended.said
    assert len(ended.said) < 2_000


def test_its_time_is_limited_and_what_it_started_ends_with_it(program, tmp_path):
    note = tmp_path / "pid"
    slow = program(
        "slow",
        "import subprocess, signal",
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
        "child = subprocess.Popen(['sleep', '300'])",
        f"open({str(note)!r}, 'w').write(str(child.pid))",
        "time.sleep(300)",
    )
    began = time.monotonic()
    ended = ran(slow, seconds=2)
    assert ended.timed_out
    assert not ended.ok
    assert time.monotonic() - began < 20
    pid = int(note.read_text())
    for _ in range(50):
        if not alive(pid):
            return
        time.sleep(0.1)
    pytest.fail("its child lives on")


def alive(pid):
    try:
        with Path(f"/proc/{pid}/stat").open() as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_lost_lease_ends_it(program, monkeypatch):
    monkeypatch.setattr("keyward.rotation.consumers.process._GUARD", 0.1)

    def lost():
        raise Held("lost")

    began = time.monotonic()
    with pytest.raises(Held):
        ran(program("long", "time.sleep(300)"), alive=lost)
    assert time.monotonic() - began < 20


def test_what_cannot_be_started_says_why(tmp_path):
    ended = ran(str(tmp_path / "absent"))
    assert ended.status is None
    assert "No such file" in ended.word


# In a rotation


def life(play, *consumers):
    """A process on this host with these consumers."""
    engine = play.life()
    found = Consumers(tuple(consumers), {"PATH": os.environ["PATH"], "HOME": "/"})
    return Engine(replace(engine.reach, consumers=found), new_id=engine._new_id)


def begun(play, engine, **policy):
    return engine.plan([play.world.keys["old"].ref], now_policy(**{"retire": Retire.AUTO, "grace": DAY, **policy}))


def noting(program, tmp_path, *lines):
    """A program that puts down each run: its target, and what the rotation knows then."""
    log = tmp_path / "log"
    note = f"open({str(log)!r}, 'a').write(json.dumps(dict(os.environ)) + '\\n')"
    tell = program("tell", note, *lines)
    return tell, lambda: [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def rotation(play):
    (row,) = play.ledger.rotations()
    return from_row(row)


def test_every_target_is_told_once_before_the_overlap(play, program, tmp_path):
    tell, runs = noting(program, tmp_path)
    engine = life(play, Consumer("*", (tell,)))
    engine.run(begun(play, engine), until=Until.CUT_OVER)
    told, now = runs(), rotation(play)
    assert sorted(one["KEYWARD_TARGET"] for one in told) == sorted(target.at for target in now.targets)
    assert {(one["KEYWARD_ROTATION"], one["KEYWARD_KEY"]) for one in told} == {(now.id, now.new.id)}
    assert all(play.world.keys[name].material not in json.dumps(told) for name in play.world.keys)
    assert now.state is RotationState.OVERLAP
    lines = [line for line in play.ledger.trail if line.step == "tell"]
    assert [line.kind for line in lines] == ["intent", "outcome"] * 3
    assert max(line.seq for line in lines) < next(line.seq for line in play.ledger.trail if line.step == "cut-over")
    engine.go_on([now.id])
    assert len(runs()) == 3, "a later tick runs nothing again"


def test_only_matching_targets_are_told(play, program, tmp_path):
    tell, runs = noting(program, tmp_path)
    engine = life(play, Consumer("vault:acme/*", (tell,)), Consumer("files:*", ("/bin/true",)))
    engine.run(begun(play, engine), until=Until.CUT_OVER)
    assert [one["KEYWARD_TARGET"] for one in runs()] == ["vault:acme/app#/a"]


def test_a_failure_holds_the_rotation_and_is_tried_again(play, program, tmp_path):
    mended = tmp_path / "mended"
    tell, runs = noting(program, tmp_path, f"if not os.path.exists({str(mended)!r}): sys.exit('the cluster is away')")
    first = Consumer("*", ("/bin/true",))
    engine = life(play, first, Consumer("vault:*", (tell,)))
    (outcome, *_) = engine.run(begun(play, engine), until=Until.CUT_OVER)
    assert outcome.waiting_on is WaitingOn.BLOCKED
    assert "the cluster is away" in outcome.why
    assert outcome.due is not None
    now = rotation(play)
    assert now.state is RotationState.DISTRIBUTING
    assert now.cutover is None
    assert play.world.keys["old"].state.value == "active"
    failed = len(runs())
    mended.touch()
    play.world.advance(timedelta(minutes=2))
    life(play, first, Consumer("vault:*", (tell,))).go_on([now.id], until=Until.CUT_OVER)
    assert len(runs()) == failed + 1
    assert rotation(play).state is RotationState.OVERLAP
    done = [line.detail["what"] for line in play.ledger.trail if (line.step, line.kind) == ("tell", "outcome")]
    assert done.count("/bin/true") == 3, "what had succeeded is not run again"


def test_it_waits_until_it_is_ready(play, program, tmp_path, monkeypatch):
    monkeypatch.setattr("keyward.rotation.consumers.tell._READY_AGAIN", 0.05)
    counter = tmp_path / "count"
    counter.write_text("0")
    ready = program(
        "ready",
        f"n = int(open({str(counter)!r}).read()) + 1",
        f"open({str(counter)!r}, 'w').write(str(n))",
        "sys.exit(0 if n >= 3 else f'{n} of 3 replicas')",
    )
    engine = life(play, Consumer("vault:*", ("/bin/true",), ready=(ready,)))
    engine.run(begun(play, engine), until=Until.CUT_OVER)
    assert rotation(play).cutover is not None
    assert counter.read_text() == "3"


def test_one_that_never_gets_ready_holds_the_rotation(play, program):
    never = program("never", "sys.exit('no replica')")
    engine = life(play, Consumer("vault:*", ("/bin/true",), ready=(never,), timeout=timedelta(seconds=1)))
    (outcome, *_) = engine.run(begun(play, engine), until=Until.CUT_OVER)
    assert "not ready: no replica" in outcome.why
    assert rotation(play).cutover is None


def test_an_undo_tells_again_with_the_old_value(play, program, tmp_path):
    got = tmp_path / "got"
    take = program("take", f"open({str(got)!r}, 'a').write(sys.stdin.read() + ' ' + os.environ['KEYWARD_KEY'] + '\\n')")
    consumer = Consumer("vault:*", (take,), stdin=True)
    engine = life(play, consumer)
    engine.run(begun(play, engine), until=Until.CUT_OVER)
    now = rotation(play)
    engine = life(play, consumer)
    engine.undo(now.id, "trial", wait=True)
    assert rotation(play).state is RotationState.ABORTED
    new = now.new.ref.local[0]
    materials = [play.world.keys[new].material, play.world.keys["old"].material]
    ids = [now.new.id, now.old.id]
    assert got.read_text().splitlines() == [f"{value} {name}" for value, name in zip(materials, ids, strict=True)]
    assert not any(value in play.ledger.text() for value in materials)


def test_what_it_says_never_takes_a_value_into_the_trail(play, program):
    leak = program("leak", "value = sys.stdin.read()", "print('got', value)", "sys.exit(1)")
    engine = life(play, Consumer("vault:*", (leak,), stdin=True))
    engine.run(begun(play, engine), until=Until.CUT_OVER)
    text = play.ledger.text()
    assert "got [hidden]" in text
    assert not any(key.material in text for key in play.world.keys.values())


def test_readers_get_the_time_that_their_consumer_needs(play):
    slow = Consumer("vault:*", ("/bin/true",), refresh=timedelta(hours=2))
    engine = life(play, slow)
    engine.run(begun(play, engine), until=Until.CUT_OVER)
    lease = play.ledger.acquire("rotation:x", "me", 10)
    now = rotation(play)
    assert reader_delay(Work(engine.reach, lease, now)) == timedelta(hours=2)
    short = replace(now, policy=replace(now.policy, grace=timedelta(hours=1)))
    assert reader_delay(Work(engine.reach, lease, short)) == timedelta(hours=1), "never beyond the overlap"
    assert reader_delay(Work(play.life().reach, lease, now)) == now.policy.refresh


def test_commands_come_from_this_hosts_settings_alone(play, program, tmp_path):
    failing = program("failing", "sys.exit(1)")
    engine = life(play, Consumer("*", (failing,)))
    engine.run(begun(play, engine), until=Until.CUT_OVER)
    play.world.advance(timedelta(minutes=2))
    other = life(play)  # a host, or a day, without that setting
    other.go_on([rotation(play).id], until=Until.CUT_OVER)
    assert rotation(play).state is RotationState.OVERLAP
    assert failing not in json.dumps([row.data for row in play.ledger.rows.values()])


def test_the_plan_names_the_commands(play):
    engine = life(play, Consumer("vault:*", ("/bin/true", "--restart")))
    made = begun(play, engine)
    steps = [(step.step, step.what) for step in made.keys[0].steps]
    at = steps.index(("tell", "run /bin/true --restart"))
    assert [step for step, _ in steps[:at]].count("write") == 3
    assert "write" not in [step for step, _ in steps[at:]]


def test_a_program_that_is_not_there_is_in_the_way_before_anything_is_done(play):
    engine = life(play, Consumer("vault:*", ("no-such-program-anywhere",)))
    made = begun(play, engine)
    assert not made.ready
    assert any("no-such-program-anywhere" in blocker.what for blocker in made.keys[0].blockers)


def test_a_crash_runs_at_most_one_command_once_more(play, program, tmp_path):
    from tests.rotation.conftest import Play

    total, point, ended = set(), 0, False
    while not ended:
        point += 1
        one = Play()
        folder = tmp_path / str(point)
        folder.mkdir()
        log = folder / "log"
        tell = program("tell", f"open({str(log)!r}, 'a').write(os.environ['KEYWARD_TARGET'] + '\\n')")
        consumer = Consumer("*", (tell,))
        engine = life(one, consumer)
        made = begun(one, engine)
        seen, ended = 0, True

        def hook(what, at=point, one=one):
            nonlocal seen, ended
            if "'tell'" in what:
                seen += 1
                if seen == at:
                    ended = False
                    one.world.crashed = True
                    raise Crash

        one.world.hook = hook
        try:
            engine.run(made, until=Until.CUT_OVER)
        except Crash:
            one.world.hook = lambda _: None
            life(one, consumer).go_on([rotation(one).id], until=Until.CUT_OVER)
        assert rotation(one).state is RotationState.OVERLAP
        runs = log.read_text().split()
        assert len(set(runs)) == 3
        assert len(runs) <= 4, point
        total.add(len(runs))
    assert point > 9, "intent and outcome of three targets, before and after"
    assert total == {3, 4}
