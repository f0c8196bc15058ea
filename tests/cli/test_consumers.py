"""Commands of the user's own settings that are run when a target changed: as a cron job would meet them, killed in the middle too."""

import os
import signal
import stat
import subprocess
import sys
import time

import pytest

from tests.parts.scene import Scene

ROTATE = ("--accept-targets", "--yes", "--reason", "trial")
SETTINGS = """
[[consumer]]
match = "env:*"
run = ["{program}", "--restart"]
refresh = "10m"
timeout = "1m"
env = ["KUBECONFIG"]
"""


@pytest.fixture
def told(tmp_path):
    """A world with one key in an env file, and a program that notes each of its runs; it is slow while `slow` exists."""
    with Scene(tmp_path / "scene") as scene:
        log, slow, fails = (tmp_path / name for name in ("log", "slow", "fails"))
        program = tmp_path / "restart"
        program.write_text(
            f"#!{sys.executable} -I\n"
            "import json, os, sys, time\n"
            f"open({str(log)!r}, 'a').write(json.dumps(sys.argv[1:]) + ' ' + json.dumps(dict(os.environ)) + '\\n')\n"
            f"while os.path.exists({str(slow)!r}): time.sleep(0.05)\n"
            f"if os.path.exists({str(fails)!r}): sys.exit('no such deployment')\n"
        )
        program.chmod(stat.S_IRWXU)
        scene.settings(SETTINGS.format(program=program))
        key = scene.key("app key")
        scene.env(".env", f"KEY={key.key_string}\n")
        assert scene.keyward("scan", scene.work).status == 0
        scene.runs = lambda: log.read_text().splitlines() if log.exists() else []
        scene.slow, scene.fails, scene.old, scene.name = slow, fails, key.key_string, scene.key_id(key)
        yield scene


def state(scene):
    (one,) = scene.keyward("history", "-o", "json").json["rotations"]
    return one


def test_told_once_with_a_clean_environment(told):
    scene = told
    plan = scene.keyward("rotate", scene.name, "--accept-targets", "--dry-run")
    assert "run " in plan.out
    assert "restart --restart" in plan.out
    assert not scene.runs()
    done = scene.keyward("rotate", scene.name, *ROTATE, "--wait=cut-over", KUBECONFIG="/kube", TOKEN="private")
    assert done.status == 0, done.err
    (run,) = scene.runs()
    (new,) = scene.live() - {scene.old}
    assert run.startswith('["--restart"]')
    assert '"KUBECONFIG": "/kube"' in run
    for absent in ("private", new, scene.old, "KEYWARD_HOME", "CLOUDSDK"):
        assert absent not in run
    for line in ("tell", "--restart", "succeeded"):
        assert line in scene.keyward("history").out


def test_a_failure_is_told_and_waits_with_both_keys_alive(told):
    scene = told
    scene.fails.touch()
    done = scene.keyward("rotate", scene.name, *ROTATE, "--wait=cut-over")
    assert done.status == 6
    assert "no such deployment" in done.out + done.err
    assert scene.old in scene.live()
    assert state(scene)["cut_over"] is None
    scene.fails.unlink()
    scene.world.clock.advance(120)
    assert scene.keyward("resume", "--wait=cut-over").status == 0
    assert state(scene)["cut_over"]


def test_killed_while_it_runs(told):
    scene = told
    scene.slow.touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "keyward", "rotate", scene.name, *ROTATE, "--wait=cut-over"],
        env=scene.environ(),
        cwd=scene.home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + 60
    while not scene.runs():
        assert time.monotonic() < end, "it was never told"
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    scene.slow.unlink()
    assert state(scene)["state"] == "distributing"
    assert scene.old in scene.live()
    done = scene.keyward("resume", "--wait=cut-over")
    assert done.status == 0, done.err
    assert len(scene.runs()) == 2, "once more, and not oftener"
    (new,) = scene.live() - {scene.old}
    assert (scene.work / ".env").read_text() == f"KEY={new}\n"
    assert state(scene)["cut_over"]


def test_only_the_users_own_file_can_name_commands(told):
    scene = told
    (scene.home / "keyward.toml").write_text('[[consumer]]\nmatch = "*"\nrun = ["/bin/true"]\n')
    done = scene.keyward("list")
    assert done.status == 4
    assert "may not set [[consumer]]" in done.err
