"""Undo on the command line from every state of a rotation of a Google API key: both keys' fates, every place, and what is refused."""

import os
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.cli.conftest import changes_in
from tests.parts.scene import PROJECT, Scene

REASON = ("--yes", "--reason", "back")
DAY = 86_400


@dataclass
class Story:
    """One key in an env file and in a secret."""

    scene: Scene

    def __post_init__(self):
        self.scene.settings()
        self.key = self.scene.key()
        self.id = self.scene.key_id(self.key)
        self.old = self.key.key_string
        self.scene.secret("app", f'{{"k": "{self.old}", "n": 1}}')
        self.file = self.scene.env(".env", f"# mine\nA={self.old}\n")
        assert self.scene.keyward("scan", self.scene.work, "--values", "all").status == 0

    def rotate(self, *more, grace="0s", retire="now", status=0):
        """Begin it; gives its id."""
        asked = ("--accept-targets", "--grace", grace, "--retire", retire, "--yes", "--reason", "trial")
        done = self.scene.keyward("rotate", self.id, *asked, *more, "-o", "json")
        assert done.status == status, done.err
        return self.only()["id"]

    def only(self):
        (one,) = self.scene.keyward("history", "-o", "json").json["rotations"]
        return one

    def hurry(self):
        """Let the cloud's time run, and the emulator do everything at once from now on."""
        self.scene.world.clock.set_rate(1000)

    def wait(self, seconds):
        self.scene.world.clock.advance(seconds)


def planned(story):
    """Put down, and then the process was gone."""
    with _desk(story.scene) as desk:
        from keyward.desk.engine import engine
        from keyward.desk.wish import Changes
        from keyward.ledger.ids import new_rotation_id
        from keyward.rotation.opening import begin

        plan = desk.rotating.plan([story.id], Changes(accept_targets=True, yes=True, retire="now"))
        with engine(desk, desk.parts.ctx()) as made:
            (rotation,) = begin(made.reach, plan, new_rotation_id)
    return rotation


def creating(story):
    """The new key is there and not known everywhere yet."""
    return story.rotate()


def verified(story):
    """The new key is proved; somebody else is writing to the first target just now."""
    rotation = story.rotate()
    story.wait(120)
    with _desk(story.scene) as desk:
        ledger, _ = desk.books.writing()
        lease = ledger.acquire(f"target:env:{story.file}", "somebody else", 300.0)
        done = story.scene.keyward("resume", rotation)
        ledger.release(lease)
    assert done.status == 5, done.err
    return rotation


def distributing(story):
    """The file is written, the secret refuses."""
    rotation = story.rotate()
    story.wait(120)
    denied = story.scene.world.known(PROJECT).denied
    denied.add("secretmanager.versions.add")
    assert story.scene.keyward("resume", rotation).status == 1
    denied.clear()
    assert story.old not in story.file.read_text()
    assert story.old in story.scene.current("app").decode()
    return rotation


def overlap(story):
    """Both keys work, every place holds the new one."""
    story.hurry()
    return story.rotate("--wait=cut-over", grace="30d")


def retiring(story):
    """The old key is deleted and goes on working for minutes."""
    rotation = story.rotate()
    story.wait(120)
    assert story.scene.keyward("resume", rotation).status == 0
    assert story.old not in story.scene.live()
    return rotation


def done(story):
    """The old key is dead; it can be restored for 30 days."""
    story.hurry()
    rotation = story.rotate("--wait")
    story.wait(20 * DAY)
    return rotation


STATES = {
    planned: "planned",
    creating: "creating",
    verified: "verified",
    distributing: "distributing",
    overlap: "overlap",
    retiring: "retiring",
    done: "done",
}
WINDOWS = {"fresh_seconds": (60.0, 60.0), "ghost_standard": (480.0, 1380.0)}


@pytest.fixture
def story(tmp_path):
    with Scene(tmp_path / "scene", behaviour=dict(WINDOWS)) as scene:
        yield Story(scene)


