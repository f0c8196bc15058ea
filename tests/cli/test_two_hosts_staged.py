"""A service account key on two hosts: its new value is shown once, so both hosts have it from the pending secret in a home that both reach."""

import contextlib
import json

import pytest

from tests.crash.zygotes import Zygote
from tests.parts.accounts import key_ref, keys_of, make_account, plant_key
from tests.parts.hosts import Hosts
from tests.parts.scene import Scene, encoded

pytestmark = [pytest.mark.timeout(600)]

A, B = "alpha", "beta"
HOME, KEYRING = "gsm:acme-prod/*", "keyring:keyward/*"
NOW = ("--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")


@pytest.fixture(scope="module")
def zygote():
    with contextlib.closing(Zygote()) as one:
        yield one


@pytest.fixture
def robot(tmp_path, zygote):
    """A key in a file on each host and nowhere else."""
    with Scene(tmp_path / "scene") as scene:
        hosts = Hosts(scene, zygote)
        hosts.account = make_account(scene.world, "robot")
        hosts.old, text = plant_key(scene.world, hosts.account)
        hosts.id, hosts.text = key_ref(hosts.old), text
        hosts.files = {}
        for host in (A, B):
            hosts.files[host] = hosts.add(host, home=HOME) / "robot.json"
            hosts.files[host].write_text(text)
            hosts.files[host].chmod(0o600)
            assert hosts.run(host, "scan").status == 0
            done = hosts.run(host, "enrol", f"id:{hosts.id}", "--accept-targets", "--yes")
            assert done.status == 0, done.err
        yield hosts


def holds(robot, host):
    return json.loads(robot.files[host].read_text())["private_key_id"]


def staged(robot):
    return [
        one for one in robot.scene.world.dump()["slots"]["secretmanager"]["secrets"] if "pending" in json.dumps(one)
    ]


def test_both_hosts_have_the_new_value_from_the_home(robot):
    done = robot.run(A, "rotate", robot.id, *NOW, "-o", "json")
    assert done.status == 0, done.err
    (one,) = json.loads(done.out)["rotations"]
    (new,) = [key.key_id for key in keys_of(robot.scene.world, robot.account) if key.key_id != robot.old.key_id]
    assert (one["waiting_on"], one["awaits"]) == ("host", [B])
    assert (holds(robot, A), holds(robot, B)) == (new, robot.old.key_id)
    assert staged(robot)
    assert robot.cron(B).status == 0
    assert (holds(robot, A), holds(robot, B)) == (new, new)
    for _ in range(20):
        robot.later(hours=10)
        for host in (A, B):
            assert robot.run(host, "resume").status == 0
        (found,) = json.loads(robot.run(A, "history", "-o", "json").out)["rotations"]
        if found["state"] == "done":
            break
    assert found["state"] == "done", found["why"]
    assert [key.key_id for key in keys_of(robot.scene.world, robot.account)] == [new]
    assert staged(robot) == []
    ledger = (robot.scene.home / "shared" / "ledger.sqlite").read_bytes()
    private = json.loads(robot.files[A].read_text())["private_key"]
    assert not any(form.encode() in ledger for form in encoded(private.splitlines()[1]))


def test_a_home_that_only_one_host_reaches_blocks_the_plan(robot):
    robot.add(A, home=KEYRING)
    done = robot.run(A, "rotate", robot.id, *NOW)
    assert done.status == 6
    assert f"keyring:keyward/* is on {A} alone, and {B} has to read it too" in done.err
    assert 'home = "gsm:PROJECT/*" under [rotation]' in done.err
    assert [key.key_id for key in keys_of(robot.scene.world, robot.account)] == [robot.old.key_id]
