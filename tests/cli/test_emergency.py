"""A leaked key on the command line: one command, and it ends when the key is proved dead."""

import pytest

from tests.cli.conftest import changes_in
from tests.cli.test_documents import check
from tests.parts.scene import Scene

LEAKED = ("--accept-targets", "--emergency", "--reason", "leaked", "--yes")


@pytest.fixture
def leak(tmp_path):
    """A key in an env file and in two versions of a secret; deleted keys go on working for minutes, as Google's do."""
    with Scene(tmp_path / "scene", rate=1000, behaviour={"ghost_standard": (480.0, 1380.0)}) as scene:
        scene.settings()
        key = scene.key()
        scene.secret("app", key.key_string, f"{key.key_string}\n")
        scene.env(".env", f"A={key.key_string}\n")
        assert scene.keyward("scan", scene.work, "--values", "all").status == 0
        scene.leaked = key
        yield scene


def test_it_needs_a_reason_and_says_what_it_gives_up(leak):
    key, seen = leak.key_id(leak.leaked), len(leak.log())
    assert leak.keyward("rotate", key, "--accept-targets", "--emergency", "--yes").status == 2
    plan = leak.keyward("rotate", key, *LEAKED, "--dry-run")
    assert plan.status == 0, plan.err
    for said in (
        "the overlap is given up",
        "no overlap",
        "seen in",
        "gsm:acme-prod/app@1: old",
        "--emergency",
        "leaked",
    ):
        assert said in plan.out, said
    check(leak.keyward("rotate", key, *LEAKED, "--dry-run", "-o", "json").json)
    assert changes_in(leak.log()[seen:]) == []


def test_it_goes_on_until_the_key_is_dead(leak):
    done = leak.keyward("rotate", leak.key_id(leak.leaked), *LEAKED, "-o", "json")
    assert done.status == 0, done.err
    (one,) = done.json["rotations"]
    assert one["state"] == "done"
    (new,) = leak.live()
    assert leak.current("app").decode() == f"{new}\n"
    (found,) = leak.keyward("history", one["rotation"], "-o", "json").json["rotations"]
    assert found["reason"] == "leaked"
    assert "the overlap is given up" in leak.keyward("history", one["rotation"], "-o", "json").out
    assert leak.keyward("undo", one["rotation"], "--yes", "--reason", "a false alarm", "--wait").status == 0
    assert leak.live() == {leak.leaked.key_string}


def test_a_place_that_cannot_be_written_keeps_it_alive_unless_a_person_says_otherwise(leak):
    leak.world.known("acme-prod").denied.add("secretmanager.versions.add")
    key = leak.key_id(leak.leaked)
    done = leak.keyward("rotate", key, *LEAKED)
    assert done.status == 6
    assert "secretmanager.versions.add" in done.err
    assert leak.live() == {leak.leaked.key_string}
    done = leak.keyward("rotate", key, *LEAKED, "--even-if-broken", "-o", "json")
    assert done.status == 0, done.err
    assert leak.leaked.key_string not in leak.live()
    assert leak.current("app").decode().strip() == leak.leaked.key_string
    told = leak.keyward("history", done.json["rotations"][0]["rotation"]).out
    assert "gsm:acme-prod/app" in told
