"""One key that only a person makes, in an env file and in the keyring of a laptop, and the person who swaps it."""

import json
import shutil

from tests.crash.ring import Ring
from tests.parts.terminal import environment

ITEM = ("service", "me")


class SwapStage:
    """A laptop whose key is known; put back as it was before every swap."""

    def __init__(self, laptop, zygote):
        self.laptop, self._zygote = laptop, zygote
        self.old = laptop.vendor.make()
        self.file = laptop.env("service/.env", f"OPENAI_API_KEY={self.old}\n")
        laptop.ring(*ITEM, self.old)
        self._ring = Ring(laptop.keyring, *ITEM)
        assert laptop.keyward("scan", laptop.work).status == 0
        (self.key,) = laptop.keyward("list", "-o", "ids").out.split()
        self._saved = laptop.home.with_name("saved")
        shutil.copytree(laptop.home, self._saved)

    def begin(self, kind=None):
        """A new story (a `Swap`, or of that kind): nothing has happened yet, and the person has a new key at hand."""
        shutil.rmtree(self.laptop.home)
        shutil.copytree(self._saved, self.laptop.home)
        self._ring.set(self.old)
        for user in self.laptop.pending():
            self._ring.remove("keyward", user)
        self.laptop.vendor.live = {self.old}
        self.laptop.vendor.log.clear()
        return (kind or Swap)(self, self.laptop.vendor.make())

    def run(self, argv, kill_at, stdin, judge):
        """The command line; `judge` looks at every point."""
        env = environment(self.laptop.home, **self.laptop.variables, PWD=str(self.laptop.home))
        return self._zygote.run(argv, env, kill_at=kill_at, stdin=stdin, judge=judge)

    def in_file(self):
        """What the readers of the env file get now."""
        return self.file.read_text().strip().removeprefix("OPENAI_API_KEY=")

    def places(self):
        """What the readers of each place get now."""
        return self.in_file(), self._ring.value

    def close(self):
        """Let go of the keyring."""
        self._ring.close()


class Swap:
    """One swap of that key for `new`."""

    def __init__(self, stage, new):
        self.stage, self.new = stage, new

    def run(self, *argv, kill_at=0, stdin=""):
        return self.stage.run(argv, kill_at, stdin, self.judge)

    def judge(self, point):
        """At every point: no place holds a key that is off."""
        live = self.stage.laptop.vendor.live
        dead = [place for place, value in enumerate(self.stage.places()) if value not in live]
        assert not dead, f"at {point!r} place {dead} holds a key that is off"

    def swapped(self, kill_at=0):
        argv = ("swap", self.stage.key, "--stdin", "--accept-targets")
        return self.run(*argv, kill_at=kill_at, stdin=f"{self.new}\n")

    def deleted(self, kill_at=0):
        return self.run("swap", self.stage.key, "--old-deleted", kill_at=kill_at)

    def resumed(self, kill_at=0):
        return self.run("resume", kill_at=kill_at)

    def story(self, kill=(None, 0)):
        """Swap, say that the old key is deleted, resume; the step of that number is killed at that point. Gives the points of each."""
        counts, killed = [], False
        for step, do in enumerate((self.swapped, self.deleted, self.resumed)):
            run = do(kill_at=kill[1] if step == kill[0] else 0)
            counts.append(len(run.points))
            if run.killed:
                killed = True
                run = do()
            assert run.status == 0, run.out + run.err
            if step == 0:
                assert set(self.stage.places()) == {self.new}
                self.stage.laptop.vendor.delete(self.stage.old)
        return counts, killed

    def check_end(self):
        """The new key is everywhere, nothing lies about, and there was one rotation, whatever happened."""
        assert set(self.stage.places()) == {self.new}
        assert [file.name for file in self.stage.file.parent.iterdir()] == [".env"]
        (rotation,) = json.loads(self.run("history", "-o", "json").out)["rotations"]
        # Its clock is the real one, so the last probes of the old key are still to come.
        assert rotation["state"] in {"done", "retiring"}, rotation
        shown = {headers.get("authorization") for _, headers in self.stage.laptop.vendor.log}
        assert shown <= {f"Bearer {self.stage.old}", f"Bearer {self.new}"}, "another value went to the vendor"
