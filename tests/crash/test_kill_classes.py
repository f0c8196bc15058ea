"""SIGKILL before and after every effect and every commit, for service account keys (B by upload, D by create) and swapped keys (E).

A rotation of these lasts longer than one run: it is killed in the first, and in the ones that disable, delete and tidy up. `-m slow` kills
at every point of every run, without it a few.
"""

import json

import pytest

from tests.crash.stage import ROTATE, nothing
from tests.crash.swap import SwapStage
from tests.crash.test_kill_account_keys import FORBIDDEN, Stage
from tests.parts.laptop import Laptop

pytestmark = [pytest.mark.crash, pytest.mark.timeout(3600)]

DAYS = 80 * 3600
TRIES = 8
SHARDS = 8


def walk(whole, shard):
    """The points of this shard, as (run, point), of a story whose runs have so many points."""
    every = [(run, point) for run, points in enumerate(whole) for point in range(1, points + 1)]
    assert len(every) >= 100, "too few for what docs/crash-safety.md says"
    return every[shard::SHARDS]


# B and D -----------------------------------------------------------------------------------------------------------------------


def _runs(stage, scene, zygote, kill=(None, 0)):
    """Rotate, then resume until there is nothing to do; the run of that number is killed at that point. Gives the points of each run."""
    counts, killed = [], False
    for number in range(TRIES):
        argv = ["rotate", stage.id, *ROTATE] if number == 0 else ["resume"]
        at = kill[1] if number == kill[0] else 0
        run = zygote.run(argv, scene.environ(), kill_at=at, judge=stage.judge(scene))
        counts.append(len(run.points))
        assert run.killed or run.status == 0, run.out + run.err
        killed = killed or run.killed
        if number and not run.killed and nothing(run):
            if number == 1 and killed and stage.old in {key.key_id for key in stage.live(scene) if not key.disabled}:
                # Killed before the rotation was on record: nothing may have happened, and it is asked for again.
                assert len(stage.live(scene)) == 9
                assert "keyward-pending-" not in json.dumps(scene.world.dump()["slots"]["secretmanager"])
                return _runs(stage, scene, zygote)[0], killed
            break
        scene.world.clock.advance(DAYS)
    return counts, killed


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("policies", [{}, FORBIDDEN], ids=["upload", "create"])
def test_account_keys_killed_at_every_point(zygote, tmp_path, policies, shard, record_property):
    stage = Stage(tmp_path, policies)
    with stage.scene() as scene:
        whole, _ = _runs(stage, scene, zygote)
        stage.check_end(scene)
    wrong = []
    for number, point in walk(whole, shard):
        with stage.scene() as scene:
            try:
                _, killed = _runs(stage, scene, zygote, (number, point))
                assert killed, "it ended before"
                stage.check_end(scene)
            except AssertionError as error:
                wrong.append(f"run {number} killed at {point}: {error}")
    record_property(f"real kills, class {'D' if policies else 'B'}", len(walk(whole, shard)))
    assert wrong == []


@pytest.mark.parametrize("policies", [{}, FORBIDDEN], ids=["upload", "create"])
def test_account_keys_killed_in_the_run_that_deletes(zygote, tmp_path, policies):
    stage = Stage(tmp_path, policies)
    with stage.scene() as scene:
        whole, _ = _runs(stage, scene, zygote)
    for point in (whole[1] // 2,):
        with stage.scene() as scene:
            _, killed = _runs(stage, scene, zygote, (1, point))
            assert killed
            stage.check_end(scene)


# E -----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def swaps(tmp_path, own_secret_service, zygote):
    with Laptop(tmp_path / "home", own_secret_service) as laptop:
        stage = SwapStage(laptop, zygote)
        yield stage
        stage.close()


def test_a_swap_killed_at_some_points(swaps):
    counts, _ = swaps.begin().story()
    for step, share in ((0, 0.5), (0, 0.8), (1, 0.5)):
        one = swaps.begin()
        _, killed = one.story((step, max(1, int(counts[step] * share))))
        assert killed
        one.check_end()


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_swap_killed_at_every_point(swaps, shard, record_property):
    whole, _ = swaps.begin().story()
    wrong = []
    for step, point in walk(whole, shard):
        one = swaps.begin()
        try:
            _, killed = one.story((step, point))
            assert killed, "it ended before"
            one.check_end()
        except AssertionError as error:
            wrong.append(f"step {step} killed at {point}: {error}")
    record_property("real kills, class E", len(walk(whole, shard)))
    assert wrong == []
