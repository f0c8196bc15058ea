"""The ledger can only be read: before a rotation begins, between its runs, or from some point of one on.

Nothing is created or changed at the provider that is not on record; the message says which file, and what to do; the next run with a
ledger that can be written finishes. The file systems are real ones, and so is PostgreSQL. Some points in each run, `-m slow` for all.
"""

import contextlib
import itertools
import json
import os
import shutil
import sqlite3

import pytest

from tests.cli.conftest import changes_in
from tests.crash.stage import nothing
from tests.crash.test_kill_account_keys import FORBIDDEN
from tests.crash.test_kill_account_keys import Stage as AccountStage
from tests.parts.mounts import failing_disk, read_only
from tests.parts.scene import Scene

pytestmark = [pytest.mark.crash, pytest.mark.timeout(1200)]

NOW = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")
LEAKED = ("--accept-targets", "--emergency", "--yes", "--reason", "trial")
LATER = ("--accept-targets", "--grace", "1h", "--yes", "--retire", "now", "--reason", "trial")
SHARES = (0.1, 0.35, 0.6, 0.85)


class ApiKey:
    """An API key in an env file and in a secret."""

    def __init__(self, zygote, folder, settings=""):
        self.scene, self.zygote = Scene(folder, rate=1000), zygote
        self.scene.__enter__()
        self.scene.settings(settings)
        key = self.scene.key()
        self.old, self.id = key.key_string, self.scene.key_id(key)
        self.scene.env(".env", f"A={self.old}\nB=kept\n")
        self.scene.secret("app", json.dumps({"a": self.old}))
        done = zygote.run(["scan", self.scene.work, "--values", "all"], self.scene.environ())
        assert done.status == 0, done.err
        self.state = self.scene.home / "state"

    def run(self, *argv, at=None, do=None):
        """Run a command line; at the point of that number, `do` happens."""

        def judge(point):
            if at is not None and int(point.split()[1]) == at:
                do()
            self.judge(point)

        return self.zygote.run(argv, self.scene.environ(), judge=judge)

    def judge(self, point):
        text = (self.scene.work / ".env").read_text()
        assert text.endswith("\nB=kept\n"), f"the env file is damaged at {point!r}"
        held = {json.loads(self.scene.current("app"))["a"], text.partition("\n")[0].removeprefix("A=")}
        assert held <= self.scene.live(), f"at {point!r} a place holds a key that is off"

    def untouched(self):
        return len(self.scene.all_keys()) == 1 and self.old in self.scene.live()

    def check_end(self):
        (new,) = self.scene.live()
        assert new != self.old
        assert json.loads(self.scene.current("app")) == {"a": new}
        assert (self.scene.work / ".env").read_text() == f"A={new}\nB=kept\n"
        assert [file.name for file in self.scene.work.iterdir()] == [".env"]

    def close(self):
        self.scene.__exit__(None, None, None)


class AccountKey(ApiKey):
    """A service account key in a file and in a secret: made by upload, or by create where the policies forbid that."""

    def __init__(self, zygote, folder, policies):
        self.stage, self.zygote = AccountStage(folder, policies), zygote
        self.scene = self.stage.scene()
        self.scene.__enter__()
        self.id, self.old = self.stage.id, self.stage.old
        self.judge = self.stage.judge(self.scene)
        self.state = self.scene.home / "state"

    def untouched(self):
        staged = "keyward-pending-" in json.dumps(self.scene.world.dump()["slots"]["secretmanager"])
        keys = self.stage.live(self.scene)
        return not staged and len(keys) == 9 and self.old in {key.key_id for key in keys if not key.disabled}

    def check_end(self):
        self.stage.check_end(self.scene)


KINDS = {
    "API key": ApiKey,
    "upload": lambda zygote, folder: AccountKey(zygote, folder, {}),
    "create": lambda zygote, folder: AccountKey(zygote, folder, FORBIDDEN),
}


ANNOUNCED = {"API key": 1, "upload": 2, "create": 3}
"""Changes that one line on record announces: a pending secret and its version; before them the key itself, whose value is shown once."""


def told(run, *names):
    """It failed in words that name the file and say what to do."""
    said = run.out + run.err
    assert "Traceback" not in said, said
    assert run.status in (1, 3, 4), (run.status, said)
    for name in names:
        assert str(name) in said, (name, said)
    assert any(what in said for what in ("read-only", "can only be read", "could not be written", "may not do that")), (
        said
    )
    assert "run the same command again" in said
    return said


def finish(story):
    """Go on with a ledger that can be written, until there is nothing to do."""
    for _ in range(8):
        story.scene.world.clock.advance(80 * 3600)
        done = story.run("resume")
        assert done.status == 0, done.out + done.err
        if nothing(done):
            break
    if story.untouched():
        assert story.run("rotate", story.id, *NOW).status == 0
        finish(story)
        return
    story.check_end()


