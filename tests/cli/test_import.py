"""`keyward import`: a key whose only copy is at its provider gets a secret, which later rotations write to."""

import json

import pytest

from tests.cli.test_documents import check
from tests.parts.scene import Scene, encoded

YES = ("--yes", "--reason", "trial")


@pytest.fixture
def lonely(tmp_path):
    """A key that no place holds, scanned."""
    with Scene(tmp_path / "scene") as scene:
        scene.settings('[scan]\nread_values = ["project:acme-prod"]')
        key = scene.key("made in the console")
        assert scene.keyward("scan", "--project", "acme-prod", scene.work).status == 0
        yield scene, key, scene.key_id(key)


def test_into_a_secret_that_does_not_exist(lonely):
    scene, key, name = lonely
    to = "gsm:acme-prod/console-key"
    plan = scene.keyward("import", name, "--to", to, "--dry-run", "-o", "json")
    assert plan.status == 0, plan.err
    assert check(plan.json)["place_is"] == "no such secret"
    with pytest.raises(KeyError):
        scene.versions("console-key")

    done = scene.keyward("import", name, "--to", to, *YES, "-o", "json")
    assert done.status == 0, done.err
    assert check(done.json)["outcome"]["done"]
    assert scene.versions("console-key") == [("ENABLED", key.key_string.encode())], "without a line end"
    (listed,) = scene.keyward("list", "-o", "json").json["keys"]
    assert [(one["secret"], one["accepted"]) for one in listed["placements"]] == [(to, True)]

    again = scene.keyward("import", name, "--to", to, *YES)
    assert again.status == 0
    assert "it held the key already" in again.out
    assert len(scene.versions("console-key")) == 1

    rotated = scene.keyward("rotate", name, *YES, "--wait=cut-over")
    assert rotated.status == 0, rotated.err
    (new,) = scene.live() - {key.key_string}
    assert scene.current("console-key").decode() == new, "the place was accepted"
    history = scene.keyward("history", name)
    assert "import" in history.out
    kept = b"".join(file.read_bytes() for file in (scene.home / "state").rglob("*") if file.is_file())
    for form in encoded(key.key_string):
        assert form not in done.out + done.err + history.out
        assert form.encode() not in kept


def test_into_a_secret_without_a_version(lonely):
    scene, key, name = lonely
    scene.secret("empty")
    assert scene.keyward("import", name, "--to", "gsm:acme-prod/empty", *YES).status == 0
    assert scene.current("empty").decode() == key.key_string


def test_what_a_place_holds_is_never_overwritten(lonely):
    scene, _, name = lonely
    scene.secret("taken", "something else")
    done = scene.keyward("import", name, "--to", "gsm:acme-prod/taken", *YES)
    assert done.status == 6
    assert "holds another value, which is never overwritten" in done.err
    assert len(scene.versions("taken")) == 1
    file = scene.env("new.env", "A=1\n")
    for to in (f"env:{file}#KEY", f"env:{scene.work}/absent.env#KEY", "gsm:acme-prod/taken#part"):
        assert scene.keyward("import", name, "--to", to, *YES).status == 6, to
    assert file.read_text() == "A=1\n"


def test_another_project_needs_a_rule_or_a_person(lonely):
    scene, key, name = lonely
    scene.world.new_project("acme-ops")
    done = scene.keyward("import", name, "--to", "gsm:acme-ops/key", *YES)
    assert done.status == 6
    assert 'allow = ["gsm:acme-ops/key"]' in done.err
    scene.settings('[targets]\nallow = ["gsm:acme-ops/*"]')
    assert scene.keyward("import", name, "--to", "gsm:acme-ops/key", *YES).status == 0
    assert scene.current("key", "acme-ops").decode() == key.key_string


def test_a_place_where_the_key_is_already_is_accepted(lonely):
    scene, key, name = lonely
    file = scene.env("app.env", f"KEY={key.key_string}\n")
    done = scene.keyward("import", name, "--to", f"env:{file}#KEY", *YES)
    scene.settings(f'[targets]\nallow = ["env:{scene.work}/*"]')
    done = scene.keyward("import", name, "--to", f"env:{file}#KEY", *YES) if done.status else done
    assert done.status == 0, done.err
    assert "it held the key already" in done.out
    assert file.read_text() == f"KEY={key.key_string}\n"


def test_stopped_half_way_the_same_command_ends_it(lonely):
    from keyward.emulator.faults import Fault

    scene, key, name = lonely
    scene.world.faults.add(Fault(rpc="secretmanager.projects.secrets.addVersion", status="PERMISSION_DENIED", times=1))
    first = scene.keyward("import", name, "--to", "gsm:acme-prod/half", *YES)
    assert first.status != 0
    assert scene.versions("half") == []
    assert scene.keyward("import", name, "--to", "gsm:acme-prod/half", *YES).status == 0
    assert scene.current("half").decode() == key.key_string
    acts = [line for line in scene.keyward("history", name, "-o", "json").json["acts"] if line["kind"] == "outcome"]
    assert json.dumps(acts[-1]["ok"]) == "true"


def test_a_rotation_adds_a_place(lonely):
    scene, key, name = lonely
    file = scene.env("app.env", f"KEY={key.key_string}\n")
    assert scene.keyward("scan", scene.work).status == 0
    to = "gsm:acme-prod/second"
    words = ("rotate", name, "--accept-targets", "--to", to)
    plan = scene.keyward(*words, "--dry-run", "-o", "json")
    assert check(plan.json)["ready"], plan.json
    assert to in plan.json["command"]
    done = scene.keyward(*words, *YES, "--wait=cut-over")
    assert done.status == 0, done.out + done.err
    (new,) = scene.live() - {key.key_string}
    assert scene.versions("second") == [("ENABLED", new.encode())]
    assert file.read_text() == f"KEY={new}\n"
    (one,) = scene.keyward("history", "-o", "json").json["rotations"]
    assert scene.keyward("undo", one["id"], *YES).status == 0
    assert scene.current("second").decode() == key.key_string
    assert scene.keyward("rotate", name, "--allow-less-guarded", "--yes").status == 2
