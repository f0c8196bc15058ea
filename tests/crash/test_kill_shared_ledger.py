"""SIGKILL before and after commits of a ledger on PostgreSQL, during a rotation: the next run finishes, as with a file.

The matrix over every external effect runs on SQLite; here it is the commits that differ. `-m slow` kills at each of them.
"""

import contextlib
import json

import pytest

from tests.parts.scene import Scene

pytestmark = [pytest.mark.crash, pytest.mark.timeout(600)]

NOW = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")
SAMPLE = 5


@contextlib.contextmanager
def _story(postgres, zygote, folder):
    with postgres.database() as database, Scene(folder, rate=1000) as scene:
        scene.settings(f'[ledger]\nurl = "{postgres.url(database)}"\n')
        key = scene.key()
        scene.env(".env", f"A={key.key_string}\n")
        scene.secret("app", json.dumps({"a": key.key_string}))
        done = zygote.run(["scan", scene.work, "--values", "all"], scene.environ())
        assert done.status == 0, done.err
        yield scene, key


def _finish(scene, zygote, judge):
    for _ in range(12):
        scene.world.clock.advance(2400)
        done = zygote.run(["resume"], scene.environ(), judge=judge)
        # The clock of this world is so fast that a lease seems to end while the judge looks: then the next run goes on.
        assert done.status in (0, 5), done.err
        if "nothing to resume" in (done.out + done.err).lower():
            return
    pytest.fail(f"not finished: {done.err}")


def _killed_at(postgres, zygote, folder, point):
    with _story(postgres, zygote, folder) as (scene, key):

        def judge(where):
            live = scene.live()
            held = {json.loads(scene.current("app"))["a"], (scene.work / ".env").read_text().removeprefix("A=").strip()}
            assert held <= live, f"at {where!r} a place holds a key that is off"

        order = ["rotate", scene.key_id(key), *NOW]
        done = zygote.run(order, scene.environ(), kill_at=point, judge=judge)
        assert done.killed, done.err
        _finish(scene, zygote, judge)
        if key.key_string in scene.live():  # killed before the rotation was on record
            assert len(scene.all_keys()) == 1
            assert zygote.run(order, scene.environ(), judge=judge).status in (0, 5)
            _finish(scene, zygote, judge)
        (new,) = scene.live()
        assert new != key.key_string
        assert json.loads(scene.current("app")) == {"a": new}
        assert (scene.work / ".env").read_text() == f"A={new}\n"
        told = zygote.run(["history", "-o", "json"], scene.environ())
        assert len(json.loads(told.out)["rotations"]) == 1


@pytest.fixture(scope="module")
def commits(postgres, zygote, tmp_path_factory):
    """The numbers of all points around a commit, of a rotation that is not killed."""
    with _story(postgres, zygote, tmp_path_factory.mktemp("counted")) as (scene, key):
        done = zygote.run(["rotate", scene.key_id(key), *NOW], scene.environ())
        assert done.status == 0, done.err
        found = [int(point.split()[1]) for point in done.points if "ledger commit" in point]
    assert len(found) > 40, "commits of PostgreSQL are not seen"
    return found


def test_killed_at_some_commits(postgres, zygote, commits, tmp_path):
    for point in commits[3 :: len(commits) // SAMPLE]:
        _killed_at(postgres, zygote, tmp_path / str(point), point)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_killed_at_every_commit(postgres, zygote, commits, tmp_path):
    for point in commits:
        _killed_at(postgres, zygote, tmp_path / str(point), point)