@pytest.mark.parametrize("reach", STATES, ids=lambda reach: reach.__name__)
def test_undo_brings_everything_back(story, reach):
    rotation = reach(story)
    scene = story.scene
    assert story.only()["state"] == STATES[reach]
    story.hurry()
    undone = scene.keyward("undo", rotation, *REASON, "--wait", "-o", "json")
    assert undone.status == 0, undone.err
    assert undone.json["rotations"][0]["state"] == "aborted"
    assert scene.live() == {story.old}
    assert story.file.read_text() == f"# mine\nA={story.old}\n"
    assert scene.current("app").decode() == f'{{"k": "{story.old}", "n": 1}}'
    assert scene.keyward("verify", story.id, "-o", "json").json["verdicts"][0]["verdict"] == "works"
    _a_second_undo_is_refused(story, rotation)


def _a_second_undo_is_refused(story, rotation):
    seen = len(story.scene.log())
    again = story.scene.keyward("undo", rotation, *REASON, "--wait")
    assert again.status == 6
    assert "was rolled back already (undone: back)" in again.err
    assert f"keyward rotate {story.id}" in again.err
    assert changes_in(story.scene.log()[seen:]) == []


def test_an_undo_that_is_under_way_is_gone_on_with(story):
    """The readers' delay is waited out before the new key goes; saying it twice does not make it shorter."""
    rotation = overlap(story)
    story.scene.world.clock.set_rate(1)
    for _ in range(2):
        undone = story.scene.keyward("undo", rotation, *REASON, "-o", "json")
        assert undone.status == 0, undone.err
        assert undone.json["rotations"][0]["state"] == "rollback-waiting"
        assert len(story.scene.live()) == 2
    story.wait(3600)
    assert story.scene.keyward("resume", rotation).status == 0
    assert story.scene.live() == {story.old}


def test_restore_brings_the_key_back_and_leaves_the_places_alone(story):
    """Beside undo: the old key works again while every place keeps the new one; undone is the rotation all the same."""
    rotation = done(story)
    (new,) = story.scene.live()
    restored = story.scene.keyward("restore", story.id, *REASON)
    assert restored.status == 0, restored.err
    assert story.scene.live() == {story.old, new}
    assert story.file.read_text() == f"# mine\nA={new}\n"
    undone = story.scene.keyward("undo", rotation, *REASON, "--wait")
    assert undone.status == 0, undone.err
    assert story.scene.live() == {story.old}
    assert story.file.read_text() == f"# mine\nA={story.old}\n"


def test_after_thirty_days_it_is_too_late(story):
    rotation = done(story)
    story.wait(11 * DAY)
    assert story.scene.keyward("restore", story.id, *REASON).status != 0
    live, seen = story.scene.live(), len(story.scene.log())
    refused = story.scene.keyward("undo", rotation, *REASON, "--wait")
    assert refused.status == 6
    assert "is deleted for good" in refused.err
    assert "rotate that one" in refused.err
    assert story.scene.live() == live
    assert changes_in(story.scene.log()[seen:]) == []
    assert story.only()["state"] == "done"


def test_what_was_made_of_the_successor_comes_first(story):
    """A rotated key that was rotated again: the newer rotation is undone before the older one."""
    first = done(story)
    successor = story.only()["successor"]
    asked = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "again", "--wait")
    assert story.scene.keyward("rotate", successor, *asked).status == 0
    refused = story.scene.keyward("undo", first, *REASON)
    assert refused.status == 6
    rotations = story.scene.keyward("history", "-o", "json").json["rotations"]
    newer = next(one["id"] for one in rotations if one["key"] == successor)
    assert f"keyward undo {newer}" in refused.err
    for rotation in (newer, first):
        undone = story.scene.keyward("undo", rotation, *REASON, "--wait")
        assert undone.status == 0, undone.err
    assert story.scene.live() == {story.old}
    assert story.file.read_text() == f"# mine\nA={story.old}\n"


@contextmanager
def _desk(scene):
    """keyward's own parts in this process, as the user of the scene has them."""
    from keyward.desk import Desk
    from keyward.wiring import Parts

    desk = Desk(Parts(environ={**os.environ, **scene.environ()}, config=None, folder=scene.home))
    try:
        yield desk
    finally:
        desk.close()
