"""Somebody else changes a place in the very moment in which a rotation does: nothing of theirs is lost."""

import json

import pytest

from keyward.emulator.secretmanager.book import Book
from keyward.emulator.secretmanager.planting import plant_version
from tests.parts.accounts import make_account
from tests.parts.hmac_keys import pair_ref, pairs_of, plant_pair
from tests.parts.scene import Scene

pytestmark = [pytest.mark.crash, pytest.mark.timeout(120)]

NOW = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")
ADDING = "before gRPC AddSecretVersion"


@pytest.fixture
def scene(tmp_path):
    with Scene(tmp_path / "scene", rate=1000) as scene:
        scene.settings()
        yield scene


def _scan(scene, zygote):
    done = zygote.run(["scan", scene.work, "--values", "all"], scene.environ())
    assert done.status == 0, done.err


def _once(where, act, *, time=1):
    """A judge that acts once, the first (second ...) time that a point with that name is passed; `.at` is the number of the point."""

    def judge(point):
        judge.seen += where in point
        if judge.seen == time and not judge.at:
            judge.at = int(point.split()[1])
            act()

    judge.at = judge.seen = 0
    return judge


@pytest.fixture
def raced(scene, zygote):
    """A key in a JSON secret, and a run that is overtaken by a version with those bytes just before its own."""
    key = scene.key()
    secret = scene.secret("app", json.dumps({"a": key.key_string, "n": 0}))
    _scan(scene, zygote)

    def run(theirs, **how):
        def add():
            plant_version(scene.world.state(Book), secret, json.dumps(theirs).encode(), scene.world.clock.now())

        judge = _once(ADDING, add)
        done = zygote.run(["rotate", scene.key_id(key), *NOW], scene.environ(), judge=judge, **how)
        return done, judge

    return key.key_string, run


def test_a_version_that_came_just_before_the_write_is_put_on_top_again_with_the_new_key_in_it(scene, raced):
    old, run = raced
    done, _ = run({"a": old, "n": 1})
    assert done.status == 0, done.err
    (new,) = scene.live()
    assert json.loads(scene.current("app")) == {"a": new, "n": 1}
    assert len(scene.versions("app")) == 4


def test_a_version_without_the_key_that_came_just_before_is_current_again_and_a_person_decides(scene, zygote, raced):
    old, run = raced
    done, _ = run({"a": "theirs"})
    for status in (done.status, zygote.run(["resume"], scene.environ()).status):
        assert status == 6
        assert json.loads(scene.current("app")) == {"a": "theirs"}
        assert old in scene.live()


@pytest.mark.parametrize("later", [1, 4, 6])
def test_killed_after_such_a_write_the_next_run_finds_what_it_covered_up(scene, zygote, raced, later):
    """`later`: how many points behind the write the kill comes; once the write was recorded there is nothing to find."""
    old, run = raced
    counted = {}

    def find(point):
        if ADDING in point:
            counted.setdefault("at", int(point.split()[1]))

    with Scene(scene.home / "twin", rate=1000) as twin:  # the same story without a kill, to number its points
        twin.settings()
        key = twin.key()
        twin.secret("app", json.dumps({"a": key.key_string, "n": 0}))
        _scan(twin, zygote)
        zygote.run(["rotate", twin.key_id(key), *NOW], twin.environ(), judge=find)
    done, judge = run({"a": old, "n": 1}, kill_at=counted["at"] + later)
    assert done.killed
    assert judge.at == counted["at"]
    for _ in range(3):
        scene.world.clock.advance(2400)
        assert zygote.run(["resume"], scene.environ()).status == 0
    (new,) = scene.live()
    assert json.loads(scene.current("app")) == {"a": new, "n": 1}


def test_a_file_that_was_moved_keeps_no_old_key_alive(scene, zygote):
    key = scene.key()
    file = scene.env(".env", f"A={key.key_string}\n")
    _scan(scene, zygote)
    file.rename(scene.work / ".env.local")
    done = zygote.run(["rotate", scene.key_id(key), *NOW, "--wait"], scene.environ())
    assert done.status == 0, done.err
    (new,) = scene.live()
    assert (scene.work / ".env.local").read_text() == f"A={new}\n"


def test_a_rotation_whose_successor_was_replaced_is_undone_only_after_that_one(scene, zygote):
    key = scene.key()
    file = scene.env(".env", f"A={key.key_string}\n")
    _scan(scene, zygote)
    wanted = scene.key_id(key)
    for _ in range(2):
        done = zygote.run(["rotate", wanted, *NOW, "--wait", "-o", "json"], scene.environ())
        assert done.status == 0, done.err
        (one,) = json.loads(done.out)["rotations"]
        wanted, last = one["successor"], one["rotation"]
    second, first = json.loads(zygote.run(["history", "-o", "json"], scene.environ()).out)["rotations"]
    assert second["id"] == last
    refused = zygote.run(["undo", first["id"], "--yes", "--reason", "back"], scene.environ())
    assert refused.status == 6
    assert f"keyward undo {last}" in refused.err
    assert key.key_string not in scene.live(), "it was brought back, to no place at all"
    for rotation in (last, first["id"]):
        undone = zygote.run(["undo", rotation, "--yes", "--reason", "back", "--wait"], scene.environ())
        assert undone.status == 0, undone.err
    assert scene.live() == {key.key_string}
    assert file.read_text() == f"A={key.key_string}\n"


@pytest.mark.parametrize("touched", ["beside", "id"])
def test_a_pair_that_was_overtaken_is_whole_or_left_to_a_person(scene, zygote, touched):
    """Two writes stage the values before the third one goes into the place."""
    account = make_account(scene.world, "backup")
    key, other = plant_pair(scene.world, account), plant_pair(scene.world, account)
    ours = {"id": key.access_id, "secret": key.secret, "n": 0}
    theirs = ours | ({"n": 1} if touched == "beside" else {"id": other.access_id})
    secret = scene.secret("storage", json.dumps(ours))
    _scan(scene, zygote)

    def add():
        plant_version(scene.world.state(Book), secret, json.dumps(theirs).encode(), scene.world.clock.now())

    judge = _once(ADDING, add, time=3)
    done = zygote.run(["rotate", pair_ref(key), *NOW], scene.environ(), judge=judge)
    (new,) = [one for one in pairs_of(scene.world, account) if one not in (key, other)]
    assert len(scene.versions("storage")) == 4, done.out + done.err
    if touched == "beside":
        assert done.status == 0, done.out + done.err
        assert json.loads(scene.current("storage")) == {"id": new.access_id, "secret": new.secret, "n": 1}
    else:
        assert done.status == 6, done.out + done.err
        assert json.loads(scene.current("storage")) == theirs
        assert key.state == "ACTIVE"
