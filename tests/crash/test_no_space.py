"""The disk is full from some point of a rotation on: the ledger's, or that of an env file. No key is lost, the message says what to do.

The file system is a real one that is filled to the brim while the program stands still at that point.
"""

import contextlib
import json
import shutil

import pytest

from tests.parts.mounts import fill, small_disk
from tests.parts.scene import Scene

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]

NOW = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")
SHARES = (0.05, 0.3, 0.5, 0.7, 0.95)


@contextlib.contextmanager
def _on_small_disk(folder, size):
    """What is in the folder, on a file system of that size."""
    aside = folder.with_name(f"{folder.name}-aside")
    shutil.copytree(folder, aside)
    with small_disk(folder, size):
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        yield folder


@contextlib.contextmanager
def _story(zygote, folder, small, size):
    with Scene(folder, rate=1000) as scene:
        scene.settings()
        key = scene.key()
        scene.env(".env", f"A={key.key_string}\nB=kept\n")
        scene.secret("app", json.dumps({"a": key.key_string}))
        assert zygote.run(["scan", scene.work, "--values", "all"], scene.environ()).status == 0
        where = scene.work if small == "env file" else scene.home / "state"
        with _on_small_disk(where, size):
            yield scene, key, where


def _judge(scene, where=None, at=0):
    def look(point):
        if where is not None and int(point.split()[1]) == at:
            fill(where)
        text = (scene.work / ".env").read_text()
        assert text.endswith("\nB=kept\n"), f"the env file is damaged at {point!r}"
        held = {json.loads(scene.current("app"))["a"], text.partition("\n")[0].removeprefix("A=")}
        assert held <= scene.live(), f"at {point!r} a place holds a key that is off"

    return look


def _points(zygote, folder):
    with Scene(folder, rate=1000) as scene:
        scene.settings()
        key = scene.key()
        scene.env(".env", f"A={key.key_string}\nB=kept\n")
        scene.secret("app", json.dumps({"a": key.key_string}))
        zygote.run(["scan", scene.work, "--values", "all"], scene.environ())
        return len(zygote.run(["rotate", scene.key_id(key), *NOW], scene.environ()).points)


@pytest.mark.parametrize(("small", "size"), [("ledger", "8m"), ("env file", "16k")])
def test_no_space_from_some_point_on(zygote, tmp_path, small, size):
    points = _points(zygote, tmp_path / "whole")
    assert points > 40
    told = 0
    for share in SHARES:
        at = max(1, int(points * share))
        with _story(zygote, tmp_path / str(at), small, size) as (scene, key, where):
            order = ["rotate", scene.key_id(key), *NOW]
            run = zygote.run(order, scene.environ(), judge=_judge(scene, where, at))
            said = run.out + run.err
            assert "Traceback" not in said, (at, said)
            assert run.status in (0, 1, 3, 4, 6), (at, said)
            if run.status:
                told += 1
                assert "space" in said.lower() or "full" in said.lower(), (at, said)
                assert key.key_string not in said
            (where / "filler").unlink(missing_ok=True)
            for _ in range(8):
                scene.world.clock.advance(2400)
                done = zygote.run(["resume"], scene.environ(), judge=_judge(scene))
                assert done.status == 0, (at, done.out + done.err)
                if "nothing to resume" in (done.out + done.err).lower():
                    break
            if key.key_string in scene.live():  # it was full before the rotation was on record
                assert len(scene.all_keys()) == 1
                done = zygote.run([*order, "--wait"], scene.environ(), judge=_judge(scene))
                assert done.status == 0, (at, done.err)
            (new,) = scene.live()
            assert json.loads(scene.current("app")) == {"a": new}
            assert (scene.work / ".env").read_text() == f"A={new}\nB=kept\n"
            assert [file.name for file in scene.work.iterdir()] == [".env"]
    assert told, "the disk was never too small"
