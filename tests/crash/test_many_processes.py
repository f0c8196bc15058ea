"""Many processes and several hosts rotate the same keys at the same time: each key is rotated once, and nobody is told anything else."""

import contextlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.crash.zygotes import Ran, Zygote
from tests.parts.need import missing
from tests.parts.scene import Scene

pytestmark = [pytest.mark.crash, pytest.mark.timeout(600)]

HERE = Path(__file__).resolve().parent
NOW = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")
KILL_AT = 40  # in the middle: the new key is made, and not yet everywhere
FULL = pytest.param(16, 20, marks=pytest.mark.slow)


@pytest.fixture(scope="module")
def swarm():
    """Runs command lines, (arguments, environment, name of the host or None), at the same time."""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", HERE / "swarm.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LANG": "C.UTF-8"},
    ) as process:

        def run(orders):
            wanted = [{"argv": [*map(str, argv)], "env": env, "host": host} for argv, env, host in orders]
            process.stdin.write(json.dumps(wanted) + "\n")
            process.stdin.flush()
            return [Ran(**answer) for answer in json.loads(process.stdout.readline())]

        yield run
        process.stdin.close()


@contextlib.contextmanager
def _scene(folder, cluster=None):
    with contextlib.ExitStack() as ending:
        database = ending.enter_context(cluster.database()) if cluster else ""
        scene = ending.enter_context(Scene(folder, rate=1000))
        scene.database = database
        url = cluster.url(database) if cluster else ""
        scene.text = f'[ledger]\nurl = "{url}"\n[fingerprint]\nkey_file = "{scene.home}/fingerprint.key"\n'
        scene.settings(scene.text)
        yield scene


@pytest.fixture(params=["sqlite", "postgres"])
def scene(request, tmp_path):
    cluster = request.getfixturevalue("postgres") if request.param == "postgres" else None
    with _scene(tmp_path / "scene", cluster) as scene:
        yield scene


@pytest.fixture
def shared(postgres, tmp_path):
    with _scene(tmp_path / "scene", postgres) as scene:
        yield scene


def plant(scene, number):
    """So many keys, each in an env file and (every other one) in a secret too; gives their ids and values."""
    keys = [scene.key(f"key {one}") for one in range(number)]
    for one, key in enumerate(keys):
        scene.env(f"app-{one}/.env", f"A={key.key_string}\n")
        if one % 2:
            scene.secret(f"app-{one}", key.key_string)
    done = scene.keyward("scan", scene.work, "--values", "all")
    assert done.status == 0, done.err
    return {scene.key_id(key): key.key_string for key in keys}


def check(scene, keys):
    """Every key has one successor, in all of its places; nothing else was ever made."""
    made = [key for key in scene.all_keys() if key["key_id"].startswith("kw-")]
    assert len(made) == len(keys), "a key was rotated twice, or not at all"
    live = scene.live()
    assert len(live) == len(keys)
    assert not live & set(keys.values())
    for one in range(len(keys)):
        text = (scene.work / f"app-{one}" / ".env").read_text()
        assert text.removeprefix("A=").strip() in live
        if one % 2:
            assert scene.current(f"app-{one}").decode() == text.removeprefix("A=").strip()
    done = scene.keyward("history", "--limit", "0", "-o", "json")
    assert done.status == 0, done.err
    rotated = Counter(row["key"] for row in done.json["rotations"])
    assert rotated == Counter(keys.keys())


def finish(scene, swarm):
    """Go on until nothing is left."""
    for _ in range(8):
        scene.world.clock.advance(2400)
        (done,) = swarm([(["resume"], scene.environ(), None)])
        assert done.status in (0, 5), done.err
        if "nothing to resume" in (done.out + done.err).lower():
            return
    pytest.fail(f"not finished: {done.out}{done.err}")


@pytest.mark.parametrize(("processes", "number"), [(4, 4), FULL])
def test_processes_that_rotate_the_same_keys_at_once_rotate_each_of_them_once(scene, swarm, processes, number):
    keys = plant(scene, number)
    for order in (
        lambda one: [*keys][one:] + [*keys][:one],
        lambda _: [*keys],
    ):  # each begins with another key; all with the same
        ran = swarm([(["rotate", *order(one % number), *NOW], scene.environ(), None) for one in range(processes)])
        for done in ran:
            assert done.status in (0, 5), (done.status, done.err)
            assert "Traceback" not in done.err
        if {done.status for done in ran} != {5}:
            break  # whoever was first went on; else all stood in each other's way, and nothing was lost
    finish(scene, swarm)
    check(scene, keys)


