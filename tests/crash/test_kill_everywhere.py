"""SIGKILL before and after every external effect and every ledger commit of a rotation with one target of each kind.

The command line is the thing under test; this process is the judge. It looks at the emulator's state, the env file and the keyring at
every point of every run: at no time may a target's current value be a key that is off. Afterwards `keyward resume` must finish.
"""

import json

import pytest

from tests.crash.stage import ROTATE, Stage, check_end, finish, nothing
from tests.parts.secret_service import running

pytestmark = [pytest.mark.crash, pytest.mark.timeout(1500)]

SHARDS = 8
IN_CI = 1
"""Every fourth point is a test of every run; the others are walked with `-m slow`."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with running(tmp_path_factory.mktemp("ring"), again=True) as service:
        one = Stage(tmp_path_factory.mktemp("crash"), service.environ)
        yield one
        one.close()


def test_without_a_kill_it_goes_through_every_kind_of_effect(stage, zygote):
    with stage.scene() as scene:
        done = zygote.run(["rotate", stage.id, *ROTATE], scene.environ(), judge=stage.judge(scene))
        assert done.status == 0, done.err
        finish(scene, zygote, stage.judge(scene))
        check_end(stage, scene)
    text = "\n".join(done.points)
    for effect in (
        "POST /v2",
        "gRPC AddSecretVersion",
        "writing the temporary file",
        "renaming the temporary file",
        "keyring set",
        "ledger commit",
        "DELETE /v2",
    ):
        assert f"before {effect}" in text, f"the run never came to {effect}: {text}"
        assert f"after {effect}" in text


@pytest.mark.parametrize(
    "shard",
    [pytest.param(shard, marks=() if shard % (SHARDS // IN_CI) == 0 else pytest.mark.slow) for shard in range(SHARDS)],
)
def test_killed_at_any_point_it_is_finished_by_resume(stage, zygote, shard):
    point, ends = shard + 1, False
    while not ends:
        with stage.scene() as scene:
            before = json.dumps(scene.world.dump()["slots"], sort_keys=True)
            judge = stage.judge(scene)
            run = zygote.run(["rotate", stage.id, *ROTATE], scene.environ(), kill_at=point, judge=judge)
            ends = not run.killed
            where = run.points[-1] if run.points else "the start"
            if run.killed:
                resumed = zygote.run(["resume"], scene.environ(), judge=judge)
                if nothing(resumed):  # killed before the rotation was on record: then nothing may have happened
                    after = json.dumps(scene.world.dump()["slots"], sort_keys=True)
                    assert after == before, f"killed at {where}: the world changed, and nobody knows"
                    assert set(stage.values(scene).values()) == {stage.old}
                    again = zygote.run(["rotate", stage.id, *ROTATE], scene.environ(), judge=judge)
                    assert again.status == 0, f"killed at {where}: {again.err}"
            finish(scene, zygote, judge)
            try:
                check_end(stage, scene)
            except AssertionError as error:
                raise AssertionError(f"killed at {where}: {error}") from error
        point += SHARDS
    assert point > shard + 1 + SHARDS, "no point was reached in this shard"
