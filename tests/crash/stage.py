"""One small world for every crash test: a key in a secret, an env file and a keyring; put back as it was before every run."""

import json
import re
import shutil

from keyward.emulator.behaviour import quick
from keyward.emulator.clock import Clock, parse
from keyward.emulator.world import World
from tests.crash.ring import Ring
from tests.parts.scene import Scene

TRIES = 6
ITEM = ("acme", "app")
ROTATE = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")


class PutBack:
    """A world that is set up once, scanned, and put back before every run; `rate` is how many times faster than real time its clock runs."""

    scan = ("--values", "all")

    def __init__(self, folder, keyring=None, rate=1.0):
        self.home, self.saved, self.keyring, self.rate = folder / "live", folder / "saved", keyring, rate
        with Scene(self.home, keyring) as scene:
            scene.settings()
            self.set_up(scene)
            done = scene.keyward("scan", scene.work, *self.scan)
            assert done.status == 0, done.err
            self.dump = json.dumps(scene.world.dump())
        shutil.copytree(self.home, self.saved)

    def set_up(self, scene):
        """Make what is to be rotated, and the places that hold it."""
        raise NotImplementedError

    def scene(self):
        """The same world again: cloud, ledger and files as they were."""
        shutil.rmtree(self.home)
        shutil.copytree(self.saved, self.home)
        snapshot = self.home / "world.json"
        snapshot.write_text(self.dump)
        snapshot.chmod(0o600)
        world = World(clock=Clock(parse(json.loads(self.dump)["now"]), self.rate), behaviour=quick(), file=snapshot)
        return Scene(self.home, self.keyring, world)


class Stage(PutBack):
    """The world before a rotation."""

    def __init__(self, folder, keyring, rate=1.0):
        self._ring = Ring(keyring, *ITEM)
        super().__init__(folder, keyring, rate)

    def set_up(self, scene):
        """One key in three kinds of places."""
        key = scene.key("payments gemini key")
        self.old, self.id = key.key_string, scene.key_id(key)
        scene.secret("app", json.dumps({"gemini": self.old, "retries": 3}, indent=1) + "\n")
        scene.env(".env", f'# keep me\nexport GEMINI_API_KEY="{self.old}"\nOTHER=1\n')
        scene.ring(*ITEM, self.old)

    def scene(self):
        """The keyring as it was, too."""
        again = super().scene()
        self._ring.set(self.old)
        return again

    def values(self, scene):
        """What readers of each place get now."""
        text = (scene.work / ".env").read_text()
        found = re.search(r'^# keep me\nexport GEMINI_API_KEY="([^"\n]*)"\nOTHER=1\n$', text)
        assert found, "the env file is damaged"
        payload = scene.current("app").decode()
        data = json.loads(payload)
        assert payload == json.dumps({"gemini": data["gemini"], "retries": 3}, indent=1) + "\n", "the secret is damaged"
        return {"env": found[1], "gsm": data["gemini"], "keyring": self._ring.value}

    def judge(self, scene):
        """A function for every point: the current value of every place is a key that is not deleted."""

        def look(point):
            live = scene.live()
            dead = [place for place, value in self.values(scene).items() if value not in live]
            assert not dead, f"at {point!r} the current value of {dead} is a key that is off"

        return look

    def close(self):
        """Let go of the keyring."""
        self._ring.close()


def nothing(run):
    """Whether a resume had nothing to do."""
    return run.status == 0 and "nothing to resume" in (run.out + run.err).lower()


def finish(scene, zygote, judge, seconds=2400):
    """Resume, so many seconds later each time, until nothing is left to do; gives the number of runs that took."""
    for run in range(1, TRIES + 1):
        scene.world.clock.advance(seconds)
        done = zygote.run(["resume"], scene.environ(), judge=judge)
        assert done.status == 0, done.err
        if nothing(done):
            return run - 1
    done = zygote.run(["resume"], scene.environ(), judge=judge)
    assert "nothing to resume" in (done.out + done.err).lower(), (
        f"not finished after {TRIES} runs: {done.out}{done.err}"
    )
    return TRIES


def check_end(stage, scene):
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
