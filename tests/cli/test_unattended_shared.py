"""Containers that forget everything between two runs, with a ledger on PostgreSQL: nothing is started twice or said twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.cli.test_documents import check
from tests.parts.scene import Scene

RULES = """
[scan]
read_values = ["all"]

[targets]
allow = ["gsm:*"]

[[rotation.rule]]
match = "project:acme-*"
max_age = "90d"
"""


@pytest.fixture
def container(tmp_path, postgres):
    """A function that runs keyward as a container would: an empty home each time; the key file and the settings come with it."""
    with Scene(tmp_path / "scene") as scene, postgres.database() as database:
        key_file = scene.home / "mounted" / "fingerprint.key"
        key_file.parent.mkdir(mode=0o700)
        scene.settings(RULES)
        runs = iter(range(1000))

        def run(*arguments):
            home = scene.home / f"container-{next(runs)}"
            home.mkdir(mode=0o700)
            done = scene.keyward(
                *arguments,
                KEYWARD_HOME=str(home),
                KEYWARD_LEDGER_URL=postgres.url(database),
                KEYWARD_FINGERPRINT_KEY_FILE=str(key_file),
            )
            assert "Traceback" not in done.err
            return done

        run.scene = scene
        yield run


def test_containers_without_a_memory_of_their_own(container):
    scene = container.scene
    key = scene.key("service")
    scene.secret("app", key.key_string)
    for _ in range(2):
        refused = container("rotate", "--due", "--yes")
        assert refused.status == 4, "a lost ledger is not begun again by itself"
    first = container("rotate", "--due", "--yes", "--new-ledger")
    assert first.status == 0, first.err
    assert "started    rotation" in first.out
    (new,) = scene.live() - {key.key_string}
    assert scene.current("app").decode() == new
    for _ in range(2):
        again = container("rotate", "--due", "--yes")
        assert (again.status, again.out) == (0, ""), again.out
    assert len(scene.live()) == 2
    scene.world.clock.advance(2 * 86400)
    assert "waiting on use" in container("rotate", "--due", "--yes").out
    scene.world.clock.advance(8 * 86400)
    done = container("rotate", "--due", "--yes", "-o", "json")
    assert [one["state"] for one in check(done.json)["continued"]] == ["retiring"]
    assert scene.live() == {new}


def test_hosts_that_start_at_the_same_moment_start_a_key_once(container):
    scene = container.scene
    keys = [scene.key(f"service {number}", project=f"acme-{number}") for number in range(3)]
    for number, key in enumerate(keys):
        scene.secret("app", key.key_string, project=f"acme-{number}")
    scene.settings(RULES.replace("90d", "900d"))
    assert container("rotate", "--due", "--yes", "--new-ledger").status == 0
    scene.settings(RULES)
    with ThreadPoolExecutor(4) as hosts:
        done = list(hosts.map(lambda _: container("rotate", "--due", "--yes", "-o", "json"), range(4)))
    assert [one.status for one in done] == [0] * 4, [one.err for one in done]
    started = [entry["key"] for one in done for entry in check(one.json)["started"]]
    assert sorted(started) == sorted(scene.key_id(key, f"acme-{number}") for number, key in enumerate(keys))
    assert len(scene.live()) == 6
