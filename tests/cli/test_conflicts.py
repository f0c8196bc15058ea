"""What others do meanwhile: nothing of theirs is overwritten, and the old key stays until it can go."""

import json
import random

import pytest

from keyward.emulator.secretmanager.planting import plant_version
from tests.cli.conftest import changes_in, files_of
from tests.parts.scene import MAPS, Scene

NOW = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")


@pytest.fixture
def slow(tmp_path):
    """A world where a new key works only after a minute: a rotation stands still between its plan and its first write."""
    with Scene(tmp_path / "scene", behaviour={"fresh_seconds": (60.0, 60.0)}) as scene:
        scene.settings()
        yield scene


def _scan(scene):
    done = scene.keyward("scan", scene.work, "--values", "all")
    assert done.status == 0, done.err


def _begin(scene, *ids):
    """Rotate up to where the new key is made and no target is written."""
    done = scene.keyward("rotate", *ids, *NOW)
    assert done.status == 0, done.err
    assert "waiting on provider" in done.out


def test_a_file_edited_between_plan_and_write_is_not_overwritten(slow):
    key = slow.key()
    file = slow.env(".env", f"A={key.key_string}\n")
    _scan(slow)
    _begin(slow, slow.key_id(key))
    edited = "A=something else of the owner\nB=2\n"
    file.write_text(edited)
    slow.world.clock.advance(120)
    done = slow.keyward("resume", "-o", "json")
    assert done.status == 6
    assert done.json["rotations"][0]["waiting_on"] == "conflict"
    assert str(file) in done.json["rotations"][0]["why"]
    assert file.read_text() == edited
    assert key.key_string in slow.live()


def test_a_version_added_by_somebody_else_is_not_covered_up(slow):
    key = slow.key()
    secret = slow.secret("app", key.key_string)
    _scan(slow)
    _begin(slow, slow.key_id(key))
    book = slow.world.state(type(slow.world.state(_book())))
    plant_version(book, secret, b"a value of somebody else", slow.world.clock.now())
    slow.world.clock.advance(120)
    done = slow.keyward("resume", "-o", "json")
    assert done.status == 6
    assert done.json["rotations"][0]["waiting_on"] == "conflict"
    assert slow.current("app") == b"a value of somebody else"
    assert len(slow.versions("app")) == 2
    assert key.key_string in slow.live()


def _book():
    from keyward.emulator.secretmanager.book import Book

    return Book


def test_other_bytes_of_a_file_may_change_meanwhile(slow):
    key = slow.key()
    file = slow.env(".env", f"A={key.key_string}\n")
    _scan(slow)
    _begin(slow, slow.key_id(key))
    file.write_text(f"# a note\nNEW_VARIABLE=1\nA={key.key_string}\n")
    slow.world.clock.advance(120)
    assert slow.keyward("resume").status == 0
    new = next(value for value in slow.live() if value != key.key_string)
    assert file.read_text() == f"# a note\nNEW_VARIABLE=1\nA={new}\n"


def test_two_keys_in_one_secret_are_one_write_and_one_may_be_undone(tmp_path):
    with Scene(tmp_path / "scene", rate=1000) as scene:
        scene.settings()
        first, second = scene.key("first"), scene.key("second")
        scene.secret("both", json.dumps({"a": first.key_string, "b": second.key_string, "c": 1}))
        _scan(scene)
        ids = [scene.key_id(first), scene.key_id(second)]
        keep = ("--accept-targets", "--grace", "1h", "--yes", "--reason", "trial", "--wait=cut-over")
        done = scene.keyward("rotate", *ids, *keep, "-o", "json")
        assert done.status == 0, done.err
        assert len(scene.versions("both")) == 2
        now = json.loads(scene.current("both"))
        assert now["c"] == 1
        assert not {now["a"], now["b"]} & {first.key_string, second.key_string}
        mine = next(one["rotation"] for one in done.json["rotations"] if one["key"] == ids[0])
        undone = scene.keyward("undo", mine, "--yes", "--reason", "not yet", "--wait")
        assert undone.status == 0, undone.err
        after = json.loads(scene.current("both"))
        assert after == {"a": first.key_string, "b": now["b"], "c": 1}
        assert now["a"] not in scene.live()
        assert {first.key_string, now["b"]} <= scene.live()


