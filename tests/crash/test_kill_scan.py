"""A scan that is killed, truly, at any instant: cache and snapshots stay sound, and the next scan ends where one that nobody killed ends."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from tests.parts.scene import Scene

KEYS, SECRETS = 24, 12
"""In each of three projects: enough for dozens of transactions of the cache."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The cloud, and what a scan finds that nobody kills."""
    with Scene(tmp_path_factory.mktemp("kill") / "scene") as scene:
        scene.settings('[scan]\nread_values = ["all"]\n')
        for project in ("acme-one", "acme-two", "acme-three"):
            keys = [scene.key(f"key {number}", project=project) for number in range(KEYS)]
            for number, key in enumerate(keys[:SECRETS]):
                scene.secret(f"secret-{number}", f"old={number}", f"KEY={key.key_string}\n", project=project)
        scene.env(".env", f"A={keys[0].key_string}\nB={keys[1].key_string}\n")
        whole = Home(scene, "whole")
        began = time.monotonic()
        assert whole.begin().wait(120) == 0
        yield scene, whole.inventory(), time.monotonic() - began


class Home:
    """One user's state and cache in that world."""

    def __init__(self, scene, name):
        self.scene, self.folder = scene, scene.home / name
        self.cache = self.folder / "cache" / "inventory.db"
        self.snapshots = self.folder / "snapshots.db"

    def environ(self):
        return self.scene.environ(KEYWARD_HOME=str(self.folder))

    def begin(self):
        """A scan in a process of its own."""
        argv = [sys.executable, "-m", "keyward", "scan", str(self.scene.work)]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(argv, env=self.environ(), cwd=self.scene.home, **quiet)

    def scan(self):
        """A scan to its end."""
        done = self.scene.keyward("scan", self.scene.work, KEYWARD_HOME=str(self.folder))
        assert done.status == 0, done.err

    def inventory(self):
        """The whole document without what depends on when it was made."""
        found = self.scene.keyward("list", "-o", "json", KEYWARD_HOME=str(self.folder))
        assert found.status == 0, found.err
        document = found.json
        del document["scanned_at"]
        del document["judged"]["at"]  # that they are judged, and that this holds, is left in
        return document

    def sound(self):
        """Neither file is damaged, and each row of the cache is whole."""
        for file in (self.cache, self.snapshots):
            if file.exists():
                with closing(sqlite3.connect(file)) as opened:
                    assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",), file
        if self.cache.exists():
            with closing(sqlite3.connect(self.cache)) as cache:
                if cache.execute("PRAGMA user_version").fetchone()[0]:
                    halves = (
                        "SELECT (SELECT count(*) FROM key) - (SELECT count(*) FROM key JOIN detail USING (ordinal))"
                    )
                    assert cache.execute(halves).fetchone() == (0,)

    def written(self):
        """Bytes in the write-ahead logs: how far the writing has come."""
        logs = (file.with_name(f"{file.name}-wal") for file in (self.cache, self.snapshots))
        return [log.stat().st_size if log.exists() else 0 for log in logs]


def killed(home, when):
    """Scan, and kill it when that is so; whether it was still there to be killed."""
    running = home.begin()
    try:
        until = time.monotonic() + 60
        while not when() and running.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.0005)
    finally:
        running.kill()
    return running.wait(10) == -signal.SIGKILL


def goes_on(home, whole):
    home.sound()
    home.scan()
    home.sound()
    assert home.inventory() == whole
    differs = home.scene.keyward("diff", "-o", "json", KEYWARD_HOME=str(home.folder)).json
    assert {one["what"] for one in differs["changes"]} <= {"changed"}, "what was killed made no key new or gone"


INSTANTS = {
    "the first bytes of the cache": lambda home: home.written()[0] > 0,
    "in the middle of the cache": lambda home: home.written()[0] > 120_000,
    "the first bytes of the snapshot": lambda home: home.written()[1] > 0,
}


@pytest.mark.parametrize("instant", INSTANTS)
def test_killed_while_it_writes(world, instant, tmp_path):
    scene, whole, _ = world
    home = Home(scene, f"killed-{tmp_path.name}")
    assert killed(home, lambda: INSTANTS[instant](home)), "it was over before: this shows nothing"
    before = len(scene.log())
    goes_on(home, whole)
    again = [one for one in scene.log()[before:] if one["rpc"].endswith(("getKeyString", "AccessSecretVersion"))]
    if instant == "the first bytes of the snapshot":
        assert again == [], "what was read is not read again"


@pytest.mark.parametrize("requests", [pytest.param(5, marks=pytest.mark.slow), 40])
def test_killed_while_it_asks(world, requests, tmp_path):
    scene, whole, _ = world
    home, before = Home(scene, f"killed-{tmp_path.name}"), len(scene.log())
    assert killed(home, lambda: len(scene.log()) - before >= requests)
    goes_on(home, whole)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
def test_killed_again_and_again_at_random_instants(world, seed, tmp_path):
    scene, whole, length = world
    home, draw = Home(scene, f"killed-{tmp_path.name}"), random.Random(seed)
    for _ in range(3):
        at = time.monotonic() + draw.uniform(0.3, 1.0) * length
        killed(home, lambda at=at: time.monotonic() >= at)
        home.sound()
    goes_on(home, whole)