@pytest.fixture
def hosts(shared):
    """Two machines with state, cache and name of their own; they share the ledger and the fingerprint key."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        missing("root on Linux, to give processes a host of their own")
    found = {}
    for name in ("alpha", "beta"):
        found[name] = {**shared.environ(), "KEYWARD_HOME": str(shared.home / f"state-of-{name}")}
    return found


def test_a_person_in_the_app_and_cron_on_another_host_rotate_one_key_once(shared, swarm, hosts):
    """Whoever is first does it, the other is told; what one began, the other host ends."""
    key = shared.key()
    shared.secret("app", f"A={key.key_string}\n")
    wanted = shared.key_id(key)
    for name, environ in hosts.items():
        (done,) = swarm([(["scan", shared.work, "--values", "all"], environ, name)])
        assert done.status == 0, (name, done.err)
    person = (["app", wanted], hosts["alpha"], "alpha")
    cron = [(["rotate", wanted, *NOW], hosts["beta"], "beta"), (["resume"], hosts["beta"], "beta")]
    for done in swarm([person, *cron]):
        assert done.status in (0, 5), done.err
        assert "Traceback" not in done.err
    for _ in range(8):
        shared.world.clock.advance(2400)
        done, *others = swarm([(["resume"], hosts["beta"], "beta"), (["resume"], hosts["alpha"], "alpha")])
        assert {done.status, *(other.status for other in others)} <= {0, 5}
        if "nothing to resume" in (done.out + done.err).lower():
            break
    (new,) = shared.live()
    assert new != key.key_string
    assert shared.current("app").decode() == f"A={new}\n"
    (told,) = swarm([(["history", "-o", "json"], hosts["alpha"], "alpha")])
    (one,) = json.loads(told.out)["rotations"]
    assert one["key"] == wanted
    assert len([key for key in shared.all_keys() if key["key_id"].startswith("kw-")]) == 1


def test_another_host_goes_on_where_a_host_died_once_its_lease_has_ended(shared, swarm, hosts, postgres):
    key = shared.key()
    shared.secret("app", f"A={key.key_string}\n")
    for name, environ in hosts.items():
        (done,) = swarm([(["scan", shared.work, "--values", "all"], environ, name)])
        assert done.status == 0, (name, done.err)
    with contextlib.closing(Zygote()) as zygote:  # runs under this machine's own name, a third host
        killed = zygote.run(["rotate", shared.key_id(key), *NOW], hosts["alpha"], kill_at=KILL_AT)
    assert killed.killed
    (held,) = swarm([(["resume"], hosts["beta"], "beta")])
    assert held.status == 5, held.err
    assert "is working on" in held.out + held.err
    postgres.sql(
        "UPDATE keyward.lease SET until = until - 300 WHERE owner <> ''", database=shared.database
    )  # five minutes later
    for _ in range(8):
        shared.world.clock.advance(2400)
        (done,) = swarm([(["resume"], hosts["beta"], "beta")])
        assert done.status in (0, 5), done.err
        if "nothing to resume" in (done.out + done.err).lower():
            break
    (new,) = shared.live()
    assert shared.current("app").decode() == f"A={new}\n"
    assert len([key for key in shared.all_keys() if key["key_id"].startswith("kw-")]) == 1


def test_a_host_with_another_fingerprint_key_changes_nothing_and_says_which_it_lacks(shared, swarm, hosts):
    key = shared.key()
    shared.secret("app", f"A={key.key_string}\n")
    (done,) = swarm([(["scan", shared.work, "--values", "all"], hosts["alpha"], "alpha")])
    assert done.status == 0, done.err
    named = (shared.home / "fingerprint.key").read_text().split()[1]
    config = shared.config.with_name("beta.toml")
    config.write_text(shared.text.replace("fingerprint.key", "another.key"))
    config.chmod(0o600)
    beta = {**hosts["beta"], "KEYWARD_CONFIG": str(config)}
    before = json.dumps(shared.world.dump()["slots"], sort_keys=True)
    for other in (None, "made for another ledger"):
        if other:
            elsewhere = {**beta, "KEYWARD_LEDGER_URL": str(shared.home / "elsewhere" / "ledger.db")}
            (done,) = swarm([(["scan", shared.work], elsewhere, "beta")])
            assert done.status == 0, done.err
        for command in (["scan", shared.work, "--values", "all"], ["rotate", shared.key_id(key), *NOW]):
            (done,) = swarm([(command, beta, "beta")])
            assert done.status == 4, done.err
            assert named in done.err
            assert "copy it from a host that shares the ledger" in done.err
        assert (shared.home / "another.key").exists() == bool(other)
    for command in (["list"], ["history"]):
        (done,) = swarm([(command, beta, "beta")])
        assert done.status == 0, done.err
    assert json.dumps(shared.world.dump()["slots"], sort_keys=True) == before