def intents(state):
    """The lines of the trail about rotations, oldest first: (kind, step)."""
    with contextlib.closing(sqlite3.connect(state / "ledger.db")) as ledger:
        return ledger.execute("SELECT kind, step FROM event WHERE rotation != '' ORDER BY seq").fetchall()


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("API key", "folder"),
        ("create", "file"),
        *(
            pytest.param(*one, marks=pytest.mark.slow)
            for one in itertools.product(KINDS, ("folder", "file"))
            if one not in {("API key", "folder"), ("create", "file")}
        ),
    ],
)
def test_read_only_before_it_begins(zygote, tmp_path, kind, what):
    with contextlib.closing(KINDS[kind](zygote, tmp_path / "home")) as story:
        seen = len(story.scene.log())
        with read_only(story.state if what == "folder" else story.state / "ledger.db"):
            for argv in (["rotate", story.id, *NOW], ["rotate", story.id, *LEAKED]):
                told(story.run(*argv), story.state / "ledger.db")
            assert changes_in(story.scene.log()[seen:]) == []
            assert story.untouched()
        finish(story)


@pytest.mark.parametrize("what", ["folder", "file"])
def test_read_only_between_two_runs(zygote, tmp_path, what):
    with contextlib.closing(ApiKey(zygote, tmp_path / "home")) as story:
        assert story.run("rotate", story.id, *LATER, "--wait=cut-over").status == 0
        story.scene.world.clock.advance(7200)
        seen = len(story.scene.log())
        with read_only(story.state if what == "folder" else story.state / "ledger.db"):
            for argv in (["resume"], ["rotate", "--due", "--yes"], ["undo", *rotation_of(story), "--yes"]):
                told(story.run(*argv), story.state)
            assert changes_in(story.scene.log()[seen:]) == []
            assert story.old in story.scene.live()
            shown = story.run("history")
            assert shown.status == 0, shown.err
            assert story.id in shown.out
        finish(story)


def rotation_of(story):
    done = story.run("history", "-o", "json")
    return [one["id"] for one in json.loads(done.out)["rotations"]]


@contextlib.contextmanager
def on_failing_disk(story, folder):
    """The story with its ledger on a disk that can fail."""
    aside = folder / "aside"
    shutil.move(story.state, aside)
    story.state.mkdir(mode=0o700)
    with failing_disk(story.state, folder / "image") as disk:
        shutil.copytree(aside, story.state, dirs_exist_ok=True)
        os.sync()  # what a program has not synced is lost when the disk fails, and the copy is no part of the story
        yield disk


def fails_at(zygote, kind, folder, at):
    """The whole story with a disk that fails at that point of the first run."""
    with (
        contextlib.closing(KINDS[kind](zygote, folder / "home")) as story,
        on_failing_disk(story, folder) as disk,
    ):
        seen = []

        def fail():
            disk.fail()
            seen.append(len(story.scene.log()))

        run = story.run("rotate", story.id, *NOW, at=at, do=fail)
        assert seen, "it ended before that point"
        changed = changes_in(story.scene.log()[seen[0] :])
        if run.status:
            told(run, story.state)
        disk.mend()
        lines = intents(story.state)
        if changed:
            assert lines[-1][0] == "intent", (at, lines[-3:], changed)
            assert len(changed) <= ANNOUNCED[kind], "more than what one line announced"
        finish(story)
        return bool(run.status)


def points_of(zygote, kind, folder):
    with contextlib.closing(KINDS[kind](zygote, folder)) as story:
        done = story.run("rotate", story.id, *NOW)
        assert done.status == 0, done.err
        return len(done.points)


def test_an_api_key_whose_disk_fails_at_some_points(zygote, tmp_path):
    points = points_of(zygote, "API key", tmp_path / "whole")
    failed = [fails_at(zygote, "API key", _made(tmp_path / str(share)), int(points * share)) for share in SHARES]
    assert sum(failed) >= 3, "the disk failed and nobody noticed"


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kind", [*KINDS])
def test_the_disk_fails_at_every_point(zygote, tmp_path, kind, record_property):
    points = points_of(zygote, kind, tmp_path / "whole")
    failed = 0
    for at in range(1, points + 1, 2):  # before each effect and commit; after it is before the next
        failed += fails_at(zygote, kind, _made(tmp_path / str(at)), at)
        shutil.rmtree(tmp_path / str(at))
    record_property(f"disk of the ledger failed, {kind}", failed)
    assert failed > points // 4


def _made(folder):
    folder.mkdir()
    return folder
