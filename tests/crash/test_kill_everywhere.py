"""SIGKILL before and after every external effect and every ledger commit of a rotation with one target of each kind.

The command line is the thing under test; this process is the judge. It looks at the emulator's state, the env file and the keyring at
every point of every run: at no time may a target's current value be a key that is off. Afterwards `keyward resume` must finish.
"""

import contextlib
import json
import re
import shutil

import pytest

from keyward.emulator.behaviour import quick
from keyward.emulator.clock import Clock, parse
from keyward.emulator.world import World
from tests.crash.zygotes import Zygote
from tests.parts.scene import Scene

pytestmark = [pytest.mark.crash, pytest.mark.timeout(1500)]

SHARDS = 8
TRIES = 6
ITEM = ("acme", "app")
ROTATE = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")


class Stage:
    """The world before a rotation, put back before every run."""

    def __init__(self, folder, keyring):
        from jeepney.io.blocking import open_dbus_connection  # comes with secretstorage, on Linux only

        self.home, self.saved, self.keyring = folder / "live", folder / "saved", keyring
        self._connection = open_dbus_connection(keyring["DBUS_SESSION_BUS_ADDRESS"])
        with Scene(self.home, keyring) as scene:
            key = scene.key("payments gemini key")
            self.old, self.id = key.key_string, scene.key_id(key)
            scene.settings()
            scene.secret("app", json.dumps({"gemini": self.old, "retries": 3}, indent=1) + "\n")
            scene.env(".env", f'# keep me\nexport GEMINI_API_KEY="{self.old}"\nOTHER=1\n')
            scene.ring(*ITEM, self.old)
            done = scene.keyward("scan", scene.work, "--values", "all")
            assert done.status == 0, done.err
            self.dump = json.dumps(scene.world.dump())
        shutil.copytree(self.home, self.saved)

    @contextlib.contextmanager
    def scene(self):
        """The same world again: cloud, ledger, files and keyring as they were."""
        shutil.rmtree(self.home)
        shutil.copytree(self.saved, self.home)
        self._set_ring(self.old)
        snapshot = self.home / "world.json"
        snapshot.write_text(self.dump)
        snapshot.chmod(0o600)
        world = World(clock=Clock(parse(json.loads(self.dump)["now"])), behaviour=quick(), file=snapshot)
        with Scene(self.home, self.keyring, world) as scene:
            yield scene

    def values(self, scene):
        """What readers of each place get now."""
        text = (scene.work / ".env").read_text()
        found = re.search(r'^# keep me\nexport GEMINI_API_KEY="([^"\n]*)"\nOTHER=1\n$', text)
        assert found, "the env file is damaged"
        payload = scene.current("app").decode()
        data = json.loads(payload)
        assert payload == json.dumps({"gemini": data["gemini"], "retries": 3}, indent=1) + "\n", "the secret is damaged"
        (ring,) = [item.get_secret().decode() for item in self._items()]
        return {"env": found[1], "gsm": data["gemini"], "keyring": ring}

    def judge(self, scene):
        """A function for every point: the current value of every place is a key that is not deleted."""

        def look(point):
            live = scene.live()
            dead = [place for place, value in self.values(scene).items() if value not in live]
            assert not dead, f"at {point!r} the current value of {dead} is a key that is off"

        return look

    def _set_ring(self, value):
        for item in self._items():
            item.set_secret(value.encode())

    def _items(self):
        import secretstorage

        return list(secretstorage.search_items(self._connection, {"service": ITEM[0], "username": ITEM[1]}))

    def close(self):
        """Let go of the keyring."""
        self._connection.close()


@pytest.fixture(scope="module")
def zygote():
    one = Zygote()
    yield one
    one.close()


@pytest.fixture(scope="module")
def stage(tmp_path_factory, secret_service):
    one = Stage(tmp_path_factory.mktemp("crash"), secret_service)
    yield one
    one.close()


def _nothing(run):
    return run.status == 0 and "nothing to resume" in (run.out + run.err).lower()


def _finish(stage, scene, zygote, judge):
    """Resume until nothing is left to do; gives the number of runs that took."""
    for run in range(1, TRIES + 1):
        scene.world.clock.advance(2400)
        done = zygote.run(["resume"], scene.environ(), judge=judge)
        assert done.status == 0, done.err
        if _nothing(done):
            return run - 1
    done = zygote.run(["resume"], scene.environ(), judge=judge)
    assert "nothing to resume" in (done.out + done.err).lower(), (
        f"not finished after {TRIES} runs: {done.out}{done.err}"
    )
    return TRIES


def _check_end(stage, scene):
    """One live successor, no orphan, every place on it, the old key off, nothing lying about."""
    live = scene.live()
    assert stage.old not in live
    assert len(live) == 1, "an orphan, or no key at all"
    assert set(stage.values(scene).values()) == live
    assert [file.name for file in scene.work.iterdir()] == [".env"]
    states = [state for state, _ in scene.versions("app")]
    assert states[-1] == "ENABLED"
    ours = [key for key in scene.all_keys() if key["key_id"].startswith("kw-") and not key["delete_time"]]
    assert len(ours) == 1


def test_without_a_kill_it_goes_through_every_kind_of_effect(stage, zygote):
    with stage.scene() as scene:
        done = zygote.run(["rotate", stage.id, *ROTATE], scene.environ(), judge=stage.judge(scene))
        assert done.status == 0, done.err
        _finish(stage, scene, zygote, stage.judge(scene))
        _check_end(stage, scene)
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


@pytest.mark.parametrize("shard", range(SHARDS))
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
                if _nothing(resumed):  # killed before the rotation was on record: then nothing may have happened
                    after = json.dumps(scene.world.dump()["slots"], sort_keys=True)
                    assert after == before, f"killed at {where}: the world changed, and nobody knows"
                    assert set(stage.values(scene).values()) == {stage.old}
                    again = zygote.run(["rotate", stage.id, *ROTATE], scene.environ(), judge=judge)
                    assert again.status == 0, f"killed at {where}: {again.err}"
            _finish(stage, scene, zygote, judge)
            try:
                _check_end(stage, scene)
            except AssertionError as error:
                raise AssertionError(f"killed at {where}: {error}") from error
        point += SHARDS
    assert point > shard + 1 + SHARDS, "no point was reached in this shard"
