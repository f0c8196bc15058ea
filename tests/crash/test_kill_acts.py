"""SIGKILL before and after every external effect and every ledger commit around the changes of `keyward revoke` and `keyward import`: the same command ends it."""

import json

import pytest

from tests.crash.stage import PutBack

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]

REVOKE = ("--even-if-broken", "--yes", "--reason", "trial")
CHANGES = ("DELETE", "CreateSecret")
PLACE = "gsm:acme-prod/console-key"
SHARDS = 3

shards = pytest.mark.parametrize(
    "shard", [pytest.param(shard, marks=pytest.mark.slow if shard else ()) for shard in range(SHARDS)]
)
"""Every third point in CI; all of them with `-m "slow or not slow"`."""


class Before(PutBack):
    """A key in an env file, scanned without reading its value at the provider."""

    scan = ()

    def __init__(self, folder, zygote):
        self.zygote = zygote
        super().__init__(folder)

    def set_up(self, scene):
        key = scene.key("app key")
        scene.env(".env", f"KEY={key.key_string}\n")
        self.value, self.id = key.key_string, scene.key_id(key)

    def killed_everywhere(self, argv, check, shard):
        """Kill this command at its points from a little before its first change on; the same command has to end it."""
        with self.scene() as scene:
            points = self.zygote.run(argv, scene.environ()).points
        first = next(number for number, point in enumerate(points, 1) if any(word in point for word in CHANGES))
        deadly = [number for number, point in enumerate(points, 1) if number >= first - 8 and "GET" not in point]
        assert len(deadly) > 10
        for number in deadly[shard::SHARDS]:
            with self.scene() as scene:
                run = self.zygote.run(argv, scene.environ(), kill_at=number)
                assert run.killed
                again = self.zygote.run(argv, scene.environ())
                where = run.points[-1]
                assert again.status == 0, f"killed at {where}: {again.err}"
                check(scene, where)
                assert self._outcomes(scene), f"killed at {where}: no outcome is on record"

    def _outcomes(self, scene):
        done = self.zygote.run(["history", self.id, "-o", "json"], scene.environ())
        return [line for line in json.loads(done.out)["acts"] if line["kind"] == "outcome" and line["ok"]]


@pytest.fixture(scope="module")
def before(tmp_path_factory, zygote):
    return Before(tmp_path_factory.mktemp("acts"), zygote)


@shards
def test_revoke(before, shard):
    def check(scene, where):
        assert before.value not in scene.live(), where
        deletes = [one for one in scene.log() if one["method"] == "DELETE"]
        assert len(deletes) == 1, f"killed at {where}: deleted {len(deletes)} times"

    before.killed_everywhere(["revoke", before.id, *REVOKE], check, shard)


@shards
def test_import(before, shard):
    def check(scene, where):
        assert scene.versions("console-key") == [("ENABLED", before.value.encode())], where

    argv = ["import", before.id, "--to", PLACE, "--yes", "--reason", "trial"]
    before.killed_everywhere(argv, check, shard)
