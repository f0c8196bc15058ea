"""The requests of a rotation go wrong once, each change in each way that a network or Google has. Afterwards `keyward resume` must finish.

The judge is the one of the kill tests: at no point may a place's current value be a key that is off, and nothing is left hanging.
"""

import json

import pytest

from keyward.emulator.faults import Fault
from tests.crash.stage import ROTATE, Stage, check_end, finish, nothing
from tests.parts.secret_service import running

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]

FAULTS = {
    "dropped before": {"kill": True},
    "dropped after": {"after": True},
    "ended after": {"after": True, "orderly": True},
    "unavailable": {"status": "UNAVAILABLE"},
    "denied": {"status": "PERMISSION_DENIED"},
    "unauthenticated": {"status": "UNAUTHENTICATED"},
    "cut": {"truncate": 10},
    "throttled": {"status": "RESOURCE_EXHAUSTED", "retry_after": 2.0},
    "burst": {"status": "UNAVAILABLE", "times": 4},
}
KEYS, VERSIONS = "apikeys.projects.locations.keys", "secretmanager.projects.secrets.versions"
ADD_VERSION = "secretmanager.projects.secrets.addVersion"
CHANGES = (f"{KEYS}.create", f"{KEYS}.delete", ADD_VERSION)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with running(tmp_path_factory.mktemp("ring"), again=True) as service:
        one = Stage(tmp_path_factory.mktemp("faults"), service.environ, rate=1000.0)
        yield one
        one.close()


def _struck(stage, zygote, rpc, skip, **fault):
    """Rotate with that fault at that request, and go on until the end."""
    with stage.scene() as scene:
        before = json.dumps(scene.world.dump()["slots"]["apikeys"], sort_keys=True)
        judge = stage.judge(scene)
        rule = Fault(rpc=rf"^{rpc}$", skip=skip, **fault)
        times = rule.times
        scene.world.faults.add(rule)
        run = zygote.run(["rotate", stage.id, *ROTATE], scene.environ(), judge=judge)
        assert run.status in (0, 1, 4, 6), run.err
        assert "Traceback" not in run.err, run.err
        if nothing(zygote.run(["resume"], scene.environ(), judge=judge)) and stage.old in scene.live():
            assert run.status != 0, "it says that all is well, and did nothing"
            assert json.dumps(scene.world.dump()["slots"]["apikeys"], sort_keys=True) == before
            again = zygote.run(["rotate", stage.id, *ROTATE], scene.environ(), judge=judge)
            assert again.status == 0, again.err
        finish(scene, zygote, judge)
        check_end(stage, scene)
        assert rule.times < times, "that request was never made, so nothing went wrong"


@pytest.mark.parametrize("rpc", CHANGES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_change_goes_wrong(stage, zygote, rpc, fault):
    _struck(stage, zygote, rpc, 0, **FAULTS[fault])


@pytest.mark.slow
@pytest.mark.parametrize("rpc", CHANGES)
def test_a_change_stalls_for_half_a_minute(stage, zygote, rpc):
    _struck(stage, zygote, rpc, 0, delay=30.0)


@pytest.mark.parametrize(
    ("rpc", "skip", "fault"),
    [
        ("apikeys.operations.get", 0, "dropped before"),
        ("apikeys.operations.get", 1, "denied"),
        (f"{KEYS}.get", 1, "denied"),
        (f"{KEYS}.get", 4, "cut"),
        (f"{KEYS}.getKeyString", 0, "denied"),
        (f"{KEYS}.getKeyString", 1, "denied"),
        ("generativelanguage.models.list", 0, "dropped after"),
        ("generativelanguage.models.list", 1, "unauthenticated"),
        (f"{VERSIONS}.access", 1, "denied"),
        (f"{VERSIONS}.access", 2, "denied"),
        (f"{VERSIONS}.access", 3, "unauthenticated"),
        (f"{VERSIONS}.list", 0, "denied"),
        (f"{VERSIONS}.list", 1, "denied"),
        (f"{VERSIONS}.disable", 0, "denied"),
    ],
)
def test_a_look_goes_wrong(stage, zygote, rpc, skip, fault):
    """Looks that something rests on: whether the key was made, works, is off; what a place holds before and after it was written."""
    _struck(stage, zygote, rpc, skip, **FAULTS[fault])