def test_a_pinned_version_keeps_the_old_key_alive_even_with_retire_now(tmp_path):
    with Scene(tmp_path / "scene", rate=1000) as scene:
        scene.settings()
        key = scene.key()
        scene.secret("app", key.key_string, f"{key.key_string}\n", aliases={"stable": 1})
        _scan(scene)
        done = scene.keyward("rotate", scene.key_id(key), *NOW, "--wait=dead", "--timeout", "3h", "-o", "json")
        assert done.status == 6, done.err
        (one,) = done.json["rotations"]
        assert one["waiting_on"] in ("person", "blocked")
        assert "stable" in one["why"]
        assert key.key_string in scene.live()
        assert scene.current("app").decode().strip() != key.key_string


def test_a_known_place_that_is_denied_now_blocks_before_anything_is_made(scene):
    key = scene.key()
    scene.secret("app", key.key_string, project="acme-other")
    scene.env(".env", f"A={key.key_string}\n")
    _scan(scene)
    scene.world.known("acme-other").denied.add("secretmanager.versions.access")
    before, keys, seen = files_of(scene.work), scene.live(), len(scene.log())
    done = scene.keyward("rotate", scene.key_id(key), *NOW)
    assert done.status == 6
    assert "gsm:acme-other/app" in done.err
    assert "--waive gsm:acme-other/app" in done.err
    assert (files_of(scene.work), scene.live()) == (before, keys)
    assert changes_in(scene.log()[seen:]) == []


def test_without_its_fingerprint_key_nothing_is_rotated_and_no_second_one_is_made(scene):
    key = scene.key()
    scene.env(".env", f"A={key.key_string}\n")
    _scan(scene)
    kept = scene.home / "state" / "fingerprint.key"
    content = kept.read_bytes()
    kept.unlink()
    seen = len(scene.log())
    for command in (("rotate", scene.key_id(key), *NOW), ("scan", scene.work), ("verify", scene.key_id(key))):
        done = scene.keyward(*command)
        assert done.status == 4, command
        assert "fingerprint key" in done.err.lower()
    assert scene.keyward("identify", stdin=key.key_string).status == 4
    assert not kept.exists()
    assert changes_in(scene.log()[seen:]) == []
    assert scene.keyward("list").status == 0  # what computes no fingerprint does not look for the key
    assert scene.keyward("history").status == 0
    other = content.replace(content.split()[1], b"0123456789abcdef")
    kept.write_bytes(other)
    kept.chmod(0o600)
    assert scene.keyward("rotate", scene.key_id(key), *NOW).status == 4
    assert kept.read_bytes() == other


@pytest.mark.parametrize("restrictions", [MAPS, {"serverKeyRestrictions": {"allowedIps": ["192.0.2.1"]}, **MAPS}])
def test_a_key_that_is_only_recognised_rotates_to_the_end(tmp_path, restrictions):
    with Scene(tmp_path / "scene", rate=1000) as scene:
        scene.settings()
        key = scene.key(restrictions=restrictions)
        file = scene.env(".env", f"A={key.key_string}\n")
        _scan(scene)
        done = scene.keyward("rotate", scene.key_id(key), *NOW, "--wait")
        assert done.status == 0, done.err
        (new,) = scene.live()
        assert file.read_text() == f"A={new}\n"
        (one,) = scene.keyward("history", "-o", "json").json["rotations"]
        assert one["state"] == "done"
        assert any(event["verdict"] == "recognised" for event in one["events"])


def test_undo_within_its_days_brings_the_old_key_back(tmp_path):
    with Scene(tmp_path / "scene", rate=1000) as scene:
        scene.settings()
        key = scene.key()
        file = scene.env(".env", f"A={key.key_string}\n")
        _scan(scene)
        done = scene.keyward("rotate", scene.key_id(key), *NOW, "--wait", "-o", "json")
        assert done.status == 0, done.err
        rotation = done.json["rotations"][0]["rotation"]
        assert key.key_string not in scene.live()
        assert scene.keyward("undo", rotation).status == 2  # nobody is there to ask
        assert scene.keyward("undo", rotation[: random.Random(1).randint(12, 20)], "--yes").status == 2
        undone = scene.keyward("undo", rotation, "--yes", "--reason", "back", "--wait")
        assert undone.status == 0, undone.err
        assert scene.live() == {key.key_string}
        assert file.read_text() == f"A={key.key_string}\n"
