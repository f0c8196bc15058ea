"""A leaked service account key on the command line: proved, written everywhere, switched off and deleted at once; one command, one reason."""

import pytest

from tests.cli.conftest import changes_in
from tests.cli.test_documents import check
from tests.cli.test_sa_rotation import UPLOAD, Robot, token
from tests.parts.scene import PROJECT, Scene

LEAKED = ("--accept-targets", "--emergency", "--reason", "leaked", "--yes")


@pytest.fixture
def robot(tmp_path):
    """The world of the ordinary story, with a clock that goes fast enough to wait for the death of a key."""
    with Scene(tmp_path / "scene", rate=1000) as scene:
        scene.settings()
        yield Robot(scene)


def leaked(robot, *more):
    return robot.scene.keyward("rotate", robot.id, *LEAKED, *more)


def test_the_plan_says_what_is_given_up_and_changes_nothing(robot):
    seen = len(robot.scene.log())
    assert robot.scene.keyward("rotate", robot.id, "--accept-targets", "--emergency", "--yes").status == 2
    plan = leaked(robot, "--dry-run")
    assert plan.status == 0, plan.err
    for said in (
        "the overlap is given up",
        "no overlap",
        "gone for good",
        "tokens that were issued with the old key work up to an hour",
        f"env:{robot.file}",
        "--emergency",
    ):
        assert said in plan.out, said
    assert "disable the old key for" not in plan.out, "nothing is soaked in an emergency"
    check(leaked(robot, "--dry-run", "-o", "json").json)
    assert changes_in(robot.scene.log()[seen:]) == []


@pytest.mark.parametrize("policies", [{}, UPLOAD], ids=["upload", "create"])
def test_one_command_ends_the_leaked_key(robot, policies):
    robot.world.known(PROJECT).policies |= policies
    began = robot.world.clock.now()
    done = leaked(robot, "-o", "json")
    assert done.status == 0, done.err
    (one,) = done.json["rotations"]
    assert one["state"] == "done"
    assert robot.key.deleted is not None
    assert (robot.key.deleted - began).total_seconds() < 86_400, "no overlap, no soak"  # 86 s here
    assert robot.holds(robot.successor)
    assert robot.successor.origin == ("GOOGLE_PROVIDED" if policies else "USER_PROVIDED")
    assert all(token(text) for text in robot.texts())
    with pytest.raises(Exception, match="Invalid JWT Signature"):
        token(robot.text)
    assert not [secret for secret in robot.staged() if secret.get("versions")]
    told = robot.scene.keyward("history", one["rotation"])
    assert "the overlap is given up" in robot.scene.keyward("history", one["rotation"], "-o", "json").out
    assert "leaked" in told.out
    undone = robot.scene.keyward("undo", one["rotation"], "--yes", "--reason", "a false alarm")
    assert undone.status != 0
    assert "gone for good" in undone.err or "deleted for good" in undone.err, undone.err


def test_a_place_that_cannot_be_written_keeps_it_alive_unless_a_person_says_otherwise(robot):
    robot.world.known(PROJECT).denied.add("secretmanager.versions.add")
    done = leaked(robot)
    assert done.status == 6, done.out + done.err
    assert "secretmanager.versions.add" in done.err
    assert robot.key.deleted is None
    assert not robot.key.disabled
    assert robot.keys == [robot.key], "nothing was made"


def test_an_emergency_ends_the_soak_of_a_rotation_that_is_under_way(robot):
    begun = robot.rotate("--wait=cut-over")
    assert begun.status == 0, begun.err
    assert robot.key.disabled
    assert robot.key.deleted is None
    done = leaked(robot, "-o", "json")
    assert done.status == 0, done.err
    assert robot.key.deleted is not None
    assert len(robot.keys) == 1
    assert robot.holds(robot.successor)
