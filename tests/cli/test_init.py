"""`keyward init` finds what there is, shows a settings file, and writes it only when somebody agrees."""

import json
import stat
import tomllib

import pytest

from tests.cli.test_documents import check
from tests.model.shapes import sample
from tests.parts.scene import Scene
from tests.parts.terminal import terminal

KEY = sample("openai", 9).decode()


@pytest.fixture
def fresh(tmp_path):
    """A user who has never run keyward: an env file, an agent's settings, a shell profile, and no settings file."""
    with Scene(tmp_path / "scene") as scene:
        scene.env("app/.env", f"OPENAI_API_KEY={KEY}\n")
        (scene.home / ".claude.json").write_text(json.dumps({"env": {"OPENAI_API_KEY": KEY}}))
        (scene.home / ".bashrc").write_text(f"export OPENAI_API_KEY={KEY}\n")
        yield scene


def init(scene, *arguments):
    return scene.keyward("init", scene.work, *arguments, HOME=str(scene.home))


def everything(scene):
    return {path: path.read_bytes() for path in sorted(scene.home.rglob("*")) if path.is_file()}


def test_without_a_terminal_it_shows_and_changes_nothing(fresh):
    before = everything(fresh)
    done = init(fresh)
    assert done.status == 6
    assert "no terminal to ask at" in done.err
    for shown in (str(fresh.work), ".claude.json", ".bashrc", 'read = ["agents", "shell"]', "keyward scan"):
        assert shown in done.out
    assert KEY not in done.out + done.err
    assert everything(fresh) == before


def test_yes_writes_settings_of_the_user_alone_that_the_next_scan_uses(fresh):
    document = init(fresh, "--yes", "-o", "json")
    assert document.status == 0, document.err
    assert check(document.json)["written"] is True
    assert stat.S_IMODE(fresh.config.stat().st_mode) == 0o600
    assert fresh.config.read_text() == document.json["proposed"]
    settings = tomllib.loads(fresh.config.read_text())
    assert settings == {"env": [{"path": str(fresh.work)}], "local": {"read": ["agents", "shell"]}}
    assert fresh.keyward("scan", "--local", HOME=str(fresh.home)).status == 0
    listed = fresh.keyward("list", "-o", "json", HOME=str(fresh.home)).json
    assert {place["store"] for place in listed["keys"][0]["placements"]} == {"agents", "env", "shell"}


def test_what_is_there_is_never_overwritten(fresh):
    fresh.config.write_text("# mine\n")
    fresh.config.chmod(0o600)
    done = init(fresh, "--yes")
    assert done.status == 0
    assert "was not touched" in done.err
    assert fresh.config.read_text() == "# mine\n"


@pytest.mark.parametrize(("answer", "written"), [("y", True), ("", False), ("n", False)])
def test_a_person_is_asked_and_may_say_no(fresh, answer, written):
    with terminal(
        ["-m", "keyward", "init", str(fresh.work)], fresh.home, lines=60, columns=200, **fresh.environ()
    ) as screen:
        screen.wait("[y/N]")
        screen.settle()
        screen.send(answer + "\r")
        assert screen.end() == 0
    assert fresh.config.exists() is written


def test_the_home_folder_is_not_searched_and_nothing_found_is_told(tmp_path):
    with Scene(tmp_path / "scene") as scene:
        (scene.home / "app.env").write_text(f"A={KEY}\n")
        done = scene.keyward("init", HOME=str(scene.home))
        assert done.status == 4
        assert "which is not searched" in done.out
        assert "Nothing was found" in done.err


def test_a_folder_that_is_not_there_is_wrong_usage(fresh):
    done = fresh.keyward("init", "/nowhere/at/all", HOME=str(fresh.home))
    assert done.status == 2
    assert "/nowhere/at/all" in done.err


def test_a_keyring_that_answers_is_proposed_and_none_of_its_entries_is_shown(tmp_path, own_secret_service):
    with Scene(tmp_path / "scene", own_secret_service) as scene:
        scene.ring("acme", "ana", KEY)
        done = scene.keyward("init", scene.work, "--yes", HOME=str(scene.home))
        assert done.status == 0, done.err
        assert tomllib.loads(scene.config.read_text())["keyring"] == {"services": ["*"]}
        assert "acme" not in done.out.replace("acme-", "")
        assert KEY not in done.out + done.err


def test_it_ends_with_the_checklists_that_fit_what_was_found(fresh, tmp_path):
    done = check(init(fresh, "--yes", "-o", "json").json)
    assert done["next"][-2:] == [
        "keyward checklist run developer-machine",
        "keyward checklist run google-cloud-project --project acme-prod",
    ]
    run = fresh.keyward("checklist", "run", "developer-machine", "--no-input", "-o", "json", HOME=str(fresh.home))
    assert run.status in (3, 6), "nothing was scanned yet, so nothing is broken and nothing is fine"
    fresh.keyward("scan", "--local", HOME=str(fresh.home))
    found = fresh.keyward("checklist", "run", "developer-machine", "--no-input", "-o", "json", HOME=str(fresh.home))
    words = {one["item"]: one["result"] for one in check(found.json)["subjects"][0]["answers"]}
    assert (words["machine.no-plaintext"], words["machine.own-files"]) == ("fail", "pass")
