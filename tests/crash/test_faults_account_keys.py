"""The changes of a service account key's rotation go wrong once, in each way: made by upload and by create, staged, disabled, deleted.

The judge is the one of the kill tests. A few in each run, `-m slow` for all.
"""

import itertools

import pytest

from keyward.emulator.faults import Fault
from tests.crash.stage import ROTATE
from tests.crash.test_faults import FAULTS
from tests.crash.test_kill_account_keys import FORBIDDEN, Stage

pytestmark = [pytest.mark.crash, pytest.mark.timeout(1500)]

KEYS, SECRETS = "iam.projects.serviceAccounts.keys", "secretmanager.projects.secrets"
CHANGES = {
    "upload": ({}, f"{KEYS}.upload"),
    "create": (FORBIDDEN, f"{KEYS}.create"),
    "disable": ({}, f"{KEYS}.disable"),
    "delete": ({}, f"{KEYS}.delete"),
    "delete, made by Google": (FORBIDDEN, f"{KEYS}.delete"),
    "stage": ({}, f"{SECRETS}.create"),
    "stage the value": ({}, f"{SECRETS}.addVersion"),
    "unstage": ({}, f"{SECRETS}.delete"),
}
FEW = [
    ("upload", "dropped after"),
    ("create", "dropped after"),
    ("delete", "unavailable"),
    ("delete", "dropped after"),
    ("delete, made by Google", "dropped after"),
]


def _struck(zygote, folder, change, fault):
    """Rotate with that fault at the first such request, in whichever run that is, and go on until the end."""
    policies, rpc = CHANGES[change]
    stage = Stage(folder, policies)
    with stage.scene() as scene:
        rule = Fault(rpc=rf"^{rpc}$", **FAULTS[fault])
        times = rule.times
        scene.world.faults.add(rule)
        argv = ["rotate", stage.id, *ROTATE]
        for _ in range(10):
            run = zygote.run(argv, scene.environ(), judge=stage.judge(scene))
            said = run.out + run.err
            assert "Traceback" not in said, said
            assert run.status in (0, 1, 3, 4, 6), said
            if run.status:
                assert stage.id in said or "keyward" in said, "it names the key, or what to run"
            rotations = zygote.run(["status", "-o", "json"], scene.environ())
            assert rotations.status == 0, rotations.err
            if argv[0] == "resume" and "nothing to resume" in said.lower():
                break
            argv = ["resume"]
            scene.world.clock.advance(80 * 3600)
        if stage.old in {key.key_id for key in stage.live(scene)}:  # refused before anything was done
            assert len(stage.live(scene)) == 9
            again = zygote.run(["rotate", stage.id, *ROTATE], scene.environ(), judge=stage.judge(scene))
            assert again.status == 0, again.err
        stage.finish(scene, zygote)
        stage.check_end(scene)
        assert rule.times < times, "that request was never made, so nothing went wrong"


@pytest.mark.parametrize(("change", "fault"), FEW)
def test_a_change_goes_wrong(zygote, tmp_path, change, fault):
    _struck(zygote, tmp_path, change, fault)


@pytest.mark.slow
@pytest.mark.parametrize(("change", "fault"), [one for one in itertools.product(CHANGES, FAULTS) if one not in FEW])
def test_every_change_goes_wrong_in_every_way(zygote, tmp_path, change, fault):
    _struck(zygote, tmp_path, change, fault)
